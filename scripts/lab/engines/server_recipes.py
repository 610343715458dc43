"""Each server that runs beside a user app: how its throw-away data are made and how it starts.

Pure: words whose first one is a program's name. Local processes run them, containers get them as a
shell's lines.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.records.app_services import ServiceAsked, ServiceKind

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
MOST_RECIPE_NAMES = 12
EVERYWHERE = "0.0.0.0"
"""Each address of the network that a container has with the app."""
SOCKET = "s"
"""A short name, as a socket's path may have 107 bytes."""
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "redis-server": ("valkey-server",),
    "mariadbd": ("mysqld",),
    "mariadb-install-db": ("mysql_install_db",),
    "mongod": ("secantusd-py",),
}
"""Programs that may be there in the place of one."""


@dataclass(frozen=True, slots=True)
class DataStep:
    """A command that makes data, and what it is told on its standard input."""

    words: tuple[str, ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one kind of server is run."""

    program: str
    """The one that must be there."""
    packages: tuple[str, ...]
    """Debian packages that have it; empty where Debian has none."""
    image: str
    """The official image."""
    user: str
    """Who runs it there."""
    make: Callable[[ServiceAsked, str], list[DataStep]]
    """Fill an empty folder with data."""
    command: Callable[[ServiceAsked, str, str], list[str]]
    """What serves that folder at an address."""
    environment: Callable[[ServiceAsked, str, str], dict[str, str]] = lambda *_: {}
    """Variables that it needs besides."""
    wheel: str = ""
    """A release of the Python index with a server that stands in where Debian has none."""


def plain(names: tuple[str, ...], *more: str) -> list[str]:
    """The names that a role or a database can have, each once, at most `MOST_RECIPE_NAMES`."""
    kept = [name for name in (*names, *more) if NAME.fullmatch(name)]
    return list(dict.fromkeys(kept))[:MOST_RECIPE_NAMES]


MONGODB = (
    'if command -v mongod > /dev/null; then exec mongod --dbpath "$1" --bind_ip "$2" --port "$3"'
    " --nounixsocket --wiredTigerCacheSizeGB 0.25; fi; "
    'exec secantusd-py --storage-path "$1/data" --host "$2" --port "$3" --standalone'
    " --cache-size 128M"
)
"""Folder, address and port are its words. The second one speaks MongoDB's protocol."""


def make_postgres(asked: ServiceAsked, folder: str) -> list[DataStep]:
    """A cluster in which each user may do anything without a password, and the databases."""
    data = f"{folder}/data"
    words = ["initdb", "--pgdata", data, "--username", "lab", "--auth", "trust"]
    words += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--wal-segsize", "1"]
    users = plain(asked.users, "postgres", "root")
    lines = [f'CREATE ROLE "{name}" SUPERUSER LOGIN' for name in users if name != "lab"]
    databases = [each for each in plain(asked.databases, *users) if each != "postgres"]
    lines += [f'CREATE DATABASE "{name}"' for name in databases]
    return [
        DataStep(tuple(words)),
        DataStep(("tee", "-a", f"{data}/pg_hba.conf"), "host all all all trust\n"),
        DataStep(
            ("postgres", "--single", "-F", "-D", data, "postgres"),
            "".join(f"{line}\n" for line in lines),
        ),
    ]


def postgres(asked: ServiceAsked, folder: str, address: str) -> list[str]:
    options = {
        "listen_addresses": address,
        "port": str(asked.port),
        "unix_socket_directories": folder,
        "max_connections": "250",
        "shared_buffers": "32MB",
        "jit": "off",
        "max_wal_size": "32MB",
        "full_page_writes": "off",
    }
    given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return ["postgres", "-D", f"{folder}/data", "-F", *given]


def make_nothing(_: ServiceAsked, __: str) -> list[DataStep]:
    """No steps: the server fills its folder by itself."""
    return []


def redis(asked: ServiceAsked, folder: str, address: str) -> list[str]:
    words = ["redis-server", "--bind", address, "--port", str(asked.port), "--dir", folder]
    words += ["--appendonly", "no", "--protected-mode", "no", "--daemonize", "no"]
    return [*words, "--requirepass", asked.passwords[0]] if asked.passwords else words


def make_mariadb(asked: ServiceAsked, folder: str) -> list[DataStep]:
    """The steps that make the system tables, and a folder for each database: it is no more."""
    data = f"{folder}/data"
    words = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    words.append("--auth-root-authentication-method=normal")
    names = plain(asked.databases, *asked.users)
    return [
        DataStep(("mkdir", data)),
        DataStep(tuple(words)),
        *(DataStep(("mkdir", "-p", f"{data}/{name}")) for name in names),
    ]


def mariadb(asked: ServiceAsked, folder: str, address: str) -> list[str]:
    """The command of a server on which any user with any password may do anything."""
    words = ["mariadbd", "--no-defaults", f"--datadir={folder}/data", f"--bind-address={address}"]
    words += [f"--port={asked.port}", f"--socket={folder}/{SOCKET}", "--skip-grant-tables"]
    words += [f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0"]
    return [*words, "--innodb-buffer-pool-size=32M", "--character-set-server=utf8mb4"]


def mongodb(asked: ServiceAsked, folder: str, address: str) -> list[str]:
    """The command of a server without access control: it refuses logins, so no URL has a user."""
    return ["sh", "-c", MONGODB, "mongod", folder, address, str(asked.port)]


def make_rabbitmq(asked: ServiceAsked, folder: str) -> list[DataStep]:
    """The steps that write what it loads: each user with its password, on each virtual host."""
    passwords = {user: asked.passwords[:1] for user in asked.users}
    users = {"guest": "guest"} | {
        user: each[0] if each else user for user, each in passwords.items()
    }
    hosts = ["/", *plain(asked.databases)]
    anything = {"configure": ".*", "write": ".*", "read": ".*"}
    definitions = {
        "users": [
            {"name": user, "password": password, "tags": ["administrator"]}
            for user, password in users.items()
        ],
        "vhosts": [{"name": host} for host in hosts],
        "permissions": [
            {"user": user, "vhost": host, **anything} for user in users for host in hosts
        ],
    }
    settings = f"load_definitions = {folder}/definitions.json\nloopback_users = none\n"
    return [
        DataStep(("tee", f"{folder}/definitions.json"), json.dumps(definitions)),
        DataStep(("tee", f"{folder}/rabbitmq.conf"), settings),
    ]


def rabbitmq(_: ServiceAsked, __: str, ___: str) -> list[str]:
    return ["rabbitmq-server"]


def rabbitmq_environment(asked: ServiceAsked, folder: str, address: str) -> dict[str, str]:
    """The variables that keep it in its folder and at its address.

    It has a name for each address, as a daemon of the machine may know all of them.
    """
    at = address.replace(".", ",")
    interface = "" if address == EVERYWHERE else f" -kernel inet_dist_use_interface {{{at}}}"
    return {
        "RABBITMQ_NODENAME": f"lab{address.replace('.', '-')}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": address,
        "RABBITMQ_NODE_PORT": str(asked.port),
        "RABBITMQ_DIST_PORT": str(asked.port + 20000),
        "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
        "RABBITMQ_LOG_BASE": f"{folder}/log",
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": f"{folder}/pid",
        "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"+S 1:1 +sbwt none{interface}",
        **({} if address == EVERYWHERE else {"ERL_EPMD_ADDRESS": address}),
    }


RECIPES: Mapping[ServiceKind, Recipe] = {
    ServiceKind.POSTGRES: Recipe(
        "initdb", ("postgresql",), "postgres:16", "postgres", make_postgres, postgres
    ),
    ServiceKind.REDIS: Recipe(
        "redis-server", ("redis-server",), "redis:7", "redis", make_nothing, redis
    ),
    ServiceKind.MARIADB: Recipe(
        "mariadbd",
        ("mariadb-server-core", "mariadb-client-core"),
        "mariadb:11",
        "mysql",
        make_mariadb,
        mariadb,
    ),
    ServiceKind.RABBITMQ: Recipe(
        "rabbitmq-server",
        ("rabbitmq-server",),
        "rabbitmq:3",
        "rabbitmq",
        make_rabbitmq,
        rabbitmq,
        rabbitmq_environment,
    ),
    ServiceKind.MONGODB: Recipe(
        "mongod",
        (),
        "mongo:7",
        "mongodb",
        make_nothing,
        mongodb,
        wheel="SecantusDB==0.7.0b3",
    ),
}
