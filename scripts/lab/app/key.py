"""One key of lab.toml: its name, what is allowed, default, example and meaning."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from lab.app.toml_kinds import TomlKind

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Key(Generic[V]):
    """One key."""

    name: str
    kind: TomlKind[V]
    default: V
    example: str
    """The right-hand side of a line of lab.toml."""
    meaning: str
    default_words: str | None = None
    """The default as words, where the value does not say it."""
    setting: str | None = None
    """The setting that says the same of the matrix."""

    @property
    def default_text(self) -> str:
        """The default as one reads it, code in backticks."""
        if self.default_words is not None:
            return self.default_words
        return f"`{str(self.default).lower() if self.default is True else self.default}`"
