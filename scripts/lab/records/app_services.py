"""The servers that an app needs beside it: databases, caches, brokers."""

from dataclasses import dataclass
from enum import StrEnum


class ServiceKind(StrEnum):
    """What the lab can start beside an app."""

    POSTGRES = "postgres"
    REDIS = "redis"
    MARIADB = "mariadb"
    RABBITMQ = "rabbitmq"
    MONGODB = "mongodb"


class ReadyWhen(StrEnum):
    """When what depends on a service of a Compose file may be started."""

    STARTED = "started"
    HEALTHY = "healthy"
    ENDED = "ended"
    """As it ends with 0."""


PORTS = {
    ServiceKind.POSTGRES: 5432,
    ServiceKind.REDIS: 6379,
    ServiceKind.MARIADB: 3306,
    ServiceKind.RABBITMQ: 5672,
    ServiceKind.MONGODB: 27017,
}
"""Where each of them listens: on its usual port, at an address of its own."""
USUAL_HOSTS = {
    ServiceKind.POSTGRES: ("postgres", "postgresql", "db", "database", "pg"),
    ServiceKind.REDIS: ("redis", "cache", "valkey"),
    ServiceKind.MARIADB: ("mariadb", "mysql", "db", "database"),
    ServiceKind.RABBITMQ: ("rabbitmq", "rabbit", "broker", "amqp"),
    ServiceKind.MONGODB: ("mongodb", "mongo", "db", "database"),
}
"""Names by which Compose files call them."""


@dataclass(frozen=True, slots=True)
class ServiceAsked:
    """One server with throw-away data, and what it is asked for by name."""

    kind: ServiceKind
    users: tuple[str, ...] = ()
    passwords: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    @property
    def port(self) -> int:
        return PORTS[self.kind]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its host, those that are usual among them."""
        return tuple(dict.fromkeys((*self.hosts, *USUAL_HOSTS[self.kind])))

    def with_more(self, other: "ServiceAsked") -> "ServiceAsked":
        """The same with the names of another one of its kind."""
        return ServiceAsked(
            self.kind,
            tuple(dict.fromkeys((*self.users, *other.users))),
            tuple(dict.fromkeys((*self.passwords, *other.passwords))),
            tuple(dict.fromkeys((*self.databases, *other.databases))),
            tuple(dict.fromkeys((*self.hosts, *other.hosts))),
        )


@dataclass(frozen=True, slots=True)
class CompanionStart:
    """How a service of the app's own Compose file, other than a server, is started beside it."""

    name: str
    """As the file names it."""
    port: int | None = None
    """Where it answers once it serves; None: not known."""
    ready_when: ReadyWhen = ReadyWhen.STARTED
