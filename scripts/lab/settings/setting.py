"""One setting: its name, default, what is allowed, what it means, an example, who uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from lab.errors import UsageError
from lab.settings.kinds import SettingKind

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Setting(Generic[V]):
    """A declaration; everything that is written of a setting elsewhere is held to it."""

    name: str
    kind: SettingKind[V]
    default: str
    """As one would type it; empty: none."""
    meaning: str
    example: str
    targets: tuple[str, ...]
    """The targets of make that use it."""
    is_recorded: bool = True
    """Whether it stands in the command line that a run records."""

    def text(self, given: Mapping[str, str]) -> str:
        """What was given for it, else its default."""
        return given.get(self.name, "").strip() or self.default

    def read(self, given: Mapping[str, str]) -> V:
        """The value that was given, else the default.

        Raises:
            UsageError: the value is not allowed; says its name, the value and what is.
        """
        text = self.text(given)
        try:
            return self.kind.parse(text)
        except ValueError as error:
            raise UsageError(f"{self.name}={text!r} cannot be used: allowed is {error}") from error
