"""TOML files of a folder as tables."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lab.app.guess.folder import Folder
from lab.app.spec_file import parse
from lab.errors import LabError


def read_toml(folder: Folder) -> Callable[[str], Mapping[str, Any]]:
    """A reader of a file by its name; empty where it is missing, no TOML, or cannot be read."""

    @cache
    def read(name: str) -> Mapping[str, Any]:
        if name not in folder.files:
            return {}
        try:
            return parse(folder.text(name), Path(name))
        except (LabError, RecursionError):
            return {}

    return read
