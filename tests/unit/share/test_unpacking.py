"""Bundles that somebody made to harm: one line each, and nothing is written."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable

import pytest
from lab.errors import UsageError
from lab.share import unpacking
from lab.share.archive import ArchiveEntry, zip_of
from lab.share.unpacking import read_archive

TOP = "run"


def made(*entries: tuple[str, bytes], mode: int = 0o100644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.filename = name
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return buffer.getvalue()


def refusal(content: bytes, most_bytes: int = unpacking.MOST_UNPACKED_BYTES) -> str:
    with pytest.raises(UsageError) as caught:
        read_archive(io.BytesIO(content), len(content), most_bytes)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300
    return message


def test_what_was_packed_comes_back() -> None:
    files = {"a.py": ArchiveEntry(b"x" * 3), "b/run": ArchiveEntry(b"#!", is_program=True)}
    content = zip_of(TOP, files, ("results",))

    assert read_archive(io.BytesIO(content), len(content)) == (TOP, files)


def test_the_same_files_are_the_same_bytes() -> None:
    files = {"b": ArchiveEntry(b"2"), "a": ArchiveEntry(b"1")}

    assert zip_of(TOP, files) == zip_of(TOP, dict(reversed(files.items())))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "an entry without a name leads out of its folder"),
        ("run/../../etc/x", "leads out of its folder"),
        ("../x", "leads out of its folder"),
        ("/etc/passwd", "is an absolute name"),
        ("run/./x", "leads out of its folder"),
        ("run//x", "leads out of its folder"),
        ("run/a\\..\\x", "has a character"),
        ("C:/x", "has a character"),
        ("run/a\nb", "has a character"),
        ("run/\u202ex", "has a character"),
        ("run/" + "a/" * 20 + "x", "too long or too deep"),
        ("run/" + "a" * 300, "too long or too deep"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, said: str) -> None:
    assert said in refusal(made(("run/app.py", b""), (name, b"x")))


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (stat.S_IFLNK | 0o777, "is a symlink"),
        (stat.S_IFIFO | 0o644, "is not a plain file"),
        (stat.S_IFCHR | 0o644, "is not a plain file"),
    ],
)
def test_what_is_no_plain_file_is_refused(mode: int, said: str) -> None:
    assert said in refusal(made(("run/link", b"/etc/passwd"), mode=mode))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["run/a.py", "run/A.PY", "run/a.py.", "run/a.py "])
def test_a_name_that_stands_twice_is_refused(second: str) -> None:
    assert "is in it twice" in refusal(made(("run/a.py", b"1"), (second, b"2")))


def test_a_file_that_is_a_folder_too_is_refused() -> None:
    assert "is a file and a folder" in refusal(made(("run/a", b"1"), ("run/a/b", b"2")))


def test_more_than_one_folder_is_no_bundle() -> None:
    assert "do not stand in one folder" in refusal(made(("a/x", b""), ("b/x", b"")))
    assert "do not stand in one folder" in refusal(made(("x", b"")))


def test_a_bomb_is_refused_by_its_ratio() -> None:
    assert "times its size" in refusal(made(("run/x", b"\0" * (8 << 20))))


def test_a_bomb_of_many_files_is_refused_by_their_sum() -> None:
    bomb = made(*((f"run/{n}", b"x" * 90) for n in range(12)))

    assert "unpacked it has more" in refusal(bomb, most_bytes=1000)


def test_a_size_that_is_a_lie_is_found() -> None:
    content = bytearray(made(("run/x", b"x" * 5000)))
    at = content.rindex(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<L", 10)

    assert "the zip is damaged" in refusal(bytes(content))


def test_too_many_entries_are_refused_before_they_are_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = made(("run/x", b"x"))
    end = struct.unpack("<4s4H2LH", content[-22:])
    listed: list[object] = []
    monkeypatch.setattr(unpacking.zipfile, "ZipFile", lambda file: listed.append(file))
    many = struct.pack("<4s4H2LH", end[0], 0, 0, 65535, 65535, *end[5:])
    long = struct.pack("<4s4H2LH", *end[:5], 80 << 20, *end[6:])

    assert "entries" in refusal(content[:-22] + many)
    assert "list of entries" in refusal(content[:-22] + long)
    assert listed == []


def test_a_million_entries_are_refused_at_once() -> None:
    """Zip has another record for more than 65,535 of them, which a bundle never needs."""
    content = made(("run/x", b"x"))
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)

    assert "entries" in refusal(content[:-22] + locator + content[-22:])


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(UsageError, match="bytes"):
        read_archive(io.BytesIO(b""), unpacking.MOST_BUNDLE_BYTES + 1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b"",
        lambda b: b"no zip",
        lambda b: b[:-30],
        lambda b: b[:60] + b"\0" * 40 + b[100:],
        lambda b: b + b"comment",
    ],
    ids=["empty", "text", "cut", "overwritten", "longer"],
)
def test_what_is_damaged_is_no_bundle(damage: Callable[[bytes], bytes]) -> None:
    whole = made(("run/x", bytes(range(256)) * 20), ("run/y", b"y"))

    assert "bundle" in refusal(damage(whole))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "A"),
        ("\u00e9", "e\u0301"),
        ("\u00c9", "e\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("k", "\u212a"),
    ],
)
def test_names_that_are_one_file_on_some_system_are_refused(one: str, other: str) -> None:
    assert "twice" in refusal(made((f"run/{one}", b"1"), (f"run/{other}", b"2")))
    assert "file and a folder" in refusal(made((f"run/{one}", b"1"), (f"run/{other}/x", b"2")))


def test_a_program_with_a_bundle_behind_it_is_refused() -> None:
    assert "do not follow" in refusal(b"#!/bin/sh\n" + made(("run/x", b"x")))


def changed(content: bytes, offset: int, value: int, form: str) -> bytes:
    """Another number in the list's last entry."""
    at = content.rindex(b"PK\x01\x02") + offset
    size = struct.calcsize(form)
    return content[:at] + struct.pack(form, value) + content[at + size :]


LIES = {
    "offset of the first": (42, 0, "<I"),
    "offset behind the end": (42, 0xFFFFFFF0, "<I"),
    "one byte": (24, 1, "<I"),
    "four GiB": (24, 0xFFFFFFFE, "<I"),
    "a size elsewhere": (24, 0xFFFFFFFF, "<I"),
    "another sum": (16, 1, "<I"),
    "bzip2": (10, 12, "<H"),
    "lzma": (10, 14, "<H"),
    "no method": (10, 99, "<H"),
    "strong encryption": (8, 0x41, "<H"),
    "a patch": (8, 0x20, "<H"),
    "a later zip": (6, 99, "<H"),
}


@pytest.mark.parametrize(("offset", "value", "form"), LIES.values(), ids=LIES)
def test_a_list_that_lies_of_an_entry_is_refused(offset: int, value: int, form: str) -> None:
    whole = made(("run/x", bytes(range(256)) * 20), ("run/y", b"yyyyyyyyyyyyyyyyy" * 9))

    assert "bundle" in refusal(changed(whole, offset, value, form))


def test_two_entries_of_one_place_are_refused() -> None:
    whole = made(("run/x", b"x"), ("run/y", b"y"))
    end = list(struct.unpack("<4s4H2LH", whole[-22:]))
    listed = whole[end[6] : end[6] + end[5]]
    last = listed[listed.rindex(b"PK\x01\x02") :]
    twice = listed + last.replace(b"run/y", b"run/z")
    end[3:6] = [3, 3, len(twice)]

    assert "bundle" in refusal(whole[: end[6]] + twice + struct.pack("<4s4H2LH", *end))


def test_a_password_is_refused() -> None:
    content = bytearray(made(("run/x", b"x")))
    at = content.rindex(b"PK\x01\x02") + 8
    content[at] |= 1

    assert "packed in a way" in refusal(bytes(content))
