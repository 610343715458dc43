"""A stranger's zip: looked at before anything of it is read, and read within bounds."""

import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

from lab.errors import UsageError
from lab.share.archive import ArchiveEntry
from lab.share.manifest import name_text
from lab.units import MIB

MOST_BUNDLE_BYTES = 64 * MIB
MOST_BUNDLE_ENTRIES = 5_000
"""A bundle has about 400: the lab's own modules, a run's files, the app's."""
MOST_DIRECTORY_BYTES = 2 * MIB
"""The most bytes of the list of entries; zipfile makes an object of each before it answers."""
MOST_UNPACKED_BYTES = 256 * MIB
MOST_RATIO = 400
"""Samples of a run have 15, a file of nothing but one letter about 1,000."""
RATIO_COUNTS_FROM = MIB
MOST_NAME_CHARACTERS = 240
MOST_BUNDLE_LEVELS = 16
CHUNK = MIB
END = struct.Struct("<4s4H2LH")
"""The record at the end: mark, disks, counts, size and offset of the list, length of a comment."""
END_MARK, LOCATOR_MARK = b"PK\x05\x06", b"PK\x06\x07"
LOCATOR_BYTES = 20
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED = 0x1


def read_archive(
    file: BinaryIO, size_bytes: int, most_bytes: int = MOST_UNPACKED_BYTES
) -> tuple[str, Mapping[str, ArchiveEntry]]:
    """The one folder of a bundle, and its files by their names in it.

    Raises:
        UsageError: it is not a bundle, or one that would write elsewhere or fill the machine.
    """
    check_end(file, size_bytes)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            check_entries(infos, most_bytes)
            top = top_of(infos)
            left, files = most_bytes, {}
            for info in infos:
                if info.is_dir():
                    continue
                content = read_entry(archive, info, left)
                left -= len(content)
                name = info.filename.removeprefix(f"{top}/")
                files[name] = ArchiveEntry(content, bool(info.external_attr >> 16 & stat.S_IXUSR))
            return top, files
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error) as error:
        raise UsageError("it is not a bundle: the zip is damaged") from error
    except (RuntimeError, OSError, ValueError) as error:
        raise UsageError("it is not a bundle: the zip cannot be read") from error


def check_written(archive: bytes) -> None:
    """Refuse to hand on what a reader would refuse.

    Raises:
        UsageError: says which file, and what to do.
    """
    try:
        read_archive(io.BytesIO(archive), len(archive))
    except UsageError as error:
        raise UsageError(
            f"{error}: name it in bundle.exclude of lab.toml, or take it out of the run's folder"
        ) from error


def check_end(file: BinaryIO, size_bytes: int) -> None:
    """Refuse by the last bytes alone what would cost much to list.

    Raises:
        UsageError: too large, too many entries, or no zip that this lab writes.
    """
    if size_bytes > MOST_BUNDLE_BYTES:
        raise refused(f"it has more than {MOST_BUNDLE_BYTES:,} bytes")
    file.seek(max(0, size_bytes - END.size - LOCATOR_BYTES))
    tail = file.read()
    if len(tail) < END.size or not tail[-END.size :].startswith(END_MARK):
        raise UsageError("it is not a bundle: not a zip file, or one with a comment")
    _, _, _, here, count, directory_bytes, directory_offset, _ = END.unpack(tail[-END.size :])
    if tail.startswith(LOCATOR_MARK) or max(here, count) > MOST_BUNDLE_ENTRIES:
        raise refused(f"it has more than {MOST_BUNDLE_ENTRIES:,} entries")
    if directory_bytes > MOST_DIRECTORY_BYTES:
        raise refused(f"its list of entries has more than {MOST_DIRECTORY_BYTES:,} bytes")
    if directory_offset + directory_bytes + END.size != size_bytes:
        raise UsageError("it is not a bundle: its parts do not follow each other")
    file.seek(0)


def refused(reason: str) -> UsageError:
    return UsageError(f"the bundle is refused: {reason}")


def check_entries(infos: Sequence[zipfile.ZipInfo], most_bytes: int) -> None:
    """Refuse a bundle for one of its entries.

    Raises:
        UsageError: names the first that is refused, and why.
    """
    if len(infos) > MOST_BUNDLE_ENTRIES:
        raise refused(f"it has more than {MOST_BUNDLE_ENTRIES:,} entries")
    if sum(info.file_size for info in infos) > most_bytes:
        raise refused(f"unpacked it has more than {most_bytes:,} bytes")
    for info in infos:
        if fault := fault_of(info):
            raise refused(f"{name_text(info.orig_filename) or 'an entry without a name'} {fault}")
    names = [same_name(info.filename.rstrip("/")) for info in infos]
    if twice := first_twice(names):
        raise refused(f"{name_text(twice)} is in it twice")
    files = {same_name(info.filename) for info in infos if not info.is_dir()}
    if both := files.intersection(folders_of(names)):
        raise refused(f"{name_text(min(both))} is a file and a folder")


def folders_of(names: Iterable[str]) -> set[str]:
    """Every folder in which one of the names stands, at any depth."""
    found: set[str] = set()
    for name in names:
        above = name.rpartition("/")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


def same_name(name: str) -> str:
    """What names have in common that are one file on some system: case, and how é is written.

    Windows leaves out dots and spaces at the end of a name.
    """
    name = "/".join(part.rstrip(". ") for part in name.split("/"))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def first_twice(names: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def fault_of(info: zipfile.ZipInfo) -> str | None:
    """Why an entry is refused; None for a plain file or folder below the bundle's own."""
    if fault := name_fault(info.orig_filename, info.filename):
        return fault
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
        return "is a symlink" if kind == stat.S_IFLNK else "is not a plain file"
    if info.flag_bits & ENCRYPTED or info.compress_type not in METHODS:
        return "is packed in a way that this lab does not use"
    if info.file_size > max(RATIO_COUNTS_FROM, MOST_RATIO * info.compress_size):
        return f"unpacks to more than {MOST_RATIO} times its size"
    return None


def name_fault(written: str, name: str) -> str | None:
    """Why a name is refused; None for one that stays in its folder on every system."""
    parts = name.rstrip("/").split("/")
    if written != name or not name.isprintable() or "\\" in name or ":" in name:
        return "has a character that no name of a bundle has"
    if name.startswith("/"):
        return "is an absolute name"
    if any(part in ("", ".", "..") for part in parts):
        return "leads out of its folder"
    if len(name) > MOST_NAME_CHARACTERS or len(parts) > MOST_BUNDLE_LEVELS:
        return "is too long or too deep"
    return None


def top_of(infos: Sequence[zipfile.ZipInfo]) -> str:
    """The folder in which all of it stands.

    Raises:
        UsageError: there is none, or more than one.
    """
    tops = {info.filename.partition("/")[0] for info in infos}
    if len(tops) != 1 or any("/" not in info.filename for info in infos):
        raise UsageError("it is not a bundle: its files do not stand in one folder")
    return tops.pop()


def read_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, left_bytes: int) -> bytes:
    """The content of an entry, whatever its header says of the size.

    Raises:
        UsageError: it is larger than it says, or than what is left.
    """
    content = b"".join(chunks(archive, info, min(info.file_size, left_bytes)))
    if len(content) != info.file_size:
        raise refused(f"{name_text(info.filename)} has another size than it says")
    return content


def chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most_bytes: int) -> Iterator[bytes]:
    read = 0
    with archive.open(info) as file:
        while chunk := file.read(CHUNK):
            read += len(chunk)
            if read > most_bytes:
                raise refused(f"{name_text(info.filename)} has another size than it says")
            yield chunk
