"""Files in a folder from outside: symlinks are not followed, sizes bounded, files replaced whole.

A run's folder is handed on as a tar and rebuilt by others; an app writes its own log. Every such
file is opened relative to an open folder, without following symlinks or waiting for a writer.
"""

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import BinaryIO, TextIO

from lab.errors import LabError
from lab.units import GIB, MIB

MOST_RUN_FILE_BYTES = 64 * MIB
"""Largest file that is read; a raw file grows by about 2 MiB an hour."""
MOST_JSON_BYTES = 6 * MIB
"""Largest file that is parsed as one document; a summary of 60 variants has 0.4 MiB."""
MOST_LINE_BYTES = 4 * MIB
"""Longest line of a raw file; the longest seen has 22 KiB."""
MOST_FOLDER_BYTES = GIB
MOST_FOLDER_ENTRIES = 20_000
MOST_FOLDER_LEVELS = 4
"""Levels of folders in a run's folder; the lab makes two."""
FILE_SUFFIXES = frozenset({".json", ".jsonl", ".md", ".html", ".svg"})
"""Suffixes of the files that the lab writes; a folder with one of them is refused."""
REMEDY = "remove it, or restore the folder from where it came"

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
KINDS = {
    stat.S_IFLNK: "a symlink",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFREG: "a file",
}


def is_plain_name(name: str) -> bool:
    """Whether a name stays inside its folder and can be printed on one line."""
    return name.isprintable() and not name.startswith(".") and "/" not in name and name != ""


def path_text(path: PurePath) -> str:
    """A path for a message: on one line, control characters escaped."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def name_in_folder(path: Path) -> str:
    """A file's name with its folder's, for a message."""
    return path_text(PurePath(path.parent.name, path.name))


def kind_of(status: os.stat_result) -> str:
    return KINDS.get(stat.S_IFMT(status.st_mode), "neither file nor folder")


def file_fault(status: os.stat_result, most_bytes: int) -> str | None:
    """Why a file is not read; None for a regular file of at most `most_bytes`."""
    if not stat.S_ISREG(status.st_mode):
        return f"it is {kind_of(status)}, a regular file is expected"
    if status.st_size > most_bytes:
        return f"it has {status.st_size:,} bytes, at most {most_bytes:,} are read"
    return None


def unreadable(where: str, fault: str) -> LabError:
    return LabError(f"{where} cannot be read: {fault}; {REMEDY}")


def reason_of(error: OSError) -> str:
    return error.strerror or repr(error)


@contextlib.contextmanager
def opened_folder(path: Path) -> Iterator[int]:
    """A descriptor of a folder that is not a symlink.

    Raises:
        LabError: the path is something else, or cannot be opened.
    """
    try:
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise unreadable(path_text(path), f"it is {kind_of(status)}, a folder is expected")
        folder = os.open(path, FOLDER)
    except OSError as error:
        raise unreadable(path_text(path), reason_of(error)) from error
    try:
        yield folder
    finally:
        os.close(folder)


@contextlib.contextmanager
def opened_file(path: Path, most_bytes: int) -> Iterator[BinaryIO]:
    """A regular file of at most `most_bytes`, to be read.

    Raises:
        LabError: the file is missing, a symlink, a pipe, a device, a folder, or larger.
    """
    with opened_folder(path.parent) as folder, contextlib.ExitStack() as stack:
        try:
            # Before it is opened, as opening a device may already do something, and after.
            fault = file_fault(os.lstat(path.name, dir_fd=folder), most_bytes)
            if fault is None:
                file = stack.enter_context(open(os.open(path.name, READ, dir_fd=folder), "rb"))
                fault = file_fault(os.fstat(file.fileno()), most_bytes)
        except OSError as error:
            raise unreadable(name_in_folder(path), reason_of(error)) from error
        if fault is not None:
            raise unreadable(name_in_folder(path), fault)
        try:
            yield file
        except OSError as error:  # as of files of /proc, or a disk that fails
            raise LabError(f"{name_in_folder(path)} cannot be read: {reason_of(error)}") from error


def read_bytes(path: Path, most_bytes: int = MOST_JSON_BYTES) -> bytes:
    """The whole file.

    Raises:
        LabError: not a regular file of at most `most_bytes`.
    """
    with opened_file(path, most_bytes) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise unreadable(name_in_folder(path), f"more than {most_bytes:,} bytes were read")
    return content


def read_tail(path: Path, most_bytes: int) -> bytes:
    """The last bytes of a file of any size, at most `most_bytes`.

    Raises:
        LabError: not a regular file.
    """
    with opened_file(path, sys.maxsize) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - most_bytes))
        return file.read(most_bytes)


def read_lines(
    path: Path, most_bytes: int = MOST_RUN_FILE_BYTES, most_line_bytes: int = MOST_LINE_BYTES
) -> Iterator[bytes]:
    """The lines of a file with their newlines; only a last one that was cut off has none.

    Raises:
        LabError: not a regular file of at most `most_bytes`, or a line is too long.
    """
    number, left = 0, most_bytes
    with opened_file(path, most_bytes) as file:
        while line := file.readline(most_line_bytes + 1):
            number, left = number + 1, left - len(line)
            if len(line) > most_line_bytes:
                fault = f"it has more than {most_line_bytes:,} bytes"
                raise unreadable(f"{name_in_folder(path)}, line {number}", fault)
            if left < 0:
                raise unreadable(name_in_folder(path), f"more than {most_bytes:,} bytes were read")
            yield line


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """A context in which a failure to write the file becomes a LabError of one line."""
    try:
        yield
    except OSError as error:
        raise LabError(
            f"{name_in_folder(path)} cannot be written: {reason_of(error)}; "
            "check its folder's free space and owner, and that no other file has its name"
        ) from error


def new_file(path: Path) -> TextIO:
    """A file that was not there before, to be written.

    Raises:
        LabError: the name is taken, or the folder cannot be written to.
    """
    with opened_folder(path.parent) as folder, writing(path):
        return _created(path.name, folder)


def _created(name: str, folder: int) -> TextIO:
    # Text from outside may hold half of a surrogate pair, which has no UTF-8.
    return open(os.open(name, NEW, 0o666, dir_fd=folder), "w", encoding="utf-8", errors="replace")


def write_file(path: Path, content: str | bytes) -> None:
    """Replace a file whole: a reader sees the old content or the new one, never half of one.

    Whatever has the file's name is replaced and not written through, be it a symlink.

    Raises:
        LabError: a folder has that name, or the folder cannot be written to.
    """
    partial = _fresh_name(path.name)
    with opened_folder(path.parent) as folder, writing(path):
        try:
            with _created(partial, folder) as file:
                file.buffer.write(content) if isinstance(content, bytes) else file.write(content)
            os.replace(partial, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            _remove(partial, folder)


def write_symlink(path: Path, target: str) -> None:
    """Point a symlink to a name in its own folder.

    Raises:
        LabError: a folder has the symlink's name, or the folder cannot be written to.
    """
    fresh = _fresh_name(path.name)
    with opened_folder(path.parent.resolve()) as folder, writing(path):
        try:
            os.symlink(target, fresh, dir_fd=folder)
            os.replace(fresh, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            _remove(fresh, folder)


def _fresh_name(name: str) -> str:
    """A name that cannot be guessed, so that no other process can put a file there."""
    return f".{name}.{secrets.token_hex(8)}.partial"


def _remove(name: str, folder: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def check_folder(path: Path, most_entries: int = MOST_FOLDER_ENTRIES) -> None:
    """Refuse a folder that holds anything but folders and regular files, all of bounded size.

    Raises:
        LabError: names the first entry that is refused, and what to do.
    """
    count = total_bytes = 0
    with opened_folder(path) as folder:
        for where, status in _entries(folder, PurePath(path.name)):
            count, total_bytes = count + 1, total_bytes + status.st_size
            if fault := _entry_fault(where, status):
                raise unreadable(path_text(where), fault)
            if count > most_entries or total_bytes > MOST_FOLDER_BYTES:
                most = f"{most_entries:,} entries and {MOST_FOLDER_BYTES:,} bytes"
                raise unreadable(path_text(path), f"it holds more than {most}")


def _entries(folder: int, inside: PurePath) -> Iterator[tuple[PurePath, os.stat_result]]:
    """Every entry below a folder with its status, a folder before its entries."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                where, status = inside / entry.name, entry.stat(follow_symlinks=False)
                yield where, status
                if stat.S_ISDIR(status.st_mode):
                    yield from _entries_of(entry.name, folder, where)
    except OSError as error:
        raise unreadable(path_text(inside), reason_of(error)) from error


def _entries_of(
    name: str, folder: int, where: PurePath
) -> Iterator[tuple[PurePath, os.stat_result]]:
    try:
        below = os.open(name, FOLDER, dir_fd=folder)
    except OSError as error:
        raise unreadable(path_text(where), reason_of(error)) from error
    try:
        yield from _entries(below, where)
    finally:
        os.close(below)


def _entry_fault(where: PurePath, status: os.stat_result) -> str | None:
    if not where.name.isprintable():
        return "its name has control characters"
    if not stat.S_ISDIR(status.st_mode):
        return file_fault(status, MOST_RUN_FILE_BYTES)
    if where.suffix in FILE_SUFFIXES:
        return "it is a folder, a regular file is expected"
    if len(where.parts) - 1 > MOST_FOLDER_LEVELS:
        return f"folders are nested more than {MOST_FOLDER_LEVELS} deep"
    return None
