"""Files in a folder that a stranger may have filled: what is refused, and what is never touched."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from lab import files
from lab.errors import LabError
from lab.files import (
    check_folder,
    is_plain_name,
    new_file,
    opened_folder,
    read_bytes,
    read_lines,
    read_tail,
    write_file,
    write_symlink,
)
from lab.units import GIB

OUTSIDE = "of the one who rebuilds"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    file = tmp_path / "outside"
    file.write_text(OUTSIDE, encoding="utf-8")
    return file


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8 * GIB)


def bound(path: Path) -> None:
    # A socket's address has room for about 100 characters.
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def symlink_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


PLANTED: dict[str, tuple[Callable[[Path], None], str]] = {
    "symlink": (symlink_to("../outside"), "it is a symlink, a regular file is expected"),
    "dangling": (symlink_to("../nowhere"), "it is a symlink, a regular file is expected"),
    "endless": (symlink_to("/dev/zero"), "it is a symlink, a regular file is expected"),
    "loop": (symlink_to("file.json"), "it is a symlink, a regular file is expected"),
    "fifo": (os.mkfifo, "it is a named pipe, a regular file is expected"),
    "socket": (bound, "it is a socket, a regular file is expected"),
    "folder": (Path.mkdir, "it is a folder, a regular file is expected"),
    "sparse": (sparse, "it has 8,589,934,592 bytes, at most"),
}
EVERY = pytest.mark.parametrize(("plant", "fault"), PLANTED.values(), ids=PLANTED)


@EVERY
def test_what_is_no_bounded_regular_file_is_not_read(
    folder: Path, outside: Path, plant: Callable[[Path], None], fault: str
) -> None:
    plant(folder / "file.json")

    with pytest.raises(LabError, match=rf"^run/file\.json cannot be read: {fault}.*; remove it"):
        read_bytes(folder / "file.json")
    with pytest.raises(LabError, match=fault):
        list(read_lines(folder / "file.json"))


@EVERY
def test_it_is_seen_before_anything_is_read(
    folder: Path, outside: Path, plant: Callable[[Path], None], fault: str
) -> None:
    one = folder / "samples" / "one"
    one.mkdir(parents=True)
    plant(one / "file.json")

    with pytest.raises(LabError, match=f"^run/samples/one/file.json cannot be read: {fault}"):
        check_folder(folder)


def test_a_missing_file_is_one_line(folder: Path) -> None:
    with pytest.raises(LabError, match=r"run/file\.json cannot be read: No such file"):
        read_bytes(folder / "file.json")


@pytest.mark.parametrize("target", ["elsewhere", "nowhere", "outside"])
def test_a_folder_is_never_reached_through_a_symlink(
    tmp_path: Path, outside: Path, target: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.json").write_text("{}", encoding="utf-8")
    (tmp_path / "run").symlink_to(target)

    for attempt in (
        lambda: read_bytes(tmp_path / "run" / "a.json"),
        lambda: write_file(tmp_path / "run" / "a.json", "x"),
        lambda: new_file(tmp_path / "run" / "b.json"),
        lambda: check_folder(tmp_path / "run"),
    ):
        with pytest.raises(
            LabError, match=r"run cannot be read: it is a symlink, a folder is expected"
        ):
            attempt()
    assert (tmp_path / "elsewhere" / "a.json").read_text() == "{}"
    assert os.listdir(tmp_path / "elsewhere") == ["a.json"]


def test_a_symlink_to_a_folder_inside_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "samples").symlink_to("../elsewhere")

    with pytest.raises(LabError, match=r"run/samples cannot be read: it is a symlink"):
        check_folder(folder)


@pytest.mark.parametrize("kind", ["symlink", "dangling", "hard link", "fifo", "file", "nothing"])
def test_a_file_is_replaced_and_never_written_through(
    folder: Path, outside: Path, kind: str
) -> None:
    path = folder / "report.md"
    if kind in ("symlink", "dangling"):
        path.symlink_to("../outside" if kind == "symlink" else "../nowhere")
    elif kind == "hard link":
        os.link(outside, path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "file":
        path.write_text("old", encoding="utf-8")
    write_file(path, "new")

    assert path.read_text(encoding="utf-8") == "new"
    assert not path.is_symlink()
    assert outside.read_text(encoding="utf-8") == OUTSIDE
    assert os.listdir(folder) == ["report.md"]
    assert not (folder.parent / "nowhere").exists()


def test_a_folder_in_its_place_is_one_line_and_leaves_nothing(folder: Path) -> None:
    (folder / "report.md").mkdir()

    with pytest.raises(LabError, match=r"run/report\.md cannot be written: Is a directory; check"):
        write_file(folder / "report.md", "new")
    assert os.listdir(folder) == ["report.md"]


def test_the_name_that_is_written_first_is_another_each_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    replace = os.replace

    def noted(source: str, target: str, **folders: int) -> None:
        names.append(source)
        replace(source, target, **folders)

    monkeypatch.setattr(os, "replace", noted)
    for _ in range(3):
        write_file(folder / "report.md", "new")

    assert len(set(names)) == 3
    assert all(len(name) > len(".report.md..partial") + 15 for name in names)


def test_a_guessed_name_is_refused_and_not_written_through(
    folder: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.secrets, "token_hex", lambda _: "guessed")
    (folder / ".report.md.guessed.partial").symlink_to("../outside")

    with pytest.raises(LabError, match="cannot be written: File exists"):
        write_file(folder / "report.md", "new")
    assert outside.read_text(encoding="utf-8") == OUTSIDE


@pytest.mark.parametrize("kind", ["symlink", "dangling", "file", "folder"])
def test_a_new_file_is_never_one_that_was_there(folder: Path, outside: Path, kind: str) -> None:
    path = folder / "1.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "file":
        path.write_text("old", encoding="utf-8")
    else:
        path.symlink_to("../outside" if kind == "symlink" else "../nowhere")

    with pytest.raises(LabError, match=r"run/1\.jsonl cannot be written: File exists"):
        new_file(path)
    assert outside.read_text(encoding="utf-8") == OUTSIDE
    assert not (folder.parent / "nowhere").exists()


def test_half_of_a_surrogate_pair_is_replaced(folder: Path) -> None:
    write_file(folder / "answer.md", "a\ud800b")

    assert (folder / "answer.md").read_text(encoding="utf-8") == "a?b"


@pytest.mark.parametrize("planted", ["symlink", "nothing"])
def test_a_symlink_is_replaced_whole(folder: Path, outside: Path, planted: str) -> None:
    (folder / ".latest.partial").mkdir()
    if planted == "symlink":
        (folder / "latest").symlink_to("../outside")
    write_symlink(folder / "latest", "first")
    write_symlink(folder / "latest", "second")

    assert os.readlink(folder / "latest") == "second"
    assert sorted(os.listdir(folder)) == [".latest.partial", "latest"]


def test_a_folder_in_the_symlinks_place_is_one_line(folder: Path) -> None:
    (folder / "latest").mkdir()

    with pytest.raises(LabError, match=r"run/latest cannot be written: Is a directory"):
        write_symlink(folder / "latest", "first")
    assert os.listdir(folder) == ["latest"]


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
def test_no_descriptor_stays_open(folder: Path, outside: Path) -> None:
    (folder / "link").symlink_to("../outside")
    (folder / "a.json").mkdir()
    before = open_descriptors()
    for _ in range(5):
        for attempt in (check_folder, read_bytes, new_file):
            with pytest.raises(LabError):
                attempt(folder / "link")
        with pytest.raises(LabError):
            check_folder(folder)
        with pytest.raises(LabError):
            write_file(folder / "a.json", "x")
        with opened_folder(folder):
            pass

    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("20261124-030233-core", True),
        ("latest", True),
        ("my run (2)", True),
        ("", False),
        (".", False),
        ("..", False),
        (".hidden", False),
        ("../x", False),
        ("a/b", False),
        ("a/", False),
        ("/etc", False),
        ("a\nb", False),
        ("a\x00b", False),
        ("\x1b[31m", False),
        ("a\u202eb", False),
        ("\udcff", False),
    ],
)
def test_which_names_stay_where_they_are_looked_up(name: str, plain: bool) -> None:
    assert is_plain_name(name) is plain


@pytest.mark.parametrize("plant", ["pipe", "symlink"])
def test_the_tail_of_what_is_no_file_is_refused(folder: Path, plant: str) -> None:
    path = folder / "server.log"
    os.mkfifo(path) if plant == "pipe" else path.symlink_to("/etc/passwd")

    with pytest.raises(LabError, match="a regular file is expected"):
        read_tail(path, 100)


def test_the_tail_of_a_file_of_any_size_is_its_last_bytes(folder: Path) -> None:
    path = folder / "server.log"
    sparse(path)
    with path.open("ab") as file:
        file.write(b"the end")

    assert read_tail(path, 10) == b"\0\0\0the end"
    assert read_tail(path, 0) == b""
