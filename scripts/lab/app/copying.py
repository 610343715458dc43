"""A copy of an app's folder: whatever is written there is gone with it."""

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from lab.errors import UsageError
from lab.files import path_text
from lab.text.phrases import size
from lab.units import MIB

SKIPPED = shutil.ignore_patterns(
    ".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".*_cache", ".tox"
)
LEAST_FREE_BYTES = 512 * MIB
"""Free space that a copy must leave on its disk; on a small one, as in a container, half of it."""
KEPT = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


def copy_app(folder: Path, copy: Path) -> None:
    """Copy an app's folder to where it may write.

    Raises:
        UsageError: it cannot be copied, or has no room there.
    """
    check_room(folder, copy.parent)
    try:
        shutil.copytree(folder, copy, symlinks=True, ignore=left_out)
    except (OSError, shutil.Error) as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(f"{folder} cannot be copied: {reason}") from error


def left_out(folder: str, names: Iterable[str]) -> set[str]:
    """The names in a folder that are not part of the app: a pipe or a device would be read to no
    end."""
    every = list(names)
    return SKIPPED(folder, every) | {name for name in every if not is_kept(Path(folder, name))}


def is_kept(path: Path) -> bool:
    try:
        return stat.S_IFMT(path.lstat().st_mode) in KEPT
    except OSError:
        return True  # the copy says what is wrong


def check_room(folder: Path, destination: Path) -> None:
    """Refuse an app whose copy would fill the disk; a sparse file is as large as it says.

    Raises:
        UsageError: says how much it has, and how much room there is.
    """
    free = shutil.disk_usage(destination).free
    left = min(LEAST_FREE_BYTES, free // 2)
    needed = 0
    for where, folders, files in os.walk(folder):
        skipped = left_out(where, [*folders, *files])
        folders[:] = [name for name in folders if name not in skipped]
        for name in set(files) - skipped:
            try:
                needed += Path(where, name).lstat().st_size
            except OSError:
                continue
            if needed > free - left:
                largest = path_text(Path(where, name).relative_to(folder))
                raise UsageError(
                    f"{folder} cannot be copied: it has more than {size(needed)}, up to {largest}, "
                    f"and its copy would leave less than {size(left)} on the disk of "
                    f"{destination}: leave data out, or set TMPDIR"
                )
