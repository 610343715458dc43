"""Each server that runs beside a user app: how its throw-away data are made and how it starts."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.engines.process.debian import Programs
from lab.engines.process.postgres import NOBODY
from lab.errors import LabError
from lab.records.beside import ServiceAsked, ServiceKind

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
MOST_NAMES = 12
MAKE_SECONDS = 120.0
SOCKET = "s"
"""A short name, as a socket's path may have 107 bytes."""


@dataclass(frozen=True, slots=True)
class Server:
    """How one kind of server is run without Docker."""

    names: tuple[str, ...]
    """Programs of which one must be there."""
    packages: tuple[str, ...]
    """Debian packages that have them; empty where Debian has none."""
    make: Callable[[ServiceAsked, Programs, Path], None]
    """Fill an empty folder with data."""
    command: Callable[[ServiceAsked, Programs, Path, str], list[str]]
    """What serves that folder at an address."""


def as_nobody(words: list[str]) -> list[str]:
    """The words, run as another user where the lab runs as root, which some servers refuse."""
    if os.geteuid() != 0:
        return words
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *words]


def call(words: list[str], programs: Programs, folder: Path, said: str = "") -> None:
    """
    Raises:
        LabError: it fails; with its last line.
    """
    done = subprocess.run(
        words,
        env={**programs.environment(), "HOME": str(folder), "TMPDIR": str(folder)},
        cwd=folder,
        input=said,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=MAKE_SECONDS,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{words[-1] if words[0] == 'setpriv' else words[0]}: {lines[-1:]}")


def plain(names: tuple[str, ...], *more: str) -> list[str]:
    """Those that can be names of a role or a database, and usual ones."""
    kept = [name for name in (*names, *more) if NAME.fullmatch(name)]
    return list(dict.fromkeys(kept))[:MOST_NAMES]


def make_postgres(asked: ServiceAsked, programs: Programs, folder: Path) -> None:
    """A cluster in which each user may do anything without a password, and the databases."""
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:
        for path in (folder, data):
            os.chown(path, NOBODY, NOBODY)
    initdb = ["initdb", "--pgdata", str(data), "--username", "lab", "--auth", "trust"]
    more = ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--wal-segsize", "1"]
    call(as_nobody([found(programs, "initdb"), *initdb[1:], *more]), programs, folder)
    with (data / "pg_hba.conf").open("a", encoding="utf-8") as file:
        file.write("host all all all trust\n")
    users = plain(asked.users, "postgres", "root")
    lines = [f'CREATE ROLE "{name}" SUPERUSER LOGIN' for name in users if name != "lab"]
    databases = [each for each in plain(asked.databases, *users) if each != "postgres"]
    lines += [f'CREATE DATABASE "{name}"' for name in databases]
    single = [found(programs, "postgres"), "--single", "-F", "-D", str(data), "postgres"]
    call(as_nobody(single), programs, folder, "".join(f"{line}\n" for line in lines))


def postgres(asked: ServiceAsked, programs: Programs, folder: Path, address: str) -> list[str]:
    options = {
        "listen_addresses": address,
        "port": str(asked.port),
        "unix_socket_directories": str(folder),
        "max_connections": "250",
        "shared_buffers": "32MB",
        "jit": "off",
        "max_wal_size": "32MB",
        "full_page_writes": "off",
    }
    given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    data = str(folder / "data")
    return as_nobody([found(programs, "postgres"), "-D", data, "-F", *given])


def make_nothing(asked: ServiceAsked, programs: Programs, folder: Path) -> None:
    """It fills its folder by itself."""


def redis(asked: ServiceAsked, programs: Programs, folder: Path, address: str) -> list[str]:
    words = [found(programs, "redis-server", "valkey-server"), "--bind", address]
    words += ["--port", str(asked.port), "--dir", str(folder), "--appendonly", "no"]
    words += ["--protected-mode", "no", "--daemonize", "no"]
    if asked.passwords:
        words += ["--requirepass", asked.passwords[0]]
    return words


def make_mariadb(asked: ServiceAsked, programs: Programs, folder: Path) -> None:
    """System tables, and a folder for each database: that is all that it is."""
    data = folder / "data"
    data.mkdir()
    words = [found(programs, "mariadb-install-db", "mysql_install_db"), "--no-defaults"]
    words += [f"--datadir={data}", "--skip-test-db", "--auth-root-authentication-method=normal"]
    if programs.root is not None:
        words.append(f"--basedir={programs.root / 'usr'}")
    if os.geteuid() == 0:
        words.append("--user=root")
    call(words, programs, folder)
    for name in plain(asked.databases, *asked.users):
        (data / name).mkdir(exist_ok=True)


def mariadb(asked: ServiceAsked, programs: Programs, folder: Path, address: str) -> list[str]:
    """Any user with any password may do anything."""
    words = [found(programs, "mariadbd", "mysqld"), "--no-defaults"]
    words += [f"--datadir={folder / 'data'}", f"--bind-address={address}"]
    words += [f"--port={asked.port}", f"--socket={folder / SOCKET}", "--skip-grant-tables"]
    words += [f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0"]
    words += ["--innodb-buffer-pool-size=32M", "--character-set-server=utf8mb4"]
    if programs.root is not None:
        words += [f"--basedir={programs.root / 'usr'}"]
        words += [f"--lc-messages-dir={programs.root / 'usr/share/mysql'}"]
        words += [f"--plugin-dir={folder}"]
    return [*words, "--user=root"] if os.geteuid() == 0 else words


def mongodb(asked: ServiceAsked, programs: Programs, folder: Path, address: str) -> list[str]:
    """Without access control; a client that gives a user is refused by its own login."""
    words = [found(programs, "mongod"), "--dbpath", str(folder), "--bind_ip", address]
    return [*words, "--port", str(asked.port), "--nounixsocket"]


def found(programs: Programs, *names: str) -> str:
    """
    Raises:
        LabError: none of them is there.
    """
    for name in names:
        if (path := programs.which(name)) is not None:
            return path
    raise LabError(f"there is no {names[0]} here")


SERVERS: Mapping[ServiceKind, Server] = {
    ServiceKind.POSTGRES: Server(("initdb",), ("postgresql",), make_postgres, postgres),
    ServiceKind.REDIS: Server(
        ("redis-server", "valkey-server"), ("redis-server",), make_nothing, redis
    ),
    ServiceKind.MARIADB: Server(
        ("mariadbd", "mysqld"),
        ("mariadb-server-core", "mariadb-client-core"),
        make_mariadb,
        mariadb,
    ),
    ServiceKind.MONGODB: Server(("mongod",), (), make_nothing, mongodb),
}
"""Those that can run without Docker."""
