"""Asks the probes inside a variant; a probe that does not answer is a gap, never an error."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from http.client import HTTPConnection, HTTPException
from typing import Any

from lab.engines.protocol import Endpoint, probe_ports
from lab.load.target import resolve
from lab.records.observations import (
    AllocationTrace,
    Calibration,
    ProbeReading,
    ProcessReading,
    WorkerReading,
)
from lab.records.trial import Environment

OK = 200
PROBE_TIMEOUT_SECONDS = 5.0
HEALTH_PATH = "/health"


class ProbeClient:
    """The probes of one variant."""

    def __init__(self, place: Endpoint, workers: int) -> None:
        self.place = place
        self.workers = workers
        self.ports = range(place.probe_port, place.probe_port + probe_ports(workers))

    @cached_property
    def address(self) -> str:
        """Asked for once: behind a container's name stands a resolver inside the engine."""
        return resolve(self.place.host, self.place.port)

    def ask(self, port: int, path: str) -> tuple[int, bytes]:
        """Status and body, over a connection of its own."""
        connection = HTTPConnection(self.address, port, timeout=PROBE_TIMEOUT_SECONDS)
        with closing(connection):
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def get(self, port: int, path: str) -> Any:
        """The answer's JSON, or None when there is no answer."""
        try:
            status, body = self.ask(port, path)
            return json.loads(body) if status == OK else None
        except (OSError, HTTPException, ValueError):
            return None

    def answers(self, path: str, others: str | None = None) -> Iterator[Any]:
        """What the workers say, until all have; one that came later may have any of the ports.

        Args:
            others: what those behind the first one are asked, where that is not the same.
        """
        asked, left = path, self.workers
        for port in self.ports:
            if left and (answer := self.get(port, asked)):
                asked, left = others or path, left - 1
                yield answer

    def first(self, path: str) -> Any:
        """The first worker's answer."""
        return next(self.answers(path), None)

    def server_answers(self) -> bool:
        """Whether the measured server itself answers, with any status at all."""
        try:
            self.ask(self.place.port, HEALTH_PATH)
        except (OSError, HTTPException):
            return False
        return True

    def all_answer(self) -> bool:
        """Whether each worker's probe does."""
        return self.answering_workers() == self.workers

    def answering_workers(self) -> int:
        return len(list(self.answers("/_lab/health")))

    def environment(self) -> Environment | None:
        found = self.first("/_lab/environment")
        return Environment(**found) if found else None

    def calibration(self) -> Calibration | None:
        found = self.first("/_lab/calibration")
        return Calibration(**found) if found else None

    def tree(self) -> ProbeReading | None:
        """The whole tree alone: no worker's own view."""
        found = self.first("/_lab/tree")
        return reading_of(found, ()) if found else None

    def reading(self) -> ProbeReading | None:
        """The tree, read once by the first worker, and each worker's own view."""
        first, *others = (*self.answers("/_lab/reading", "/_lab/worker"),) or (None,)
        return reading_of(first, (first["worker"], *others)) if first else None

    def trace(self) -> bool:
        """Only an own app's probes can: those that come from outside."""
        return False

    def traced(self, requests: int) -> AllocationTrace | None:
        return None

    def kill_master(self) -> bool:
        """Have a worker kill its parent; False when nobody answers."""
        return self.first("/_lab/kill-master") is not None

    def give_back(self) -> int:
        """Have each worker collect its garbage, then trim its allocator; how many did."""
        collected = len(list(self.answers("/_lab/collect")))
        return min(collected, len(list(self.answers("/_lab/trim"))))


def reading_of(tree: Mapping[str, Any], workers: Sequence[Mapping[str, Any]]) -> ProbeReading:
    return ProbeReading(
        read_at_seconds=time.time(),
        processes=tuple(ProcessReading(**process) for process in tree["processes"]),
        workers=tuple(map(worker_of, workers)),
        peak_bytes=tree["peak_bytes"],
        oom_kills=tree["oom_kills"],
        memory_bytes=tree["memory_bytes"],
    )


def worker_of(answer: Mapping[str, Any]) -> WorkerReading:
    return WorkerReading(**{**answer, "gc_counts": tuple(answer["gc_counts"])})
