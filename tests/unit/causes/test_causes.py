"""Which causes a memory breakdown makes plausible, part by part."""

from dataclasses import replace
from typing import Any

import pytest
from builders import raw
from lab.causes.causes import plausible_causes
from lab.causes.memory_breakdown import MemoryBreakdown, second_half, whole_load
from lab.records.interventions import Cause
from lab.records.observations import ProbeReading
from lab.records.trial import Trial
from lab.units import MIB

NOTHING = MemoryBreakdown(
    memory=40 * MIB,
    anon=40 * MIB,
    file=0,
    kernel=0,
    in_use=0,
    free=0,
    arenas_count=0,
    blocks_count=0,
    tasks_count=0,
    processes_count=0,
    descriptors_count=0,
    sockets_count=0,
    requests=4000,
)


def causes(**changes: Any) -> list[Cause]:
    return [each.cause for each in plausible_causes(replace(NOTHING, **changes))]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"free": 38 * MIB, "arenas_count": 10}, Cause.THREAD_ARENAS),
        ({"free": 38 * MIB}, Cause.FRAGMENTATION),
        ({"blocks_count": 300_000}, Cause.LIVE_OBJECTS),
        ({"in_use": 39 * MIB, "blocks_count": 20_000}, Cause.LIVE_OBJECTS),
        ({"in_use": 39 * MIB, "blocks_count": 100}, Cause.NATIVE),
        ({"anon": 0, "file": 40 * MIB}, Cause.PAGE_CACHE),
        ({"anon": 0, "kernel": 40 * MIB}, Cause.KERNEL),
    ],
)
def test_the_part_that_grew_names_the_cause(changes: dict[str, Any], cause: Cause) -> None:
    assert causes(**changes)[0] is cause


def test_live_memory_in_both_allocators_counts_together() -> None:
    parts = {"in_use": 8 * MIB, "python_in_use": 8 * MIB, "python_free": 0, "free": 24 * MIB}

    assert causes(**parts, blocks_count=40_000) == [Cause.FRAGMENTATION, Cause.LIVE_OBJECTS]


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"tasks_count": 400}, Cause.THREADS),
        ({"tasks_count": 400, "processes_count": 400}, Cause.PROCESSES),
        ({"descriptors_count": 400, "sockets_count": 400}, Cause.SOCKETS),
        ({"descriptors_count": 400}, Cause.DESCRIPTORS),
    ],
)
def test_what_can_be_counted_is_named_when_there_is_more_of_it(
    changes: dict[str, Any], cause: Cause
) -> None:
    assert cause in causes(**changes)


def test_what_each_request_leaves_open_comes_before_the_memory_that_hangs_on_it() -> None:
    left_open = {"descriptors_count": 4000, "sockets_count": 4000, "blocks_count": 300_000}

    assert causes(**left_open) == [Cause.SOCKETS, Cause.LIVE_OBJECTS]
    assert causes(**{**left_open, "sockets_count": 20, "descriptors_count": 20}) == [
        Cause.LIVE_OBJECTS,
        Cause.SOCKETS,
    ]


def test_a_pool_that_filled_leaves_nothing_open_though_it_has_more_threads() -> None:
    filled = replace(NOTHING, tasks_count=160, blocks_count=300_000)
    found = plausible_causes(filled, later=replace(NOTHING, tasks_count=0))

    assert [each.cause for each in found] == [Cause.LIVE_OBJECTS, Cause.THREADS]
    assert plausible_causes(filled)[0].cause is Cause.THREADS


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"python_in_use": 38 * MIB, "blocks_count": 300_000}, Cause.LIVE_OBJECTS),
        ({"python_free": 38 * MIB, "blocks_count": 100}, Cause.FRAGMENTATION),
        ({"blocks_count": 100}, Cause.NATIVE),
        ({"blocks_count": 300_000}, Cause.NATIVE),
    ],
    ids=["objects", "free in Python's arenas", "mapped by a library", "mapped, beside objects"],
)
def test_pythons_own_allocator_tells_objects_from_what_others_map(
    changes: dict[str, Any], cause: Cause
) -> None:
    assert causes(**{"python_in_use": 0, "python_free": 0, **changes}) == [cause]


def test_free_memory_that_cannot_be_resident_explains_nothing() -> None:
    inflated = {"python_in_use": 36 * MIB, "python_free": 0, "free": 300 * MIB}
    found = plausible_causes(replace(NOTHING, **inflated, blocks_count=300_000))

    assert [each.cause for each in found] == [Cause.LIVE_OBJECTS]


def test_objects_in_memory_that_was_free_before_are_a_cause_though_memory_is_stable() -> None:
    held = {"memory": 0, "anon": 0, "python_in_use": MIB, "python_free": -MIB}
    assert causes(**held, blocks_count=8000) == [Cause.LIVE_OBJECTS]


def test_pages_copied_after_a_fork_are_the_only_cause_of_what_they_explain() -> None:
    copies = {"python_in_use": 0, "python_free": 0, "shared": -39 * MIB}

    assert causes(**copies, blocks_count=100) == [Cause.COPIED_PAGES]
    assert causes(**{**copies, "shared": -200 * MIB}, blocks_count=100) == [Cause.NATIVE]


def test_a_few_that_come_and_go_are_no_cause() -> None:
    assert causes(anon=0, tasks_count=3, descriptors_count=3) == []


def test_memory_outside_malloc_that_no_blocks_explain_is_fragmentation() -> None:
    assert causes(blocks_count=10) == [Cause.FRAGMENTATION]


def test_a_gap_makes_nothing_plausible() -> None:
    gaps = {
        name: None
        for name in ("anon", "file", "kernel", "in_use", "free", "blocks_count", "tasks_count")
    }
    assert causes(**gaps, descriptors_count=None, sockets_count=None, processes_count=None) == []


def test_the_evidence_names_its_numbers() -> None:
    (found,) = plausible_causes(replace(NOTHING, free=38 * MIB, arenas_count=1))
    assert found.evidence == "38.0 MiB more are free in the allocator, in 1 more arena than before"


def freed(*free_mib: int) -> Trial:
    """A trial that gained what is free in its allocator."""

    def told(_: int, free: float) -> ProbeReading:
        return raw.probe(raw.worker(free_bytes=int(free * MIB), mmapped_bytes=MIB, sockets=5))

    return raw.grown_trial(free_mib, told)


def test_parts_are_differences_over_the_load_and_over_its_second_half() -> None:
    whole, half = whole_load(freed(0, 10, 20, 30, 40)), second_half(freed(0, 10, 20, 30, 40))
    assert whole is not None
    assert half is not None
    assert (whole.memory, whole.free, whole.in_use, whole.requests) == (
        40 * MIB,
        40 * MIB,
        0,
        500,
    )
    assert (half.memory, half.requests, half.sockets_count) == (20 * MIB, 250, 0)


def test_pages_of_files_that_are_not_counted_explain_nothing() -> None:
    first, last = raw.trough(-1), raw.trough(0)
    grown = replace(last.sample, file_bytes=99 * MIB, source="process-pss-anon")
    parts = whole_load(raw.trial(troughs=(first, replace(last, sample=grown))))
    assert parts is not None
    assert parts.file is None


def test_a_worker_that_did_not_answer_is_a_gap_and_not_a_loss() -> None:
    summary = freed(0, 10)
    silent = replace(summary.troughs[1], probe=None)
    parts = whole_load(replace(summary, troughs=(summary.troughs[0], silent)))
    assert parts is not None
    assert (parts.free, parts.in_use, parts.descriptors_count) == (None, None, None)


def test_without_a_baseline_there_are_no_parts() -> None:
    summary = freed(0, 10)
    assert whole_load(replace(summary, troughs=summary.troughs[1:])) is None
    assert second_half(replace(summary, troughs=summary.troughs[:1])) is None
