"""What an app's description says of the servers beside it, and its environment led to them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from lab.errors import UsageError
from lab.records.app_services import ServiceAsked, ServiceKind

SCHEMES = {
    "postgres": ServiceKind.POSTGRES,
    "postgresql": ServiceKind.POSTGRES,
    "postgis": ServiceKind.POSTGRES,
    "psql": ServiceKind.POSTGRES,
    "redis": ServiceKind.REDIS,
    "valkey": ServiceKind.REDIS,
    "mysql": ServiceKind.MARIADB,
    "mysql2": ServiceKind.MARIADB,
    "mariadb": ServiceKind.MARIADB,
    "amqp": ServiceKind.RABBITMQ,
    "pyamqp": ServiceKind.RABBITMQ,
    "rabbitmq": ServiceKind.RABBITMQ,
    "mongodb": ServiceKind.MONGODB,
}
URL = re.compile(
    r"(?P<before>(?<!\w)(?P<scheme>[a-z]\w*)(?:\+\w+)?://"
    r"(?:(?P<user>[^:/@\s'\"]*)(?::(?P<password>[^@/\s'\"]*))?@)?)"
    r"(?P<host>[A-Za-z0-9._-]*)(?P<port>:\d+)?(?:/(?P<database>[A-Za-z0-9_.-]*))?"
)
IMAGES = (
    (ServiceKind.POSTGRES, r"postgres|postgis|timescale|pgvector"),
    (ServiceKind.REDIS, r"redis(?!insight|.*commander)|valkey|keydb|dragonfly"),
    (ServiceKind.MARIADB, r"mysql|mariadb|percona"),
    (ServiceKind.RABBITMQ, r"rabbitmq"),
    (ServiceKind.MONGODB, r"(^|/)mongo(db)?(:|$|@|-)"),
)
"""Images that are one of them, of any tag."""
TOOLS = re.compile(r"admin|exporter|backup|express|insight|commander|ui\b|adminer")
HINTS = (
    (ServiceKind.POSTGRES, r"POSTGRES|PSQL|(^|_)PG"),
    (ServiceKind.MARIADB, r"MYSQL|MARIADB"),
    (ServiceKind.REDIS, r"REDIS|CACHE|CELERY"),
    (ServiceKind.RABBITMQ, r"RABBIT|AMQP|BROKER"),
    (ServiceKind.MONGODB, r"MONGO"),
)
SQL = (ServiceKind.POSTGRES, ServiceKind.MARIADB)
OF_A_DATABASE = re.compile(r"(^|_)(DB|DATABASE|SQL\w*)(_|$)")
HOST = re.compile(r".*(HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT)$")
LOCAL = ("", "localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal")


def kind_of_image(image: object) -> ServiceKind | None:
    """The server that an image is; None for any other."""
    name = str(image or "").lower()
    if not name or TOOLS.search(name):
        return None
    return next((kind for kind, pattern in IMAGES if re.search(pattern, name)), None)


def service_of(text: str) -> ServiceAsked:
    """The server that a text asks for: a kind alone, or a URL with the names that it must know.

    Raises:
        ValueError: it is neither.
    """
    if text in SCHEMES:
        return ServiceAsked(SCHEMES[text])
    match = URL.fullmatch(text)
    if match is None or match["scheme"] not in SCHEMES:
        raise ValueError(text)
    return asked_by(match)


def asked_by(match: "re.Match[str]") -> ServiceAsked:
    """The server that a URL names, with the user and the database in it."""
    kind, host = SCHEMES[match["scheme"]], match["host"]
    is_name = host not in LOCAL and "." not in host
    return ServiceAsked(
        kind,
        users=as_tuple(match["user"]),
        passwords=as_tuple(match["password"]),
        databases=as_tuple(match["database"]) if kind is not ServiceKind.REDIS else (),
        hosts=as_tuple(host) if is_name else (),
    )


def as_tuple(text: str | None) -> tuple[str, ...]:
    """The text alone in a tuple; empty for a text that stands for another, such as `${NAME}`."""
    named = unquote(text) if text and not {"$", "{"} & set(text) else ""
    return (named,) if named and named.isprintable() else ()


def merged_by_kind(asked: Iterable[ServiceAsked]) -> tuple[ServiceAsked, ...]:
    """One server for each kind, with the names of all of that kind."""
    by_kind: dict[ServiceKind, ServiceAsked] = {}
    for each in asked:
        by_kind[each.kind] = by_kind[each.kind].with_more(each) if each.kind in by_kind else each
    return tuple(by_kind.values())


def with_names_in(
    asked: Iterable[ServiceAsked], environment: Mapping[str, str]
) -> tuple[ServiceAsked, ...]:
    """The services with the names that the app's environment uses for them."""
    asked = tuple(asked)
    kinds = {each.kind for each in asked}
    more = [asked_by(m) for m in urls(environment) if SCHEMES[m["scheme"]] in kinds]
    for name, value in environment.items():
        kind = kind_of(name, kinds)
        if kind is None or not value or not value.isprintable():
            continue
        if re.search(r"(USER|USERNAME|ROLE)$", name):
            more.append(ServiceAsked(kind, users=(value,)))
        elif re.search(r"(PASSWORD|PASS|PASSWD|SECRET)$", name):
            more.append(ServiceAsked(kind, passwords=(value,)))
        elif re.search(r"(DB|DATABASE|NAME|SCHEMA)$", name):
            more.append(ServiceAsked(kind, databases=(value,)))
    return merged_by_kind((*asked, *more))


def urls(environment: Mapping[str, str]) -> list["re.Match[str]"]:
    """The URLs of servers among the values."""
    matches = [match for value in environment.values() for match in URL.finditer(value)]
    return [match for match in matches if match["scheme"] in SCHEMES]


def kind_of(name: str, kinds: Iterable[ServiceKind]) -> ServiceKind | None:
    """The kind of server that a variable is about, judged by the variable's name."""
    for kind, pattern in HINTS:
        if kind in kinds and re.search(pattern, name.upper()):
            return kind
    databases = [kind for kind in (*SQL, ServiceKind.MONGODB) if kind in kinds]
    return databases[0] if databases and OF_A_DATABASE.search(name.upper()) else None


def pointed(
    environment: Mapping[str, str], asked: Sequence[ServiceAsked], address: str
) -> dict[str, str]:
    """The environment with the servers' address in the place of every host that it names for one.

    Args:
        address: of all of them; each listens on its usual port.
    """
    if not asked:
        return dict(environment)
    ports = {each.kind: each.port for each in asked}
    names = {name for each in asked for name in each.names}

    def led(match: "re.Match[str]") -> str:
        kind = SCHEMES.get(match["scheme"])
        if kind not in ports:
            return match[0]
        rest = match[0][
            match.end("port") - match.start()
            if match["port"]
            else match.end("host") - match.start() :
        ]
        # Its server has no users, and looks up no records of a domain.
        before = "mongodb://" if kind is ServiceKind.MONGODB else match["before"]
        return f"{before}{address}:{ports[kind]}{rest}"

    variables = {}
    for name, value in environment.items():
        kind = kind_of(name, ports)
        host, _, port = value.partition(":")
        if "://" in value:
            value = URL.sub(led, value)
        elif HOST.fullmatch(name.upper()) and (host in names or (kind and host in LOCAL)):
            value = f"{address}:{port}" if port.isdigit() else address
        elif value in names and not OF_A_DATABASE.search(name.upper()):
            value = address
        elif kind and name.upper().endswith("PORT") and value.isdigit():
            value = str(ports[kind])
        variables[name] = value
    return variables


def check_elsewhere(
    environment: Mapping[str, str], asked: Sequence[ServiceAsked], allowed: Sequence[str], file: str
) -> None:
    """Refuse an environment that names another machine's database.

    Raises:
        UsageError: it does; says which variable and how to allow it.
    """
    kinds = {each.kind for each in asked}
    for name, value in environment.items():
        for match in urls({name: value}):
            host, kind = match["host"], SCHEMES[match["scheme"]]
            is_ours = kind in kinds or host in LOCAL or "." not in host
            if not is_ours and host not in allowed:
                raise UsageError(
                    f"{file}: environment: {name} names {kind} on {host}, which the lab's load"
                    f' would fill: set services = ["{kind}"] for a throw-away one, or'
                    f' allow_hosts = ["{host}"]'
                )
