"""Checks an app's description before anything is built; the standard library is enough for it."""

import sys
from collections.abc import Iterator, Mapping

from lab.app.folder import app_folder
from lab.app.spec import FILE
from lab.app.spec_file import can_read, read_description
from lab.errors import ExitCode, LabError
from lab.paths import ROOT
from lab.settings import given_settings

KEYS = {
    "REQUESTS": "count",
    "CONCURRENCY": "concurrency",
    "BLOCKS": "blocks",
    "WORKERS": "workers",
    "CONNECTION": "connection",
}
"""Settings of the matrix, and the keys of a description that say the same."""
OF_THE_MATRIX = ("SUITE", "VARIANTS", "TRIALS", "ID")


def unused(given: Mapping[str, str], file: str) -> Iterator[str]:
    """A line for each setting that was given and says nothing of an own app."""
    for name in (*KEYS, *OF_THE_MATRIX):
        if value := given.get(name):
            instead = f": say `{KEYS[name]}` in {file}" if name in KEYS else ""
            yield f"{name}={value} is not used by make try{instead}"


def main() -> int:
    """Prints where the description stands, when all is well as far as this Python can tell."""
    try:
        given = given_settings()
        app = app_folder(given, ROOT)
        if can_read():
            read_description(app)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    for line in unused(given, app.name if app.suffix == ".toml" else FILE):
        print(f"lab: {line}", file=sys.stderr)
    print((app if app.suffix == ".toml" else app / FILE).resolve())
    return ExitCode.DECIDED


if __name__ == "__main__":
    sys.exit(main())
