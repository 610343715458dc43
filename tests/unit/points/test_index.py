"""What an index answers, whoever stands behind it: files, or one line."""

import json
from collections.abc import Iterator

import pytest
from lab.errors import LabError, UsageError
from lab.points import index
from lab.points.index import from_html, from_json, index_files
from support.time_limit import time_limit

GOOD = {"filename": "shop-1.0.tar.gz", "upload-time": "2026-01-15T00:00:00Z"}
LINK = b'<a href="../x/shop-1.0.tar.gz#sha256=00">x</a>'


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    with time_limit(2):
        yield


@pytest.mark.parametrize(
    "broken",
    [
        b"<![",
        b"<!",
        b"<a href='http://['>",
        b"<a href='//[::1'>",
        b"<a>",
        b"<a href>",
        b"\xff<",
        b"<a href='&#" + b"9" * 5000 + b";'>",
    ],
)
def test_what_stands_before_broken_markup_counts(broken: bytes) -> None:
    assert [each.name for each in from_html(LINK + broken * 3)] == ["shop-1.0.tar.gz"]


@pytest.mark.parametrize("broken", [b"<![", b"<!--", b"<a ", b"<a href='", b"</", b"<?", b"&#"])
def test_a_page_of_broken_markup_is_read_in_time(broken: bytes) -> None:
    assert list(from_html(broken * ((1 << 18) // len(broken)))) == []


NAMES = ("../x.whl", "/etc/passwd", "-r.whl", "a b.whl", "a\nb.whl", "\x1b[2J", "x" * 300, "é")


@pytest.mark.parametrize("name", [*NAMES, None, 5, [], {}])
def test_a_file_whose_name_is_none_is_left_out(name: object) -> None:
    content = json.dumps({"files": [{"filename": name}, GOOD]}).encode()
    names = [each.name for each in from_json(content)]

    assert names in (["shop-1.0.tar.gz"], ["-r.whl", "shop-1.0.tar.gz"])


@pytest.mark.parametrize("field", ["upload-time", "requires-python", "yanked"])
@pytest.mark.parametrize("value", [5, [], {}, "\x1b[2J" * 500, "\n", True, None, float("inf")])
def test_a_field_is_text_on_one_line_or_nothing(field: str, value: object) -> None:
    (file,) = from_json(json.dumps({"files": [{**GOOD, field: value}]}).encode())

    for text in (file.date, file.requires_python, file.yanked):
        assert text is None or (len(text) <= 200 and (text == "" or text.isprintable()))


@pytest.mark.parametrize(
    "content", [b"", b"[" * 100_000, b"5", b'{"files": 5}', b'{"files": {"a": 1}}', b"\xff", b"[]"]
)
def test_what_is_no_index_is_one_line(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("application/json", "text/html"):
        monkeypatch.setattr(index, "answer", lambda *_, kind=kind: (content, kind))
        with pytest.raises(LabError, match="cannot be read: set UV_DEFAULT_INDEX to an index"):
            index_files("shop", "http://127.0.0.1:9")


@pytest.mark.parametrize("name", ["--index-url=x", "../x", "a b", "", "-", "a\n", "x" * 101, "é"])
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of a package"):
        index_files(name, "http://127.0.0.1:9")
