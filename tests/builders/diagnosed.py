"""Trials of an app that grows, and what is answered of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from builders import raw
from lab.causes.diagnosis import Diagnosis, diagnose
from lab.records.interventions import Intervention
from lab.records.observations import AllocationTrace, ProbeReading, TracedLine
from lab.records.trial import Trial
from lab.units import MIB

POOL = (0, 60, 80, 100, 100, 100, 100, 100, 100)
"""MiB that a filling pool gains, trough by trough."""
CREEP = (0, 20, 40, 60, 80, 100, 120, 140, 160)


def grown_in(gained_mib: tuple[int, ...], *, seconds: float = 4.0, **worker: Any) -> Trial:
    """A trial that gained memory in one part of its breakdown alone."""
    part, count = worker.pop("part", "free_bytes"), worker.pop("arenas", 1)

    def told(index: int, gained: float) -> ProbeReading:
        sizes = {"in_use_bytes": 8 * MIB, "free_bytes": 0, part: int(gained * MIB)}
        blocks = 1000 + int(gained) * worker.get("blocks_a_mib", 0)
        arenas = 1 if index < 0 else count
        return raw.probe(raw.worker(arenas=arenas, **sizes, allocated_blocks=blocks))

    blocks = tuple(
        replace(
            raw.block(index, sent=500, ok=500),
            ended_at_seconds=raw.block(index).started_at_seconds + seconds,
        )
        for index in range(len(gained_mib) - 1)
    )
    return raw.grown_trial(gained_mib, told, blocks=blocks, samples=())


def arenas(gained_mib: tuple[int, ...] = POOL, seconds: float = 4.0) -> Trial:
    return grown_in(gained_mib, seconds=seconds, arenas=9)


def leak() -> Trial:
    return grown_in(CREEP, part="in_use_bytes", blocks_a_mib=2000)


def answered(
    first: Trial,
    control: Trial | None,
    changed: Sequence[tuple[Intervention, Trial]] = (),
    traces: Sequence[AllocationTrace] = (),
) -> Diagnosis:
    return diagnose(first, control or first, changed, traces)


def explained(bytes_a_request: int, tracer: str = "tracemalloc") -> AllocationTrace:
    line = TracedLine(bytes_a_request * 1000, 1000, ("/x/site-packages/j.py:3", "/w/app/app.py:7"))
    return AllocationTrace(tracer, 1000, bytes_a_request * 1000, (line,), {"a.B": 1000})
