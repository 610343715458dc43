"""An app's log and exit status may be anything; they are read in bounded time and memory."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.engines.logs import MAX_LOG_BYTES, NOT_READ, exit_status, log_lines


def test_without_a_log_there_are_no_lines(tmp_path: Path) -> None:
    assert log_lines(tmp_path / "server.log") == ()
    assert log_lines(tmp_path / "gone" / "server.log") == ()


def test_a_log_is_read_by_lines(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_bytes(b"one\ntwo \xff\n")

    assert log_lines(tmp_path / "server.log") == ("one", "two \ufffd")


def test_only_the_end_of_a_huge_log_is_read(tmp_path: Path) -> None:
    with (tmp_path / "server.log").open("wb") as file:
        file.truncate(8 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\nlast but one\nlast\n")
    lines = log_lines(tmp_path / "server.log")

    assert lines[-2:] == ("last but one", "last")
    assert sum(map(len, lines)) <= MAX_LOG_BYTES


def test_the_cut_first_line_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_bytes(b"x" * 100 + b"\n" + b"y" * (MAX_LOG_BYTES - 10) + b"\nz")

    assert log_lines(tmp_path / "server.log")[-1] == "z"
    assert set(map(len, log_lines(tmp_path / "server.log"))) == {MAX_LOG_BYTES - 10, 1}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def symlink(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def unix_socket(path: Path) -> None:
    os.mknod(path, stat.S_IFSOCK | 0o600)


HOSTILE = [pipe, symlink, device, folder, unix_socket]


@pytest.mark.parametrize("make", HOSTILE)
def test_a_log_that_is_no_file_is_one_line_that_says_so(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "server.log")

    assert log_lines(tmp_path / "server.log") == (NOT_READ,)


@pytest.mark.parametrize("make", HOSTILE)
def test_an_exit_status_that_is_no_file_is_none(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "server.exit")

    assert exit_status(tmp_path / "server.exit") is None


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"0\n", 0),
        (b"137\n", 137),
        (b"", None),
        (b"junk", None),
        (b"-9\n", None),
        (b"999\n", None),
        (b"1" * 5000, None),
        ("\u0661".encode(), None),
        (b"\xff", None),
    ],
)
def test_an_exit_status_is_a_number_of_a_process_or_none(
    tmp_path: Path, content: bytes, status: int | None
) -> None:
    (tmp_path / "server.exit").write_bytes(content)

    assert exit_status(tmp_path / "server.exit") == status
