"""The ways to the probes of a variant's workers: a port for each, or a Unix socket for each."""

import contextlib
import itertools
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from lab.engines.accepting import accepts
from lab.engines.protocol import Endpoint, probe_ports
from lab.load.request_mix import UserApp
from lab.load.target import resolve
from lab.probes.answers import record_of
from lab.probes.question import QUESTION_SECONDS, ask_port, ask_socket, first_bytes

HEALTH_PATH = "/health"
HTTP = b"HTTP/"
PROBE_HEALTH = "/_lab/health"
PROBE_PATIENCE_SECONDS = 10.0
"""Wait for the workers' probes once the server answers; some interpreters ignore PYTHONPATH."""
MAX_PROCESSES = 256
"""The most processes whose sockets are asked; the app can write into the folder of its sockets."""


class ProbeChannel(Protocol):
    """Puts questions to the probes of all workers."""

    def answers(
        self, question: str, others: str | None = None, seconds: float = QUESTION_SECONDS
    ) -> Iterator[Any]:
        """The JSON that each worker answers, unchecked; a worker without an answer is left out.

        Args:
            others: the question to the workers behind the first that answers, where it differs.
            seconds: the time limit of one question.
        """

    def server_answers(self) -> bool:
        """Whether the measured server itself responds, with any status."""

    def all_answer(self) -> bool:
        """Whether the probe of each worker does, as far as they can be expected to."""


class PortChannel:
    """The probes of the lab's own apps: each worker listens on a port."""

    def __init__(self, endpoint: Endpoint, workers: int) -> None:
        self.endpoint, self.workers = endpoint, workers
        first = endpoint.probe_port
        self.ports = range(first, first + probe_ports(workers))

    @cached_property
    def address(self) -> str:
        """The probe's address, resolved once: a container's name is resolved inside the engine."""
        return resolve(self.endpoint.host, self.endpoint.port)

    def ask(self, port: int, question: str) -> Any:
        """The answer on one port; None when there is none."""
        try:
            return ask_port(self.address, port, question)
        except OSError:  # the name cannot be resolved
            return None

    def answers(
        self, question: str, others: str | None = None, seconds: float = QUESTION_SECONDS
    ) -> Iterator[Any]:
        """The answers of the ports until all workers have answered.

        A worker that started later may have any of the ports.
        """
        next_question, left = question, self.workers
        for port in self.ports:
            if left and (answer := self.ask(port, next_question)):
                next_question, left = others or question, left - 1
                yield answer

    def server_answers(self) -> bool:
        try:
            address = (self.address, self.endpoint.port)
        except OSError:
            return False
        return first_bytes(address, HEALTH_PATH, self.endpoint.host, len(HTTP)) == HTTP

    def all_answer(self) -> bool:
        return len(list(self.answers(PROBE_HEALTH))) == self.workers


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """What the probe in one process of a user app says of it."""

    pid: int
    parent_pid: int
    listens: bool
    """Whether it holds the socket on which the app listens."""


def serving(
    processes: Sequence[ProcessStatus], masters: frozenset[int] | None
) -> list[ProcessStatus]:
    """The processes that serve: they hold the app's socket and have no child that does.

    Args:
        masters: parents of the workers, once they are known. A worker may fork a pool later, whose
            processes hold the socket without serving.
    """
    listening = [process for process in processes if process.listens] or list(processes)
    if masters is not None:
        return [process for process in listening if process.parent_pid in masters]
    parents = {process.parent_pid for process in listening}
    return [process for process in listening if process.pid not in parents]


def socket_paths(folder: Path) -> list[Path]:
    """The Unix sockets in a folder; no more than `MAX_PROCESSES` of its first entries."""
    try:
        with os.scandir(folder) as entries:
            paths = [
                Path(entry.path)
                for entry in itertools.islice(entries, 2 * MAX_PROCESSES)
                if entry.name.endswith(".sock") and is_socket(entry)
            ]
    except OSError:
        return []
    return sorted(paths)[:MAX_PROCESSES]


def is_socket(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a socket; one that vanishes meanwhile, with its process, is none."""
    with contextlib.suppress(OSError):
        return stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode)
    return False


class SocketChannel:
    """The probes that were put into a user app: each process listens on a Unix socket."""

    def __init__(self, endpoint: Endpoint, workers: int, user_app: UserApp, folder: Path) -> None:
        self.endpoint, self.workers = endpoint, workers
        self.user_app, self.folder = user_app, folder
        self.masters: frozenset[int] | None = None
        self.server_answered_at: float | None = None

    def processes(self) -> dict[ProcessStatus, Path]:
        """Each process that answers, with its socket; sockets of the dead are left out.

        The round ends after the time of two questions, so that many silent sockets cost no more.
        """
        statuses, deadline = {}, time.monotonic() + 2 * QUESTION_SECONDS
        for path in socket_paths(self.folder):
            if time.monotonic() > deadline:
                break
            process = record_of(ProcessStatus, ask_socket(path, PROBE_HEALTH))
            if process is not None:
                statuses[process] = path
        return statuses

    def answers(
        self, question: str, others: str | None = None, seconds: float = QUESTION_SECONDS
    ) -> Iterator[Any]:
        """What each process that serves answers, within the time of a question to each worker."""
        processes, next_question = self.processes(), question
        deadline = time.monotonic() + seconds * self.workers
        for process in serving(list(processes), self.masters):
            if time.monotonic() > deadline:
                return
            answer = ask_socket(processes[process], next_question, seconds)
            if answer is not None:
                next_question = others or question
                yield answer

    def server_answers(self) -> bool:
        return user_app_answers(self.endpoint, self.user_app)

    def all_answer(self) -> bool:
        """Whether the probe of each worker does, or there was time enough for it."""
        self.server_answered_at = self.server_answered_at or time.monotonic()
        workers = serving(list(self.processes()), None)
        if len(workers) < self.workers:
            return time.monotonic() - self.server_answered_at > PROBE_PATIENCE_SECONDS
        self.masters = frozenset(process.parent_pid for process in workers)
        return True


def user_app_answers(endpoint: Endpoint, user_app: UserApp) -> bool:
    """Whether a user app sends any byte; where it speaks no HTTP, whether it accepts."""
    address = (endpoint.host, endpoint.port)
    if not user_app.speaks_http:
        return accepts(*address, QUESTION_SECONDS)
    return first_bytes(address, user_app.health, endpoint.host, 1) != b""


class NoChannel:
    """The channel of a user app without probes: only its server can be asked."""

    def __init__(self, endpoint: Endpoint, user_app: UserApp) -> None:
        self.endpoint, self.user_app = endpoint, user_app

    def answers(
        self, question: str, others: str | None = None, seconds: float = QUESTION_SECONDS
    ) -> Iterator[Any]:
        return iter(())

    def server_answers(self) -> bool:
        return user_app_answers(self.endpoint, self.user_app)

    def all_answer(self) -> bool:
        return True
