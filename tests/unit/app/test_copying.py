"""An app's folder is copied with what is the app's, and only where there is room."""

import os
import socket
import sys
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.app.copying import copy_app
from lab.errors import ExitCode, UsageError
from support.tmpfs import small_disk


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app" / "lib").mkdir(parents=True)
    for name in ("app.py", "lib/a.py"):
        (tmp_path / "app" / name).write_text(name, encoding="utf-8")
    return tmp_path / "app"


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_pipes_sockets_and_devices_are_not_read(app: Path, tmp_path: Path) -> None:
    os.mkfifo(app / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(app / "lib" / "s"))
    if os.geteuid() == 0 and sys.platform == "linux":
        os.mknod(app / "zero", 0o20666, os.makedev(1, 5))
    (app / "link").symlink_to("/dev/zero")
    copy_app(app, tmp_path / "copy")

    assert names(tmp_path / "copy") == ["app.py", "lib", "lib/a.py", "link"]
    assert (tmp_path / "copy" / "link").is_symlink()


@pytest.mark.parametrize("count", [1, 50])
def test_a_folder_without_room_is_refused_before_anything_is_copied(
    app: Path, tmp_path: Path, count: int
) -> None:
    for number in range(count):
        with (app / "lib" / f"{number}").open("wb") as file:
            file.truncate((1 << 43) // count)  # sparse: 8 TiB in all

    with pytest.raises(UsageError, match=r"cannot be copied: it has more than .*up to lib/\d+"):
        copy_app(app, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_it_is_refused_by_the_check_before_any_engine_is_asked(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "lab.toml").write_text('command = "python app.py"', encoding="utf-8")
    with (app / "model.bin").open("wb") as file:
        file.truncate(1 << 43)
    monkeypatch.setenv("APP", str(app))

    assert main(["check-app"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert (said.count("\n"), "model.bin" in said) == (1, True)


def test_what_is_never_copied_needs_no_room(app: Path, tmp_path: Path) -> None:
    (app / ".git").mkdir()
    with (app / ".git" / "pack").open("wb") as file:
        file.truncate(1 << 43)
    copy_app(app, tmp_path / "copy")


def test_a_small_disk_has_room_for_a_small_app(app: Path, tmp_path: Path) -> None:
    """As the memory below /tmp in a container is one."""
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "1m"):
        copy_app(app, tmp_path / "disk" / "copy")
        assert names(tmp_path / "disk" / "copy") == ["app.py", "lib", "lib/a.py"]
        (app / "data").write_bytes(b"x" * 600_000)
        with pytest.raises(UsageError, match="cannot be copied: it has more than 586 KiB"):
            copy_app(app, tmp_path / "disk" / "other")
