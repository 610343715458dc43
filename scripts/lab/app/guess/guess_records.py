"""What a guess is made of: frozen records, each with its reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

WEBSOCKET = "websocket"
"""The kind of a request that opens one."""


@dataclass(frozen=True, slots=True)
class Guessed:
    """One key's value, and why."""

    key: str
    value: Any
    why: str


@dataclass(frozen=True, slots=True)
class GuessedRequest:
    """One kind of request as a table of lab.toml, and where it was found."""

    values: Mapping[str, Any]
    why: str

    @property
    def path(self) -> str:
        return str(self.values.get("path", "/"))

    @property
    def method(self) -> str:
        """The request's method; of a websocket the word that the load's counts use."""
        return WEBSOCKET.upper() if self.is_websocket else str(self.values.get("method", "GET"))

    @property
    def is_websocket(self) -> bool:
        return self.values.get("kind") == WEBSOCKET


@dataclass(frozen=True)
class Guess:
    """A whole description, and what may stand in the place of its parts."""

    keys: tuple[Guessed, ...]
    requests: tuple[GuessedRequest, ...] = ()
    filled: tuple[GuessedRequest, ...] = ()
    """The requests that are tried where none of `requests` is answered."""
    commands: tuple[Guessed, ...] = ()
    """The ones to try next, best first."""
    pythons: tuple[str, ...] = ()
    """The ones to try next, best first."""
    local: frozenset[str] = frozenset()
    """First names of what the project itself can be imported by."""
    hosts: tuple[str, ...] = ()
    """The names by which it lets itself be asked."""
    notes: tuple[str, ...] = field(default=())
    """What was changed since the first guess, a sentence each."""

    def key(self, name: str) -> Guessed | None:
        return next((each for each in self.keys if each.key == name), None)

    def value(self, name: str) -> Any:
        guessed = self.key(name)
        return guessed.value if guessed else None

    def having(self, *changed: Guessed) -> "Guess":
        """The guess with these keys in place of its own of the same names."""
        names = {each.key for each in changed}
        kept = [each for each in self.keys if each.key not in names]
        return replace(self, keys=(*kept, *changed))

    def without(self, name: str) -> "Guess":
        return replace(self, keys=tuple(each for each in self.keys if each.key != name))

    def noting(self, note: str) -> "Guess":
        return replace(self, notes=(*self.notes, note))

    def asking(self, requests: Iterable[GuessedRequest]) -> "Guess":
        """The guess that is measured with these requests."""
        return replace(self, requests=tuple(requests))
