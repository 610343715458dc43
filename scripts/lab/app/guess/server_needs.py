"""The servers that a project needs beside it, by its Compose file, its variables, its words."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lab.app.compose_text import interpolated, pairs
from lab.app.guess.folder import Folder, upwards
from lab.app.guess.guess_records import Guessed
from lab.app.guess.program_text import program_text
from lab.app.guess.stated_commands import COMPOSE_FILES, compose_services
from lab.app.server_addresses import (
    SCHEMES,
    URL,
    asked_by,
    kind_of_image,
    merged_by_kind,
    urls,
    with_names_in,
)
from lab.records.app_services import ServiceAsked, ServiceKind

STATED = re.compile(
    r"['\"]?\b\w*?(?P<what>user(?:name)?|role|dbname|database|db|name|password|passwd|pass)['\"]?"
    r"[ \t]*(?::=|[:=,])[ \t]*(?:\w+[\w.]*\(\s*)?"
    r"(?:(?-i:['\"][A-Z][A-Z0-9_]+['\"])\s*,\s*(?:default\s*=\s*)?)?"
    r"(?P<quote>['\"])(?P<value>[A-Za-z_][\w-]{0,40})(?P=quote)",
    re.IGNORECASE,
)
"""`'NAME': 'shop'`, `os.getenv("DB_NAME", "shop")`."""
LINE = re.compile(
    r"^[ \t]*(?:-[ \t]+)?(?:(?:export|ENV|ARG|set)[ \t]+)?"
    r"\w*?(?P<what>user(?:name)?|role|dbname|database|db|name|password|passwd|pass)"
    r"[ \t]*[:=][ \t]*(?P<value>[A-Za-z_][\w-]{0,40})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""`user: shop`, alone on its line of a file that is not a program."""
TELLING = {
    ServiceKind.POSTGRES: re.compile(r"postgres|psycopg|asyncpg|aiopg", re.IGNORECASE),
    ServiceKind.MARIADB: re.compile(r"mysql|mariadb", re.IGNORECASE),
    ServiceKind.MONGODB: re.compile(r"mongo", re.IGNORECASE),
}
OF_DATABASE = re.compile(r"db|database|postgres|pg|sql|mongo|maria", re.IGNORECASE)
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
NO_NAMES = frozenset(
    {"localhost", "none", "true", "false", "null", "str", "self", "os", "env", "config", "int"}
)
MOST_VARIABLE_NAMES = 8
BY_SERVICE = {
    "PostgreSQL": ServiceKind.POSTGRES,
    "MySQL or MariaDB": ServiceKind.MARIADB,
    "Redis": ServiceKind.REDIS,
    "MongoDB": ServiceKind.MONGODB,
    "RabbitMQ": ServiceKind.RABBITMQ,
}
"""The kinds by the names that failures have for them."""


def services(folder: Folder, project: str, environment: Mapping[str, str]) -> Guessed | None:
    """The servers that the project's Compose file starts beside it, or its variables name."""
    composed, where = from_compose(folder, project)
    named = [asked_by(match) for match in urls(environment)]
    asked = merged_by_kind((*composed, *named))
    if not asked:
        return None
    why = where if composed else "its variables name them"
    return Guessed("services", texts(with_names(folder, asked, environment)), why)


def from_compose(folder: Folder, project: str) -> tuple[list[ServiceAsked], str]:
    """The servers of the nearest Compose file, by their images."""
    for up in upwards(project):
        for name in folder.inside(up, COMPOSE_FILES):
            servers = list(compose_servers(compose_services(folder.text(name))))
            if servers:
                return servers, f"services of {name}"
    return [], ""


def compose_servers(services: Mapping[str, Mapping[str, Any]]) -> Iterator[ServiceAsked]:
    for name, values in services.items():
        kind = kind_of_image(values.get("image"))
        if kind is not None:
            asked = ServiceAsked(kind, hosts=(name,))
            yield with_names_in((asked,), stated_variables(values))[0]


def stated_variables(values: Mapping[str, Any]) -> dict[str, str]:
    """A server's own variables, where they are written out."""
    stated = pairs(values.get("environment"))
    with contextlib.suppress(ValueError):
        return {name: value for name, each in stated.items() if (value := interpolated(each, {}))}
    return {}


def with_names(
    folder: Folder, asked: Sequence[ServiceAsked], environment: Mapping[str, str]
) -> tuple[ServiceAsked, ...]:
    """The servers with the users and databases that the project's own files name for them."""
    more = [stated_names(folder, each.kind) for each in asked]
    whole = with_names_in(asked, environment)
    return merged_by_kind((*whole, *(each for each in more if each is not None)))


def stated_names(folder: Folder, kind: ServiceKind) -> ServiceAsked | None:
    """Names in the files that speak of such a server."""
    telling = TELLING.get(kind)
    if telling is None:
        return named_hosts(folder, kind)
    stated: dict[str, list[str]] = {"user": [], "database": []}
    asked = []
    for name, whole in folder.files.items():
        text = program_text(name, whole) if telling.search(whole) else ""
        if not telling.search(text):
            continue
        asked += [asked_by(m) for m in URL.finditer(text) if SCHEMES.get(m["scheme"]) is kind]
        lines = () if name.endswith(".py") else LINE.finditer(text)
        for match in (*STATED.finditer(text), *lines):
            is_user = match["what"].lower().startswith(("user", "role"))
            is_secret = match["what"].lower().startswith("pass")
            if (
                not is_secret
                and is_name(match["value"])
                and is_of_database(match[0], match["what"])
            ):
                stated["user" if is_user else "database"].append(match["value"])
    short = {
        key: tuple(dict.fromkeys(names))[:MOST_VARIABLE_NAMES] for key, names in stated.items()
    }
    first = ServiceAsked(kind, users=short["user"], databases=short["database"])
    return merged_by_kind((*asked, first))[0]


def is_name(value: str) -> bool:
    """Whether a value may be a name, and not that of a variable."""
    return value.lower() not in NO_NAMES and not VARIABLE.fullmatch(value)


def is_of_database(stated: str, what: str) -> bool:
    """Whether `name` is a database's: of `DB_NAME` and Django's `'NAME'`, not of a service."""
    key = re.split(r"[:=,]", stated)[0].strip(" \t'\"-")
    if what.lower() != "name":
        return True
    return key == "NAME" or OF_DATABASE.search(key) is not None


def named_hosts(folder: Folder, kind: ServiceKind) -> ServiceAsked | None:
    texts = (program_text(name, text) for name, text in folder.files.items())
    matches = [m for text in texts for m in URL.finditer(text) if SCHEMES.get(m["scheme"]) is kind]
    return merged_by_kind(asked_by(match) for match in matches)[0] if matches else None


def texts(asked: Sequence[ServiceAsked]) -> list[str]:
    """The servers as lab.toml writes them: a kind alone, or a URL for each set of names."""
    return [text for each in asked for text in texts_of(each)]


def texts_of(asked: ServiceAsked) -> Iterator[str]:
    """One URL for each row of names; the kind alone where it has none that says more."""
    columns = (asked.users, asked.passwords[:1], asked.databases, asked.hosts)
    rows = min(max(map(len, columns)), MOST_VARIABLE_NAMES)
    if rows == 0:
        yield asked.kind.value
    for row in range(rows):
        user, password, database, host = (
            column[row] if row < len(column) else "" for column in columns
        )
        login = f"{user}:{password}@" if password else f"{user}@" if user else ""
        path = f"/{database}" if database else ""
        yield f"{asked.kind.value}://{login}{host}{path}" if login or host or path else asked.kind


def with_server_added(guessed: Guessed | None, more: ServiceAsked, why: str) -> Guessed:
    """The key with one more server, or with more names of one."""
    old = [] if guessed is None else list(guessed.value)
    new = [text for text in texts_of(more) if text not in old]
    return Guessed("services", [*old, *new], why)
