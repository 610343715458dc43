"""What the probes of one variant answer, as records; a probe that does not answer is a gap."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.clock import now_seconds
from lab.engines.protocol import Endpoint
from lab.load.request_mix import UserApp
from lab.probes.answers import fits, record_of
from lab.probes.channels import NoChannel, PortChannel, ProbeChannel, SocketChannel
from lab.probes.traces import merged_trace
from lab.records.observations import (
    AllocationTrace,
    Calibration,
    ProbeReading,
    WorkerReading,
)
from lab.records.trial import Environment

TRACE_SECONDS = 240.0
"""A snapshot of every allocation and the search for holders take 2 to 50 s, and took 92 s at a load
of 10. What is cut off then is the run's only answer on who holds the memory."""
TREE_FIELDS = ("processes", "peak_bytes", "oom_kills", "memory_bytes")


class ProbeClient:
    """The questions that a trial puts to the probes of one variant."""

    def __init__(self, channel: ProbeChannel) -> None:
        self.channel = channel

    def first(self, question: str) -> Any:
        """The first worker's answer, unchecked; None when no worker answers."""
        return next(self.channel.answers(question), None)

    def server_answers(self) -> bool:
        """Whether the measured server itself responds, with any status."""
        return self.channel.server_answers()

    def all_answer(self) -> bool:
        """Whether the probe of each worker does, as far as they can be expected to."""
        return self.channel.all_answer()

    def environment(self) -> Environment | None:
        """Interpreter and packages of the first worker."""
        return record_of(Environment, self.first("/_lab/environment"))

    def calibration(self) -> Calibration | None:
        """The memory that the workload retains before any load; None where it was not measured."""
        return record_of(Calibration, self.first("/_lab/calibration"))

    def tree(self) -> ProbeReading | None:
        """The tree of processes alone, without the workers' own readings."""
        return reading_of(self.first("/_lab/tree"), ())

    def reading(self) -> ProbeReading | None:
        """The tree of processes, read once by the first worker, and each worker's own reading."""
        answers = list(self.channel.answers("/_lab/reading", "/_lab/worker"))
        if not answers or not isinstance(answers[0], Mapping):
            return None
        first, *others = answers
        return reading_of(first, (first.get("worker"), *others))

    def workers(self) -> tuple[WorkerReading, ...]:
        """Each worker's own reading, without the tree of processes, which takes longer."""
        answers = self.channel.answers("/_lab/worker")
        return tuple(filter(None, (record_of(WorkerReading, each) for each in answers)))

    def trace(self) -> bool:
        """Whether any worker traces allocations from now on; only user apps can."""
        return bool(list(self.channel.answers("/_lab/trace", seconds=TRACE_SECONDS)))

    def traced(self, requests: int) -> AllocationTrace | None:
        """What all workers allocated since `trace` and did not free; ends the trace.

        Args:
            requests: completed meanwhile.
        """
        return self.trace_of("/_lab/traced", requests)

    def trace_lines(self) -> bool:
        """Begin to trace which lines allocate, and nothing else; whether any worker does."""
        return bool(list(self.channel.answers("/_lab/trace-lines", seconds=TRACE_SECONDS)))

    def traced_lines(self, requests: int) -> AllocationTrace | None:
        """What all workers allocated since `trace_lines`, as `traced`, without who holds it."""
        return self.trace_of("/_lab/traced-lines", requests)

    def trace_of(self, question: str, requests: int) -> AllocationTrace | None:
        answers = list(self.channel.answers(question, seconds=TRACE_SECONDS))
        trace = merged_trace(answers, requests)
        return trace if trace is not None and fits(trace) else None

    def kill_master(self) -> bool:
        """Whether a worker answered, which then kills its parent."""
        return self.first("/_lab/kill-master") is not None

    def give_back(self) -> int:
        """How many workers collected their garbage and then trimmed their allocator."""
        collected = len(list(self.channel.answers("/_lab/collect")))
        return min(collected, len(list(self.channel.answers("/_lab/trim"))))


def reading_of(tree: Any, workers: Sequence[Any]) -> ProbeReading | None:
    """A reading at this moment; None when the tree has another shape.

    A worker whose reading has another shape is left out, as one that does not answer.
    """
    if not isinstance(tree, Mapping):
        return None
    fields = {name: tree.get(name) for name in TREE_FIELDS}
    reading = record_of(ProbeReading, {**fields, "workers": [], "read_at_seconds": now_seconds()})
    if reading is None:
        return None
    readings = filter(None, (record_of(WorkerReading, worker) for worker in workers))
    reading = replace(reading, workers=tuple(readings))
    return reading if fits(reading) else None


def probes_of(endpoint: Endpoint, workers: int, user_app: UserApp | None) -> ProbeClient:
    """The probes of a variant: those of the lab's own apps, or those put into a user app."""
    if user_app is None:
        return ProbeClient(PortChannel(endpoint, workers))
    if endpoint.sockets is None:
        return ProbeClient(NoChannel(endpoint, user_app))
    return ProbeClient(SocketChannel(endpoint, workers, user_app, endpoint.sockets))
