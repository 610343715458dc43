"""The folder of the app to measure: the user's own, or an example."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from lab.app.spec import FILE
from lab.errors import UsageError
from lab.files import path_text
from lab.named_paths import folder_fault

EXAMPLES = Path("apps") / "examples"


def app_folder(given: Mapping[str, str], root: Path) -> Path:
    """The folder that APP or EXAMPLE names.

    Raises:
        UsageError: neither does, or there is no such example.
    """
    name, app = given.get("EXAMPLE", ""), given.get("APP", "")
    if app:
        return Path(app).expanduser()
    folders = examples(root)
    if not name:
        names = choice_of(folders)
        raise UsageError(f"no app is named: give APP=path/to/folder, or EXAMPLE=, one of {names}")
    if name not in folders:
        raise UsageError(f"EXAMPLE={name!r} is unknown: choose one of {choice_of(folders)}")
    return folders[name]


def choice_of(names: Collection[str]) -> str:
    """The examples on one line: their mended releases once, not one by one."""
    listed = ", ".join(sorted(name for name in names if "/" not in name))
    mended = next((name for name in sorted(names) if "/" in name), None)
    return f"{listed}; or a mended release, such as {mended}" if mended else listed


def check_folder(folder: Path, given: Path) -> None:
    """Refuse a path that is not a folder.

    Raises:
        UsageError: it is none; says what stands there.
    """
    if fault := folder_fault(folder):
        raise UsageError(
            f"APP={given}: {path_text(folder)} is {fault}: give the folder that holds the app"
        )


def is_undescribed(app: Path) -> bool:
    """Whether it is a folder without a lab.toml, of which a guess must be made."""
    return app.suffix != ".toml" and os.path.isdir(app) and not os.path.lexists(app / FILE)


def examples(root: Path) -> dict[str, Path]:
    """The descriptions by their names: `<folder>`, and `<folder>/mended` for the mended release."""
    files = sorted((root / EXAMPLES).glob("*/*.toml"))
    return {name_of_example(file): file for file in files}


def name_of_example(file: Path) -> str:
    return file.parent.name + ("" if file.name == FILE else f"/{file.stem}")
