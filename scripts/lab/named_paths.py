"""Where a path leads that a setting or a file names: it may be anything, and is never an error."""

import os
import stat
from pathlib import Path, PurePath

from lab.files import kind_of


def folder_fault(path: Path) -> str | None:
    """What stands where a user named a folder; None for a folder, be it behind a symlink."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return "not there"
    return None if stat.S_ISDIR(status.st_mode) else kind_of(status)


def path_below(folder: Path, name: str | PurePath) -> Path | None:
    """Where a name leads, all symlinks followed; None where that is not below the folder.

    A name from outside may be too long, hold a zero byte or lead in a circle.
    """
    try:
        path, top = os.path.realpath(folder / name), os.path.realpath(folder)
        os.stat(path)
    except (OSError, ValueError):
        return None
    return Path(path) if Path(path).is_relative_to(top) else None


def what_stands(folder: Path, name: str | PurePath) -> str:
    """What has the name where a regular file below the folder was expected."""
    try:
        status = os.lstat(folder / name)
    except (OSError, ValueError):
        return "none has that name"
    if path_below(folder, name) is not None:
        return f"that is {kind_of(os.stat(folder / name))}"
    if stat.S_ISLNK(status.st_mode) and not os.path.exists(folder / name):
        return "that is a symlink to nothing"
    return "that leads out of it"
