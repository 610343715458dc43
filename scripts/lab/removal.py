"""A folder with all that an app may have left in it, removed."""

import contextlib
import os
import shutil
from pathlib import Path


def remove_tree(path: Path) -> None:
    """Remove a folder with its files; what cannot be removed stays, and nothing is raised.

    An app may have closed folders of its own: to a user who is not root they are opened first.
    """
    shutil.rmtree(path, ignore_errors=True)
    if path.is_dir():
        open_folders(path)
        shutil.rmtree(path, ignore_errors=True)


def open_folders(top: Path) -> None:
    """Let the owner into every folder; no symlink is followed."""
    folders = [os.fspath(top)]
    while folders:
        folder = folders.pop()
        with contextlib.suppress(OSError):
            os.chmod(folder, 0o700)
            with os.scandir(folder) as entries:
                folders += [each.path for each in entries if each.is_dir(follow_symlinks=False)]
