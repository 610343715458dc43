"""What the value of a key of lab.toml may be: it is parsed, or refused with what is allowed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from lab.app.env_file import parse_env
from lab.app.server_addresses import merged_by_kind, service_of
from lab.app.spec import Upload
from lab.errors import LabError
from lab.files import read_bytes
from lab.named_paths import path_below, what_stands
from lab.records.app_services import ServiceAsked, ServiceKind
from lab.settings import parse_size
from lab.units import MIB

T_co = TypeVar("T_co", covariant=True)
Word = TypeVar("Word", bound=StrEnum)


class TomlKind(Protocol[T_co]):
    """A kind of value."""

    @property
    def allowed(self) -> str:
        """The allowed values in words, behind `allowed is`."""

    def parse(self, value: Any, folder: Path) -> T_co:
        """The parsed value.

        Args:
            value: as the reader of TOML gives it.
            folder: the app's, in which files are named.

        Raises:
            ValueError: it is not such a value; says what is allowed.
        """


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def file_in(folder: Path, name: str) -> Path:
    """A file of the app's folder, by its name there.

    Raises:
        ValueError: no file below the folder has it; says what has.
    """
    path = path_below(folder, name)
    if path is None or not path.is_file():
        raise ValueError(f"a file below {folder} ({what_stands(folder, name)})")
    return path


@dataclass(frozen=True, slots=True)
class Whole:
    """A number within bounds, both of them allowed."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def parse(self, value: Any, _: Path) -> int:
        if not is_whole(value) or not self.low <= value <= self.high:
            raise ValueError(self.allowed)
        return int(value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, both of them allowed."""

    low: float
    high: float

    @property
    def allowed(self) -> str:
        return f"a number from {self.low} to {self.high}"

    def parse(self, value: Any, _: Path) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not self.low <= value <= self.high:
            raise ValueError(self.allowed)
        return float(value)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    allowed: str = "true or false"

    def parse(self, value: Any, _: Path) -> bool:
        if not isinstance(value, bool):
            raise ValueError(self.allowed)
        return value


@dataclass(frozen=True, slots=True)
class OneWord:
    """One of a few texts."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.words)

    def parse(self, value: Any, _: Path) -> str:
        if value not in self.words:
            raise ValueError(self.allowed)
        return str(value)


@dataclass(frozen=True, slots=True)
class OneMember(Generic[Word]):
    """One of the values of an enum."""

    members: type[Word]

    @property
    def allowed(self) -> str:
        return "one of " + ", ".join(self.members)

    def parse(self, value: Any, _: Path) -> Word:
        if not isinstance(value, str) or value not in set(self.members):
            raise ValueError(self.allowed)
        return self.members(value)


@dataclass(frozen=True, slots=True)
class PatternText:
    """A text of a pattern."""

    allowed: str = "a text"
    pattern: str = r".*"

    def parse(self, value: Any, _: Path) -> str:
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value, re.DOTALL):
            raise ValueError(self.allowed)
        return value


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts of a pattern."""

    allowed: str
    pattern: str

    def parse(self, value: Any, _: Path) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise ValueError(self.allowed)
        if not all(isinstance(item, str) and re.fullmatch(self.pattern, item) for item in value):
            raise ValueError(self.allowed)
        return tuple(value)


@dataclass(frozen=True, slots=True)
class Services:
    """Servers beside the app: kinds, or URLs with the names that they must know."""

    allowed: str = f"a list of {', '.join(ServiceKind)}, or of URLs such as postgres://user@db/shop"

    def parse(self, value: Any, folder: Path) -> tuple[ServiceAsked, ...]:
        texts = Texts(self.allowed, r"\S+").parse(value, folder)
        try:
            return merged_by_kind(service_of(text) for text in texts)
        except ValueError:
            raise ValueError(self.allowed) from None


@dataclass(frozen=True, slots=True)
class TextMap:
    """A table of texts and numbers as texts, whose names and texts have patterns."""

    allowed: str
    names: str
    texts: str = r".*"

    def parse(self, value: Any, _: Path) -> Mapping[str, str]:
        if not isinstance(value, dict):
            raise ValueError(self.allowed)
        for name, item in value.items():
            if isinstance(item, bool):
                spelled = f'{name} = "{str(item).lower()}"'
                raise ValueError(f"{self.allowed}: quote it, {spelled}")
            if not isinstance(item, str | int | float):
                raise ValueError(self.allowed)
        texts = {name: str(item) for name, item in value.items()}
        named = all(re.fullmatch(self.names, name) for name in texts)
        if not named or not all(re.fullmatch(self.texts, i, re.DOTALL) for i in texts.values()):
            raise ValueError(self.allowed)
        return texts


@dataclass(frozen=True, slots=True)
class FileName:
    """The name of a file in the app's folder."""

    allowed: str = "the name of a file in the folder"

    def parse(self, value: Any, folder: Path) -> Path:
        return file_in(folder, PatternText(self.allowed).parse(value, folder))


@dataclass(frozen=True, slots=True)
class EnvFile:
    """A file of the folder with variables, of which those with names of a pattern are taken."""

    names: str
    most_bytes: int = MIB
    allowed: str = "a file of the folder, a text in UTF-8 of at most 1 MiB, a NAME=value a line"

    def parse(self, value: Any, folder: Path) -> Mapping[str, str]:
        file = FileName().parse(value, folder)
        try:
            variables = parse_env(read_bytes(file, self.most_bytes).decode("utf-8-sig"))
        except (LabError, UnicodeDecodeError):
            raise ValueError(self.allowed) from None
        if any("\0" in text for text in variables.values()):
            raise ValueError(f"{self.allowed}, without zero bytes")
        return {name: text for name, text in variables.items() if re.fullmatch(self.names, name)}


@dataclass(frozen=True, slots=True)
class Size:
    """A size in bytes within bounds."""

    smallest: str
    largest: str

    @property
    def allowed(self) -> str:
        return f"a size from {self.smallest} to {self.largest}"

    def parse(self, value: Any, folder: Path) -> int:
        try:
            size_bytes = parse_size(PatternText().parse(value, folder))
        except ValueError:
            size_bytes = 0
        if not parse_size(self.smallest) <= size_bytes <= parse_size(self.largest):
            raise ValueError(self.allowed)
        return size_bytes


@dataclass(frozen=True, slots=True)
class Statuses:
    """An HTTP status, or a list of them."""

    allowed: str = "a status from 100 to 599, or a list of them"

    def parse(self, value: Any, _: Path) -> tuple[int, ...]:
        statuses = value if isinstance(value, list) else [value]
        if not all(is_whole(status) and 100 <= status <= 599 for status in statuses):
            raise ValueError(self.allowed)
        return tuple(statuses)


@dataclass(frozen=True, slots=True)
class Uploads:
    """The fields of a form: texts, and files of the folder behind an `@`."""

    allowed: str = "names with texts; `@` and a file of the folder uploads it"

    def parse(self, value: Any, folder: Path) -> tuple[Upload, ...]:
        fields = TextMap(self.allowed, r'[^"\r\n\0]+').parse(value, folder)
        return tuple(
            Upload(name, file=file_in(folder, text[1:]))
            if text.startswith("@")
            else Upload(name, text=text)
            for name, text in fields.items()
        )
