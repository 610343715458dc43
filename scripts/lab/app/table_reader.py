"""Typed values out of one table of lab.toml; what cannot be used is refused with all its names."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from lab.app.key import Key
from lab.errors import UsageError
from lab.records.codec import value_text
from lab.text.phrases import clipped

V = TypeVar("V")
MOST_KEY_SHOWN = 300
"""Characters of a name or a value in a message."""
LEAST_SIMILARITY = 0.5
"""The least similarity, of 1, at which an unknown name is taken for a misspelt one."""


class Table:
    """One table of the file, and where it stands."""

    def __init__(self, file: Path, where: str, values: Mapping[str, Any]) -> None:
        self.file, self.values = file, values
        self.where = where
        """The table's name in messages, such as `requests[2].`; empty at the top."""

    def __contains__(self, key: Key[Any]) -> bool:
        return key.name in self.values

    def check_names(self, names: tuple[str, ...]) -> None:
        """Refuse a name that no key has.

        Raises:
            UsageError: a name in the table is unknown; says the nearest that is not.
        """
        for name in self.values:
            if name not in names:
                near = difflib.get_close_matches(name, names, 1, LEAST_SIMILARITY)
                hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(names)}"
                known = clipped(name, MOST_KEY_SHOWN)
                raise UsageError(f"{self.file}: the key {self.where}{known} is unknown: {hint}")

    def read(self, key: Key[V]) -> V:
        """The key's value, or its default.

        Raises:
            UsageError: the value is not allowed.
        """
        if key not in self:
            return key.default
        try:
            return key.kind.parse(self.values[key.name], self.file.parent)
        except ValueError as error:
            self.refuse(key.name, str(error))

    def refuse(self, name: str, allowed: str) -> NoReturn:
        value = value_text(self.values[name], MOST_KEY_SHOWN)
        raise UsageError(
            f"{self.file}: {self.where}{name} = {value} cannot be used: allowed is {allowed}"
        )
