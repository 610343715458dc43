"""Secrets, names and home paths out of what is handed on."""

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

SECRET_NAME = re.compile(
    r"secret|token|passw|passphrase|pwd$|credential|api_?key|access_?key|private|auth(?!or)"
    r"|signature|cookie|_key$|^key$|dsn|salt|webhook",
    re.IGNORECASE,
)
LEAST_CHARACTERS = 6
"""A shorter value is part of many words; it is replaced behind its name alone."""
ORDINARY_VALUES = frozenset(
    (
        *("true", "false", "enabled", "disabled", "production", "development", "testing"),
        *("default", "required", "optional", "localhost", "redacted", "changeme"),
    )
)
ORDINARY_USERS = frozenset(
    (
        *("root", "app", "user", "users", "ubuntu", "debian", "admin", "lab", "runner", "www"),
        *("www-data", "nobody", "docker", "vagrant", "ec2-user", "node", "python", "postgres"),
        *("web", "home", "worker", "service", "test", "default", "guest", "github"),
    )
)
"""Accounts that belong to nobody: their names are words of code, and say nothing of a person."""
ORDINARY_HOSTS = frozenset({"localhost", "host", "server", "app", "web", "debian", "ubuntu"})
HOMES = re.compile(r"(?:/home|/Users|/var/home|[A-Za-z]:\\+Users)[/\\]+[^/\\\s\"'<>:;,|)\]}]+")
URL_SECRET = re.compile(r"(?<=://)[^/\s:@'\"]*:[^@\s/'\"]+(?=@)")
TOKENS = re.compile(
    r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[\w-]{10,}"
    r"|(?<![\w-])(?=[\w-]++\.[\w-]{10,}+\.)[\w-]*?\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
    r"|\bsk-[A-Za-z0-9_-]{20,}|\bglpat-[\w-]{15,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----BEGIN )[\s\S])*?"
    r"-----END [A-Z ]*PRIVATE KEY-----"
)
"""Each looks at a character a few times at most: a file may be one line of megabytes."""
ASSIGNED = re.compile(r"\b([A-Za-z][A-Za-z0-9_]*)(\\?[\"']?\s*[=:]\s*\\?[\"']?)([^\s\"'\\,;}&]+)")
"""A name with its value, as a log, a traceback or a file of variables shows it."""
REDACTED, USER, HOST, HOME = "redacted", "user", "host", "~"


@dataclass(frozen=True, slots=True)
class PrivateWords:
    """What nobody else is to read."""

    secrets: tuple[str, ...] = ()
    """Values, whole."""
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()


def secret_values(environment: Mapping[str, str]) -> Iterator[str]:
    """The values of variables whose names look like secrets, as far as they are not plain words."""
    for name, value in environment.items():
        text = value.strip()
        if SECRET_NAME.search(name) and is_telling(text):
            yield text


def is_telling(value: str) -> bool:
    return len(value) >= LEAST_CHARACTERS and value.lower() not in ORDINARY_VALUES


@dataclass
class Redactor:
    """Replaces what is private, and counts by kind what it replaced."""

    private: PrivateWords
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.secrets = any_of(form for each in self.private.secrets for form in forms(each))
        homes = [each for each in self.private.homes if len(each) > 1]
        self.homes = any_of(homes, after=r"(?![A-Za-z0-9_-])")
        self.users = words(self.private.users, ORDINARY_USERS)
        self.hosts = words(self.private.hosts, ORDINARY_HOSTS)

    def text(self, text: str) -> str:
        """The text of a file, without what is private."""
        for pattern, shown in (
            (self.secrets, REDACTED),
            (TOKENS, REDACTED),
            (URL_SECRET, REDACTED),
            (self.homes, HOME),
            (HOMES, HOME),
            (self.hosts, HOST),
            (self.users, USER),
        ):
            if pattern is not None:
                text, count = pattern.subn(shown, text)
                self.count(shown, count)
        return text

    def said(self, text: str) -> str:
        """The text that a program printed, without what is private and without values behind names
        that look secret."""
        return ASSIGNED.sub(self.assignment, self.text(text))

    def assignment(self, match: re.Match[str]) -> str:
        if not SECRET_NAME.search(match[1]) or match[3] == REDACTED or is_code(match[3]):
            return match[0]
        self.count(REDACTED, 1)
        return f"{match[1]}{match[2]}{REDACTED}"

    def data(self, value: Any) -> Any:
        """Plain JSON data, each text in it without what is private."""
        if isinstance(value, str):
            return self.said(value)
        if isinstance(value, list):
            return [self.data(each) for each in value]
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(each) for key, each in value.items()}
        return value

    def count(self, shown: str, count: int) -> None:
        if count:
            self.counts[shown] = self.counts.get(shown, 0) + count


def is_code(value: str) -> bool:
    """Whether it is not a value but a call, a type or a name of code that stands behind a colon."""
    return value.endswith((")", "(", "]", "[")) or value in ("str", "None", "int", "bytes", "null")


def forms(secret: str) -> Iterator[str]:
    """A secret as it is and as files write it."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    yield quote(secret, safe="")


def any_of(texts: Iterable[str], after: str = "") -> re.Pattern[str] | None:
    """A pattern of any of the texts, the longest first; None without one."""
    longest_first = sorted(set(filter(None, texts)), key=lambda each: (-len(each), each))
    if not longest_first:
        return None
    return re.compile(f"(?:{'|'.join(map(re.escape, longest_first))}){after}")


def words(names: Iterable[str], ordinary: frozenset[str]) -> re.Pattern[str] | None:
    """A pattern of names as whole words, in any case; None where all of them are ordinary."""
    telling = sorted(
        {each for each in names if len(each) > 1 and each.lower() not in ordinary},
        key=lambda each: (-len(each), each),
    )
    if not telling:
        return None
    either = "|".join(map(re.escape, telling))
    # In a text with escapes the letter of `\n` stands before a word that begins a line.
    return re.compile(
        rf"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:{either})(?![A-Za-z0-9])", re.IGNORECASE
    )
