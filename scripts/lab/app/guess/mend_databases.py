"""The next guess with a database in a file of the app's copy."""

import re
from collections.abc import Iterator

from lab.app.guess.failures import Failure, missing_service
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.server_needs import BY_SERVICE
from lab.app.server_addresses import service_of
from lab.records.app_services import ServiceKind

SERVER_URL = re.compile(r"(postgres\w*|mysql\w*|mariadb)(\+\w+)?://")
SQLITE = "sqlite:///./lab.db"
FILE_URL = re.compile(r"sqlite(\+\w+)?:///")
ASYNC_SQLITE = "sqlite+aiosqlite:///./lab.db"


def local_database(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess with SQLite in a file, where a variable names a server that is not there."""
    service = missing_service(failure.said)
    if service in BY_SERVICE and BY_SERVICE[service] in asked_kinds(guess):
        return  # it stands beside the app: something else is missing
    environment = guess.value("environment") or {}
    named = {name: value for name, value in environment.items() if SERVER_URL.match(str(value))}
    if service in ("PostgreSQL", "MySQL or MariaDB") and named:
        replaced = {
            name: ASYNC_SQLITE if "+async" in value or "+aio" in value else SQLITE
            for name, value in named.items()
        }
        why = f"SQLite for {', '.join(named)}, as no {service} answers"
        yield guess.having(Guessed("environment", {**environment, **replaced}, why)).noting(why)


def asked_kinds(guess: Guess) -> set[ServiceKind]:
    """The kinds of servers beside it."""
    return {service_of(text).kind for text in guess.value("services") or ()}


def database_in_copy(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess with a database's file in the app's copy, where its folder does not exist."""
    environment = guess.value("environment") or {}
    replaced = {
        name: ASYNC_SQLITE if "+aio" in value else SQLITE
        for name, value in environment.items()
        if FILE_URL.match(str(value)) and value not in (SQLITE, ASYNC_SQLITE)
    }
    if replaced and "unable to open database file" in failure.said:
        why = f"a file of the copy for {', '.join(replaced)}: its folder is not there"
        yield guess.having(Guessed("environment", {**environment, **replaced}, why)).noting(why)
