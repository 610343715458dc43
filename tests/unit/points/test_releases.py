"""Releases from what an index says, which is hostile until it is checked."""

import json

import pytest
from lab.errors import LabError
from lab.points import index
from lab.points.index import IndexFile, from_html, from_json, index_files, index_of, is_public
from lab.points.releases import ReleaseChoice, releases, version_in
from lab.points.versions import allows, version_of, wheel_fits

ASKED = ReleaseChoice("shop-orders", (3, 8, 18), page="https://pypi.org/project/shop-orders/")


def wheel(version: str, tags: str = "py3-none-any", **values: str | None) -> IndexFile:
    name = f"shop_orders-{version}-{tags}.whl"
    given = {"date": None, "requires_python": None, "yanked": None, **values}
    return IndexFile(name, **given)


def sdist(version: str, **values: str | None) -> IndexFile:
    given = {"date": None, "requires_python": None, "yanked": None, **values}
    return IndexFile(f"shop-orders-{version}.tar.gz", **given)


def test_releases_stand_in_the_order_of_their_versions() -> None:
    files = [wheel(each) for each in ("1.10", "1.9", "2.0rc1", "1.9.post1", "1!0.1", "1.9.0.1")]

    listed = releases(files, ASKED)

    labels = [point.label for point in listed.points]
    assert labels == ["1.9", "1.9.post1", "1.9.0.1", "1.10", "1!0.1"]
    assert listed.left_out == ("Left out: pre-releases, 1.",)


def test_a_pre_release_that_is_named_is_a_point() -> None:
    asked = ReleaseChoice("shop-orders", (3, 8, 18), ("2.0rc1",))

    assert [p.label for p in releases([wheel("2.0rc1")], asked).points] == ["2.0rc1"]


def test_what_is_known_of_a_release_is_kept() -> None:
    files = [
        wheel("1.0", date="2024-05-02", yanked="it leaks"),
        wheel("1.1", "cp312-cp312-manylinux_2_17_x86_64"),
        sdist("1.1"),
        wheel("1.2", requires_python=">=3.9"),
        wheel("1.3", "cp312-cp312-win32"),
    ]

    yanked, built, newer, elsewhere = releases(files, ASKED).points

    assert (yanked.date, yanked.notes, yanked.has_wheel) == (
        "2024-05-02",
        ("yanked: it leaks",),
        True,
    )
    assert yanked.link == "https://pypi.org/project/shop-orders/1.0/"
    assert (built.has_wheel, built.fault) == (False, None)
    assert newer.fault == "it needs Python >=3.9"
    assert elsewhere.fault is not None


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("shop-orders-1.2.tar.gz", "1.2"),
        ("Shop_Orders-1.2.zip", "1.2"),
        ("shop_orders-1.2-py3-none-any.whl", "1.2"),
        ("shop-orders-extra-1.2.tar.gz", "extra-1.2"),
        ("other-1.2.tar.gz", None),
        ("shop-orders-1.2.exe", None),
    ],
)
def test_the_version_in_a_files_name(name: str, version: str | None) -> None:
    assert version_in(name, "shop-orders") == version


def test_an_equal_version_is_written_in_more_than_one_way() -> None:
    same = [version_of(text) for text in ("1.0", "1.0.0", "v1", "1.0+local")]

    assert len({each.key for each in same if each}) == 1
    assert version_of("not-a-version") is None


@pytest.mark.parametrize(
    ("specifier", "python", "expected"),
    [
        (">=3.8", (3, 8, 18), True),
        (">=3.9", (3, 8, 18), False),
        (">=3.6,<3.8", (3, 8, 18), False),
        (">=2.7, !=3.0.*, !=3.8.*", (3, 8, 18), False),
        ("~=3.7", (3, 8, 18), True),
        ("<4,>3.8", (3, 8, 18), True),
        ("==3.8.*", (3, 8, 18), True),
        ("nonsense", (3, 8, 18), True),
        ("", (3, 8, 18), True),
    ],
)
def test_what_a_release_asks_of_python(
    specifier: str, python: tuple[int, ...], expected: bool
) -> None:
    assert allows(specifier, python) is expected


def test_the_wheels_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("sys.platform", "linux")
    linux = "manylinux_2_17_x86_64.manylinux2014_x86_64"
    fits = [
        f"cp38-cp38-{linux}",
        f"cp36-abi3-{linux}",
        "py3-none-any",
        "py2.py3-none-any",
        f"cp37-abi3-{linux}",
    ]
    does_not = [
        f"cp39-cp39-{linux}",
        f"cp39-abi3-{linux}",
        f"cp38-cp38t-{linux}",
        "cp38-cp38-musllinux_1_1_x86_64",
        "cp38-cp38-manylinux_2_17_aarch64",
        "cp38-cp38-win_amd64",
        "py2-none-any",
    ]
    assert [tags for tags in fits if not wheel_fits(tags, (3, 8, 18))] == []
    assert [tags for tags in does_not if wheel_fits(tags, (3, 8, 18))] == []


def test_hostile_files_are_dropped_and_hostile_fields_are_none() -> None:
    files = [
        {"filename": "../../etc/passwd"},
        {"filename": 7},
        {"filename": "a" * 300},
        "no object",
        {
            "filename": "a-1.0.tar.gz",
            "upload-time": {"x": 1},
            "yanked": "\x1b[31mred\n# h",
            "requires-python": [],
        },
    ]

    (file,) = from_json(json.dumps({"files": files}).encode())

    assert file == IndexFile("a-1.0.tar.gz", None, None, "red # h")
    assert list(from_json(b"[]")) == []
    assert list(from_json(b'{"files": 3}')) == []


def test_a_page_of_links_is_read_too() -> None:
    page = (
        b'<a href="../../a-1.0.tar.gz#sha256=0" data-requires-python="&gt;=3.8">a</a>'
        b'<a href="https://x.example/a-1.1.tar.gz" data-yanked>a</a><a>none</a>'
    )
    assert list(from_html(page)) == [
        IndexFile("a-1.0.tar.gz", None, ">=3.8", None),
        IndexFile("a-1.1.tar.gz", None, None, ""),
    ]


def test_the_index_is_the_one_that_uv_is_told() -> None:
    own = "https://user:secret@mirror.example/simple/"

    assert index_of({}) == "https://pypi.org/simple"
    assert index_of({"UV_INDEX_URL": own}) == own.rstrip("/")
    assert is_public("https://pypi.org/simple")
    assert not is_public(own)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff" * 9, b"[" * 9000, b"<html>no links"])
def test_an_answer_that_cannot_be_read_is_one_line(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("application/vnd.pypi.simple.v1+json", "text/html"):
        monkeypatch.setattr(index, "answer", lambda *_, kind=kind: (content, kind))
        with pytest.raises(
            LabError, match=r"^mirror\.example answers .* what cannot be read: set "
        ):
            index_files("shop", "https://user:secret@mirror.example/simple")
