"""The probes that came into an own app from outside: a Unix socket for each of its processes."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.engines.protocol import Endpoint
from lab.load.request_mix import UserApp
from lab.probes.client import PROBE_TIMEOUT_SECONDS, ProbeClient
from lab.probes.traces import merged_trace
from lab.records.observations import AllocationTrace

TRACED_SECONDS = 90.0
"""A snapshot of every allocation takes its time."""
PATIENCE_SECONDS = 10.0
"""For the workers' probes once the server answers: an interpreter may ignore its environment."""
GREETING = "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"

Told = Mapping[str, Any]


def serving(told: Sequence[Told], masters: frozenset[int] | None) -> list[Told]:
    """Those processes that serve: that hold the app's socket and have no child that does.

    Args:
        told: what each process says of itself.
        masters: parents of the workers, once they are known. A worker may fork a pool later, whose
            processes hold the socket without serving.
    """
    listening = [each for each in told if each["listens"]] or list(told)
    if masters is not None:
        return [each for each in listening if each["parent_pid"] in masters]
    parents = {each["parent_pid"] for each in listening}
    return [each for each in listening if each["pid"] not in parents]


class SocketProbes(ProbeClient):
    """The probes of one own app."""

    def __init__(self, place: Endpoint, workers: int, guest: UserApp, folder: Path) -> None:
        super().__init__(place, workers)
        self.guest, self.folder = guest, folder
        self.masters: frozenset[int] | None = None
        self.answered_at: float | None = None
        """When the server answered first."""

    def server_answers(self) -> bool:
        """Whether anything at all comes back; of what speaks no HTTP, whether it takes a call."""
        greeting = GREETING.format(path=self.guest.health, host=self.place.host)
        with contextlib.suppress(OSError):
            address = (self.place.host, self.place.port)
            with socket.create_connection(address, PROBE_TIMEOUT_SECONDS) as connected:
                if not self.guest.speaks_http:
                    return True
                connected.sendall(greeting.encode())
                return bool(connected.recv(1))
        return False

    def all_answer(self) -> bool:
        """Whether each worker's probe does, or there was time enough for it."""
        self.answered_at = self.answered_at or time.monotonic()
        found = serving(self.processes(), None)
        if len(found) < self.workers:
            return time.monotonic() - self.answered_at > PATIENCE_SECONDS
        self.masters = frozenset(each["parent_pid"] for each in found)
        return True

    def processes(self) -> list[Told]:
        answers = (
            self.question(path, "/_lab/health") for path in sorted(self.folder.glob("*.sock"))
        )
        return [answer for answer in answers if answer and "listens" in answer]

    def question(self, path: Path, question: str, seconds: float = PROBE_TIMEOUT_SECONDS) -> Any:
        """The answer's JSON; None when nobody answers."""
        with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(seconds)
            call(asking, path)
            asking.sendall(question.encode() + b"\n")
            told = b"".join(iter(lambda: asking.recv(65536), b""))
            found = json.loads(told)
            return None if isinstance(found, dict) and "error" in found else found
        return None

    def answers(
        self, path: str, others: str | None = None, seconds: float = PROBE_TIMEOUT_SECONDS
    ) -> Iterator[Any]:
        """What each worker says."""
        asked = path
        for each in serving(self.processes(), self.masters):
            found = self.question(self.folder / f"{each['pid']}.sock", asked, seconds)
            if found is not None:
                asked = others or path
                yield found

    def trace(self) -> bool:
        return bool(list(self.answers("/_lab/trace", seconds=TRACED_SECONDS)))

    def traced(self, requests: int) -> AllocationTrace | None:
        answers = list(self.answers("/_lab/traced", seconds=TRACED_SECONDS))
        return merged_trace(answers, requests)


def call(asking: socket.socket, path: Path) -> None:
    """Connect; by its folder's descriptor, as a path may be too long for a socket's."""
    if not hasattr(os, "O_PATH"):
        asking.connect(str(path))
        return
    opened = os.open(path.parent, os.O_PATH)
    try:
        asking.connect(f"/proc/self/fd/{opened}/{path.name}")
    finally:
        os.close(opened)


class NoProbes(SocketProbes):
    """An app that nothing of the lab's is put into: it is asked from without alone."""

    def all_answer(self) -> bool:
        return True

    def processes(self) -> list[Told]:
        return []


def probes_of(place: Endpoint, workers: int, guest: UserApp | None) -> ProbeClient:
    """The probes of a variant: its own, or those that came into an own app from outside."""
    if guest is None:
        return ProbeClient(place, workers)
    if place.sockets is None:
        return NoProbes(place, workers, guest, Path())
    return SocketProbes(place, workers, guest, place.sockets)
