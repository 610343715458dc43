"""A database for a variant that needs one: this machine's own PostgreSQL, on loopback.

`images/postgres/entry` starts it, as in its container. It runs below its own supervisor, so that
its memory is not part of the variant's.
"""

import os
import shutil
from pathlib import Path

from lab.engines.process.ports import LOOPBACK
from lab.errors import LabError

NAME = "postgres"
PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian has them."""
NOBODY = 65534
"""The user of the database where the lab runs as root, which PostgreSQL refuses."""


def search_path(programs: Path) -> str:
    """A PATH with Debian's folder of each version in front, as Debian puts none of them on PATH."""
    folders = (str(path) for path in sorted(programs.glob("*/bin")))
    return os.pathsep.join((*folders, os.environ.get("PATH", os.defpath)))


def check_installed(programs: Path) -> None:
    """Refuse a machine without PostgreSQL.

    Raises:
        LabError: there is none.
    """
    if shutil.which("initdb", path=search_path(programs)) is None:
        raise LabError(
            "it needs PostgreSQL, and this machine has no initdb: install postgresql "
            "(Debian: apt-get install postgresql), or use ENGINE=docker"
        )


def prepare(root: Path, folder: Path, programs: Path) -> list[str]:
    """The database's command, after its folder was made and its entry was copied there.

    Args:
        root: the repository.
        folder: the database's own.
        programs: where PostgreSQL is, a folder for each version.

    Raises:
        LabError: there is no PostgreSQL.
        OSError: the folder cannot be made.
    """
    check_installed(programs)
    copied = shutil.copytree(root / "images" / NAME, folder / "programs")
    data = folder / "data"
    data.mkdir()
    entry = ["sh", str(copied / "entry")]
    if os.geteuid() != 0:
        return entry
    for path in (folder, data):
        os.chown(path, NOBODY, NOBODY)
    folder.parent.chmod(0o711)
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *entry]


def environment(folder: Path, port: int, programs: Path) -> dict[str, str]:
    return {
        "PATH": search_path(programs),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "LAB_DATA": str(folder / "data"),
        "LAB_HOST": LOOPBACK,
        "LAB_PORT": str(port),
    }
