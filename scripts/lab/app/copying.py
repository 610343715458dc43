"""A copy of an app's folder: whatever is written there is gone with it."""

import shutil
from pathlib import Path

from lab.errors import UsageError

SKIPPED = shutil.ignore_patterns(
    ".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".*_cache", ".tox"
)


def copy_app(folder: Path, copy: Path) -> None:
    """Copy an app's folder to where it may write; raises UsageError where that fails."""
    try:
        shutil.copytree(folder, copy, symlinks=True, ignore=SKIPPED)
    except (OSError, shutil.Error) as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(f"{folder} cannot be copied: {reason}") from error
