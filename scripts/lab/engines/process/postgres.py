"""A database for a variant that needs one: this machine's own PostgreSQL, on loopback.

It is started as the container's is, by `images/postgres/entry`, and kept by a keeper of its own,
so that its memory is no part of the variant's.
"""

import os
import shutil
from pathlib import Path

from lab.engines.process.ports import LOOPBACK
from lab.errors import LabError

NAME = "postgres"
PROGRAMS = Path("/usr/lib/postgresql")
NOBODY = 65534
"""As root the database runs as this user: PostgreSQL refuses to be root's."""


def search_path() -> str:
    """Debian's folders of each version, which are on nobody's PATH, and PATH."""
    folders = (str(path) for path in sorted(PROGRAMS.glob("*/bin")))
    return os.pathsep.join((*folders, os.environ.get("PATH", os.defpath)))


def check_installed() -> None:
    """
    Raises:
        LabError: there is none.
    """
    if shutil.which("initdb", path=search_path()) is None:
        raise LabError(
            "it needs PostgreSQL, and this machine has no initdb: install postgresql "
            "(Debian: apt-get install postgresql), or use ENGINE=docker"
        )


def prepare(root: Path, folder: Path) -> list[str]:
    """Make its folder and copy its programs there, where any user may read; its command.

    Raises:
        LabError: there is no PostgreSQL.
        OSError: the folder cannot be made.
    """
    check_installed()
    programs = shutil.copytree(root / "images" / NAME, folder / "programs")
    data = folder / "data"
    data.mkdir()
    entry = ["sh", str(programs / "entry")]
    if os.geteuid() != 0:
        return entry
    for path in (folder, data):
        os.chown(path, NOBODY, NOBODY)
    folder.parent.chmod(0o711)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *entry]


def environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "PATH": search_path(),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "LAB_DATA": str(folder / "data"),
        "LAB_HOST": LOOPBACK,
        "LAB_PORT": str(port),
    }
