"""Checks an app's description before anything is built; the standard library is enough for it."""

import sys
from pathlib import Path

from lab.errors import ExitCode, LabError
from lab.own.description import FILE
from lab.own.folder import app_folder
from lab.own.toml import can_read, read_description
from lab.settings import given_settings

ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    """Prints where the description stands, when all is well as far as this Python can tell."""
    try:
        app = app_folder(given_settings(), ROOT)
        if can_read():
            read_description(app)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    print((app if app.suffix == ".toml" else app / FILE).resolve())
    return ExitCode.DECIDED


if __name__ == "__main__":
    sys.exit(main())
