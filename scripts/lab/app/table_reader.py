"""Typed values out of one table of lab.toml; what cannot be used is refused with all its names."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from lab.errors import UsageError


class Table:
    """One table of the file, and where it stands."""

    def __init__(self, file: Path, where: str, values: Mapping[str, Any]) -> None:
        self.file, self.where, self.values = file, where, values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def refuse(self, name: str, allowed: str) -> NoReturn:
        value = self.values[name]
        raise UsageError(
            f"{self.file}: {self.where}{name} = {value!r} cannot be used: allowed is {allowed}"
        )

    def text(self, name: str, default: str, allowed: str = "a text", pattern: str = r".*") -> str:
        value = self.values.get(name, default)
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.DOTALL):
            self.refuse(name, allowed)
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.values.get(name, default)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            self.refuse(name, f"a whole number from {low} to {high}")
        return int(value)

    def flag(self, name: str, default: bool) -> bool:
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            self.refuse(name, "true or false")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.values.get(name, choices[0])
        if value not in choices:
            self.refuse(name, "one of " + ", ".join(choices))
        return str(value)

    def texts(self, name: str, allowed: str, pattern: str = r".+") -> tuple[str, ...]:
        """A list of texts; empty without the key."""
        value = self.values.get(name, [])
        if not isinstance(value, list):
            self.refuse(name, allowed)
        if not all(isinstance(item, str) and re.fullmatch(pattern, item) for item in value):
            self.refuse(name, allowed)
        return tuple(value)

    def mapping(self, name: str, allowed: str, pattern: str) -> dict[str, str]:
        """A table of texts and numbers as texts, whose names have the pattern."""
        value = self.values.get(name, {})
        if not isinstance(value, dict) or not all(re.fullmatch(pattern, key) for key in value):
            self.refuse(name, allowed)
        plain = (str, int, float)
        if not all(isinstance(i, plain) and not isinstance(i, bool) for i in value.values()):
            self.refuse(name, allowed)
        return {key: str(item) for key, item in value.items()}

    def path_in(self, name: str, given: str) -> Path:
        """A file of the app's folder, by its name there."""
        folder = self.file.parent
        path = (folder / given).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            self.refuse(name, f"a file below {folder} (there is none of that name)")
        return path
