"""An environment that starts as a copy of another: what both hold is not installed again."""

import contextlib
import os
import shutil
from pathlib import Path


def grow(old: Path, new: Path, without: tuple[str, ...]) -> None:
    """Make `new` a copy of an environment, of linked files, whose scripts name the copy.

    Args:
        old: the environment's folder.
        new: a folder that is not there.
        without: files that say how far the old one was made.
    """
    shutil.copytree(
        old,
        new,
        symlinks=True,
        copy_function=linked,
        ignore=lambda folder, _: set(without) if Path(folder) == old else set(),
    )
    for script in (new / "bin").iterdir():
        if not script.is_symlink() and script.is_file():
            led_to(script, str(old).encode(), str(new).encode())


def linked(source: str, target: str) -> str:
    """The target, which is the source's own file where the file system has links."""
    with contextlib.suppress(OSError):
        os.link(source, target)
        return target
    return str(shutil.copy2(source, target))


def led_to(script: Path, old: bytes, new: bytes) -> None:
    """A file of its own with the other path, where it names the old one."""
    content = script.read_bytes()
    if old in content:
        mode = script.stat().st_mode
        script.unlink()
        script.write_bytes(content.replace(old, new))
        script.chmod(mode)
