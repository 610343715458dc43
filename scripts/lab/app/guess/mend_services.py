"""The next guess about the servers beside an app, by what a start without them said."""

import re
from collections.abc import Iterator

from lab.app.guess.compose_keys import companion_keys
from lab.app.guess.dependencies import required_names
from lab.app.guess.failures import UNREACHABLE, Failure, FailureKind, missing_service
from lab.app.guess.folder import Folder
from lab.app.guess.guess import project_folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.server_needs import BY_SERVICE, services, texts, with_names, with_server_added
from lab.app.server_addresses import service_of
from lab.records.app_services import ServiceAsked, ServiceKind

DRIVERS = {
    ServiceKind.POSTGRES: "psycopg psycopg2 psycopg2-binary asyncpg aiopg pg8000 psycopg-binary",
    ServiceKind.REDIS: "redis aioredis django-redis flask-redis fastapi-cache2 arq rq",
    ServiceKind.MARIADB: "pymysql mysqlclient aiomysql asyncmy mysql-connector-python mariadb "
    "flask-mysqldb flask-mysql",
    ServiceKind.MONGODB: "pymongo motor mongoengine beanie flask-pymongo odmantic",
    ServiceKind.RABBITMQ: "pika aio-pika aiormq",
}
"""Packages that speak to them."""
MISSING_NAMES = (
    (ServiceKind.POSTGRES, "users", r'role "([^"]+)" does not exist'),
    (ServiceKind.POSTGRES, "databases", r'database "([^"]+)" does not exist'),
    (ServiceKind.MARIADB, "databases", r"Unknown database '([^']+)'"),
)
ALREADY = re.compile(r'(role|database) "[^"]+" already exists')
CANNOT = "cannot be had here"
COMPOSED = "compose: "
"""How a note begins of a guess that takes its Compose file."""


def more_services(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with a server that it could not reach, or a name that a server did not know."""
    key = guess.key("services")
    kinds = {service_of(text).kind for text in (key.value if key else ())}
    bare = [kind.value for kind in kinds]
    if key is not None and ALREADY.search(failure.said) and set(bare) != set(key.value):
        why = "without the names that its own preparation makes"
        yield guess.having(Guessed("services", bare, why)).noting(f"services {why}")
    for kind in missing_kinds(guess, failure, folder):
        if kind not in kinds and not refused_before(guess, kind):
            (asked,) = with_names(folder, (ServiceAsked(kind),), guess.value("environment") or {})
            why = f"{kind}, which it could not reach"
            yield guess.having(with_server_added(key, asked, why)).noting(f"services and {why}")
    for kind, field, pattern in MISSING_NAMES:
        for name in re.findall(pattern, failure.said)[-1:]:
            more = ServiceAsked(kind, **{field: (name,)})
            if kind in kinds and key is not None and texts((more,))[0] not in key.value:
                why = f"{name}, which its {kind} did not know"
                yield guess.having(with_server_added(key, more, why)).noting(f"services and {why}")


def with_companions(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess by its Compose file, where it missed something that only that file starts."""
    was_tried = any(note.startswith(COMPOSED) for note in guess.notes)
    has_them = guess.key("compose") is not None and guess.key("services") is None
    if was_tried or has_them or not UNREACHABLE.search(failure.said):
        return
    if keys := companion_keys(folder, project_folder(folder)):
        why = f"{COMPOSED}{keys[0].why}, and it could not reach something"
        yield guess.without("services").having(*keys).noting(why)


def without_companions(guess: Guess, folder: Folder) -> Iterator[Guess]:
    """The guess with servers alone, where what else its Compose file starts does not come up."""
    if guess.key("compose") is None or guess.key("services") is not None:
        return
    is_built = guess.key("dockerfile") is not None
    alone = guess if is_built else guess.without("compose").without("service")
    servers = services(folder, project_folder(folder), guess.value("environment") or {})
    if servers is None and is_built:
        servers = Guessed("services", [], "nothing stands beside it")
    with_servers = alone.having(servers) if servers is not None else alone
    yield with_servers.noting("without what its Compose file starts beside its servers")


def missing_kinds(guess: Guess, failure: Failure, folder: Folder) -> Iterator[ServiceKind]:
    """The kinds of servers that a failure names; where it names none, those that the packages speak
    to."""
    named = missing_service(failure.said)
    if named in BY_SERVICE:
        yield BY_SERVICE[named]
    elif failure.kind in (FailureKind.NEVER_READY, FailureKind.REFUSED):
        names = required_names(folder, guess.key("requirements"))
        yield from (kind for kind, drivers in DRIVERS.items() if names & set(drivers.split()))


def refused_before(guess: Guess, kind: ServiceKind) -> bool:
    return any(note.startswith(f"without {kind},") for note in guess.notes)


def without_service(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess without a server that cannot be had, as the app may come up all the same."""
    key, kind = guess.key("services"), failure.said.partition(":")[0]
    if key is None:
        return
    kept = [text for text in key.value if service_of(text).kind != kind]
    changed = (
        guess.having(Guessed("services", kept, key.why)) if kept else guess.without("services")
    )
    if len(kept) < len(key.value):
        yield changed.noting(f"without {kind}, which {CANNOT}")
