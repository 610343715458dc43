"""Where settings come from: the environment over .env, as Compose reads them."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lab.errors import LabError, UsageError
from lab.paths import DOTENV_FILE, ROOT

DOTENV_READER = ROOT / "scripts" / "shell" / "dotenv.awk"


def read_dotenv(path: Path) -> dict[str, str]:
    """The values of a .env file by name, read by the one reader that the shell uses, too.

    Raises:
        UsageError: a line cannot be read; says which and why. Or it is a folder, pipe or device.
        LabError: this machine has no awk.
    """
    if not path.exists():
        return {}
    if not path.is_file():
        raise UsageError(f"{path.name} is not a file: write one in its place, or remove it")
    try:
        with path.open("rb") as file:
            read = subprocess.run(
                ["awk", "-f", DOTENV_READER],
                stdin=file,
                capture_output=True,
                env={**os.environ, "LC_ALL": "C"},
                check=False,
            )
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}: {error.filename}") from error
    if read.returncode:
        raise UsageError(os.fsdecode(read.stderr).strip().removeprefix("lab: "))
    lines = os.fsdecode(read.stdout).split("\n")[:-1]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def given_settings(
    environment: Mapping[str, str] = os.environ, dotenv: Path = DOTENV_FILE
) -> dict[str, str]:
    """What was given, by name.

    Raises:
        LabError: .env cannot be read.
    """
    given = {name: value for name, value in environment.items() if value}
    return {**read_dotenv(dotenv), **given}
