"""What of this machine nobody else is to read: its user, its name, its secrets."""

import contextlib
import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from lab.app.env_file import parse_env
from lab.errors import LabError
from lab.files import read_bytes
from lab.share.contents import ENV_FILE
from lab.share.redaction import PrivateWords, secret_values
from lab.units import MIB

MOST_PRIVATE_FILE_BYTES = MIB
MOST_FILES_LISTED = 50


def private_here(app: Path | None, *environments: Mapping[str, str]) -> PrivateWords:
    """This user, this machine, and the secrets of its variables.

    Args:
        app: the folder of the app; the values of its `.env` files are secrets, too.
        environments: more variables, such as those of lab.toml.
    """
    every = (dict(os.environ), *environments, *(env_files(app) if app else ()))
    values = (value for each in every for value in secret_values(each))
    host = socket.gethostname()
    return PrivateWords(
        tuple(dict.fromkeys(values)),
        user_names(),
        tuple(dict.fromkeys((host, host.partition(".")[0]))),
        (str(Path.home()),),
    )


def user_names() -> tuple[str, ...]:
    """The names of this user, and of the one who called sudo."""
    names = [os.environ.get(name, "") for name in ("SUDO_USER", "USER", "LOGNAME")]
    with contextlib.suppress(KeyError, OSError):
        names.append(getpass.getuser())
    return tuple(dict.fromkeys(filter(None, names)))


def env_files(app: Path) -> Iterator[Mapping[str, str]]:
    """The variables of the `.env` files in the app's folder itself."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: a name that no folder has
        names = sorted(path.name for path in app.iterdir() if ENV_FILE.fullmatch(path.name.lower()))
        for name in names[:MOST_FILES_LISTED]:
            with contextlib.suppress(LabError, UnicodeDecodeError):
                yield parse_env(read_bytes(app / name, MOST_PRIVATE_FILE_BYTES).decode("utf-8-sig"))
