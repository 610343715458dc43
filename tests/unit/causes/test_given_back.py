"""What collecting and trimming give back as evidence of causes."""

from dataclasses import replace

import pytest
from builders.diagnosed import answered, arenas, grown_in, leak
from lab.causes.advice import help_line
from lab.causes.causes import Plausible
from lab.causes.findings import finding
from lab.causes.growth import Growth
from lab.records.interventions import Cause
from lab.records.judgement import Certainty
from lab.records.observations import AllocationTrace, PostLoadObservation, ProbeReading
from lab.records.variant import Scenario
from lab.units import MIB

CREEP = (0, 20, 40, 60, 80, 100, 120, 140, 160)


def test_what_collecting_gives_back_is_garbage_that_the_collector_was_not_run_for() -> None:
    seen = PostLoadObservation(
        Scenario.GIVE_BACK, 1.0, 210 * MIB, 60 * MIB, before=None, after=None, asked=0, answered=0
    )
    cycles = AllocationTrace("tracemalloc", 100, 0, (), {}, garbage={"app.Node": 9, "app.Edge": 90})
    reply = answered(replace(leak(), post_load=seen), None, (), (cycles,))

    assert reply.findings[0].cause is Cause.LIVE_OBJECTS
    assert reply.findings[0].standing is Certainty.PROVEN
    assert reply.findings[0].evidence.endswith(
        "all of it garbage that waits for the collector: 90 app.Edge and 9 app.Node"
    )
    assert help_line(reply).startswith("let the collector run")


def test_what_trimming_gives_back_proves_nothing_of_threads() -> None:
    seen = PostLoadObservation(
        Scenario.GIVE_BACK, 1.0, 150 * MIB, 50 * MIB, before=None, after=None, asked=0, answered=0
    )
    growth = Growth(replace(arenas(), post_load=seen))
    standing = {
        cause: finding(growth, Plausible(cause, 100 * MIB, "7 more"), (), ()).standing
        for cause in (Cause.THREAD_ARENAS, Cause.THREADS)
    }

    assert standing == {
        Cause.THREAD_ARENAS: Certainty.PROVEN,
        Cause.THREADS: Certainty.LIKELY,
    }


@pytest.mark.parametrize(
    ("freed_mib", "is_garbage"), [(0, False), (0.5, False), (20, False), (140, True)]
)
def test_live_bytes_tell_what_collecting_freed(freed_mib: float, is_garbage: bool) -> None:
    """Arenas that were free before the load are trimmed as well, and are not part of its growth."""
    settled = leak().troughs[-1].probe
    assert settled is not None
    seen = PostLoadObservation(
        *(Scenario.GIVE_BACK, 1.0, 210 * MIB, 20 * MIB),
        before=with_live(settled, 190 * MIB),
        after=with_live(settled, round((190 - freed_mib) * MIB)),
        asked=0,
        answered=0,
    )
    reply = answered(replace(leak(), post_load=seen), None, (), ())

    assert reply.findings[0].is_garbage == is_garbage


def with_live(reading: ProbeReading, live_bytes: int) -> ProbeReading:
    workers = [
        replace(each, in_use_bytes=live_bytes, mmapped_bytes=0, python_in_use_bytes=0)
        for each in reading.workers
    ]
    return replace(reading, workers=tuple(workers))


def test_what_trimming_gives_back_beside_objects_is_not_the_objects() -> None:
    """Half of what grew is free, and given back; the objects are the other half."""
    seen = PostLoadObservation(
        Scenario.GIVE_BACK, 1.0, 210 * MIB, 125 * MIB, before=None, after=None, asked=0, answered=0
    )
    halves = grown_in(CREEP, part="in_use_bytes", blocks_a_mib=2000)
    probes = [
        replace(
            reply.probe,
            workers=tuple(
                replace(each, in_use_bytes=gained * MIB // 2, free_bytes=gained * MIB // 2)
                for each in reply.probe.workers
            ),
        )
        for reply, gained in zip(halves.troughs, CREEP, strict=True)
        if reply.probe is not None
    ]
    troughs = tuple(
        replace(reply, probe=told) for reply, told in zip(halves.troughs, probes, strict=True)
    )
    reply = answered(replace(halves, troughs=troughs, post_load=seen), None, (), ())

    (objects,) = (each for each in reply.findings if each.cause is Cause.LIVE_OBJECTS)
    assert not objects.is_garbage
    assert objects.standing is Certainty.LIKELY
