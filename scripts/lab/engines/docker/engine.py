"""Docker through the gate: five calls, by name, on this project's own variants.

Compose has created the containers. Under `make` the driver starts and stops them; under a plain
`compose up --exit-code-from driver` they are already there, and none may end, because that
would end them all: then a variant is taken as it is, once.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import requests
from docker.errors import APIError, DockerException, NotFound

from lab.engines.docker.app_services import VariantServices
from lab.engines.docker.patient_client import PatientClient
from lab.engines.docker.stats_stream import StatsStream
from lab.engines.logs import exit_status, log_lines
from lab.engines.protocol import SERVER_PORT, Endpoint, Sampling, VariantState, ended_with
from lab.engines.written_files import WRITE_LIMITS, WriteLimits, WriteWatch
from lab.errors import LabError, VariantError
from lab.records.experiment import EngineInfo, EngineKind
from lab.records.observations import Sample
from lab.records.variant import Variant

PROBE_PORT = 8100
STOP_SECONDS = 2
CALL_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class AppFolders:
    """Where the driver sees what the variants of a user app write, each in a folder of its name."""

    sockets: Path
    homes: Path
    logs: Path
    has_probes: bool
    beside: VariantServices | None = None
    """What stands beside each of them."""
    port: int = SERVER_PORT
    """The port that each variant is told to serve on."""

    def of(self, variant: str) -> tuple[Path, ...]:
        return tuple(folder / variant for folder in (self.homes, self.logs, self.sockets))


class NeverCreated(VariantError):
    """There is no container of that service."""


class Lifecycle(StrEnum):
    """Who starts and stops the variants."""

    COMPOSE = "compose"
    DRIVER = "driver"


def connect(url: str) -> PatientClient:
    """A client of the engine, once the gate answers.

    Raises:
        LabError: it does not answer before the deadline.
    """
    deadline = time.monotonic() + PatientClient.gate_deadline_seconds
    while True:
        try:
            client = PatientClient(base_url=url, version="auto", timeout=CALL_TIMEOUT_SECONDS)
            # No proxy and no .netrc stands before the gate; each call would look for both.
            client.trust_env = False
            return client
        except (DockerException, requests.RequestException, OSError) as error:
            if time.monotonic() > deadline:
                raise LabError(
                    "the engine does not answer through the gate: see `docker compose logs gate`; "
                    "if it may not open the socket, set DOCKER_GID to the socket's group "
                    f"(stat -c %g /var/run/docker.sock): {error}"
                ) from error
            time.sleep(0.25)


class DockerEngine:
    """The containers of one Compose project."""

    def __init__(
        self,
        client: PatientClient,
        project: str,
        lifecycle: Lifecycle,
        logs: Path,
        app_folders: AppFolders | None = None,
        write_limits: WriteLimits = WRITE_LIMITS,
    ) -> None:
        self.client = client
        self.project = project
        self.lifecycle = lifecycle
        self.logs = logs
        self.app_folders = app_folders
        """The folders of a user app; None for variants of compose.yaml."""
        self.beside = app_folders.beside if app_folders else None
        self.write_limits = write_limits
        self.watches: dict[str, WriteWatch] = {}
        self.used: set[str] = set()
        self.container_names: dict[str, str] = {}
        """The name of each variant's container, once the engine has found it."""

    def info(self) -> EngineInfo:
        version: Mapping[str, Any] = self.client.version()
        return EngineInfo(kind=EngineKind.DOCKER, version=str(version["Version"]), cgroup="unknown")

    def can_restart(self) -> bool:
        return self.lifecycle is Lifecycle.DRIVER

    def names(self, service: str) -> tuple[str, ...]:
        """The names that Compose v2 and v1 give the container; once it is found, its name alone."""
        if service in self.container_names:
            return (self.container_names[service],)
        return tuple(f"{self.project}{mark}{service}{mark}1" for mark in "-_")

    def inspect(self, variant: Variant) -> Mapping[str, Any]:
        return self.inspect_service(variant.name)

    def inspect_service(self, service: str) -> Mapping[str, Any]:
        for name in self.names(service):
            with contextlib.suppress(NotFound):
                with readable_errors(service, "be inspected"):
                    inspected: Mapping[str, Any] = self.client.inspect_container(name)
                self.container_names[service] = name
                return inspected
        raise NeverCreated(f"{service}: its container was never created (did its image build?)")

    def name(self, service: str) -> str:
        if service not in self.container_names:
            self.inspect_service(service)
        return self.container_names[service]

    def start_service(self, service: str) -> None:
        with readable_errors(service, "start"):
            self.client.start(self.name(service))

    def stop_service(self, service: str, seconds: int) -> None:
        """Stop a service; nothing is to be stopped of one that is not there."""
        with contextlib.suppress(NotFound, NeverCreated), readable_errors(service, "be stopped"):
            self.client.stop(self.name(service), timeout=seconds)

    def start(self, variant: Variant) -> Endpoint:
        inspected = self.inspect(variant)
        if self.lifecycle is Lifecycle.DRIVER:
            if inspected["State"]["Running"]:
                raise VariantError(
                    f"{variant.name}: its last container still runs, so a trial cannot begin: "
                    "run it again, which ends that container first"
                )
            if self.beside is not None:
                self.start_beside(self.beside, variant.name)
                # Compose v1 gives another network to what joins a container that does not run.
                if not str(inspected["HostConfig"]["NetworkMode"]).startswith("container:"):
                    raise VariantError(
                        f"{variant.name}: its container was made without its servers' network: "
                        "run make try again, which makes it anew"
                    )
            self.start_service(variant.name)
            if self.beside is not None:
                # Of one that shares its network, the engine knows the host's name from now on.
                inspected = self.inspect(variant)
        elif variant.name in self.used:
            raise VariantError(
                f"{variant.name}: a second trial needs a fresh container: use make repro"
            )
        self.used.add(variant.name)
        self.watch(variant)
        labels = {k: v for k, v in inspected["Config"]["Labels"].items() if k.startswith("memlab.")}
        container = {"image": str(inspected["Image"]), **labels}
        has_probes = self.app_folders is not None and self.app_folders.has_probes
        sockets = (
            self.app_folders.sockets / variant.name if self.app_folders and has_probes else None
        )
        port = self.app_folders.port if self.app_folders else SERVER_PORT
        return Endpoint(variant.name, port, PROBE_PORT, container, sockets)

    def watch(self, variant: Variant) -> None:
        """Look at what a user app writes, from its start on."""
        if self.app_folders is not None:
            folders, limits = self.app_folders.of(variant.name), self.write_limits
            self.watches[variant.name] = WriteWatch(folders, lambda: self.end(variant), limits)

    def end(self, variant: Variant) -> None:
        """Stop a variant that writes too much, though a plain `compose up` ends with it."""
        with contextlib.suppress(VariantError):
            self.stop_service(variant.name, STOP_SECONDS)

    def start_beside(self, beside: VariantServices, variant: str) -> None:
        """Start its servers; what was started is ended where one of them fails."""
        try:
            beside.start(self, variant)
        except LabError:
            with contextlib.suppress(VariantError):  # why it does not start is told
                beside.stop(self, variant)
            raise

    def sample(self, variant: Variant, on_sample: Callable[[Sample | None], None]) -> Sampling:
        return StatsStream(self.client, self.name(variant.name), on_sample)

    def state(self, variant: Variant) -> VariantState:
        inspected = self.inspect(variant)
        watch = self.watches.get(variant.name)
        if watch is not None and watch.fault:
            return VariantState(running=False, reason=watch.fault)
        status = int(inspected["State"]["ExitCode"]) if not inspected["State"]["Running"] else None
        if self.lifecycle is Lifecycle.COMPOSE:
            # PID 1 outlives the server there and writes its exit status to a file; elsewhere the
            # file may be of an earlier trial.
            written = exit_status(self.log_path(variant, inspected).with_suffix(".exit"))
            status = status if written is None else written
        if status is None:
            return VariantState(running=True)
        return ended_with(status)

    def log_path(self, variant: Variant, inspected: Mapping[str, Any]) -> Path:
        folder = self.logs / variant.name if self.app_folders else self.logs
        return folder / f"{inspected['Config']['Hostname']}.log"

    def log_tail(self, variant: Variant, lines: int = 12) -> tuple[str, ...]:
        try:
            path = self.log_path(variant, self.inspect(variant))
        except VariantError:
            return ()
        return log_lines(path)[-lines:]

    def stop(self, variant: Variant) -> None:
        if watch := self.watches.get(variant.name):
            watch.stop()
        if self.lifecycle is Lifecycle.DRIVER:
            with contextlib.ExitStack() as last:
                if self.beside is not None:
                    last.callback(self.beside.stop, self, variant.name)
                self.stop_service(variant.name, STOP_SECONDS)


@contextlib.contextmanager
def readable_errors(name: str, what: str) -> Iterator[None]:
    """Turn the engine's errors into one line about a container; NotFound is passed on."""
    try:
        yield
    except NotFound:
        raise
    except APIError as error:
        raise VariantError(f"{name} cannot {what}: {error.explanation or error}") from error
    except (DockerException, requests.RequestException) as error:
        raise VariantError(f"{name} cannot {what}: {error}") from error
    except (KeyError, TypeError) as error:  # the client's, of an error without a message
        raise VariantError(f"{name} cannot {what}: the engine's answer cannot be read") from error
