"""Evidence, then proof: what a change or a traced line makes of a plausible cause."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.app.interventions import interventions_for
from lab.app.spec import AppSpec
from lab.causes.advice import (
    ADVICE,
    CAUSE_OPEN,
    CAUSE_UNKNOWN,
    HAS_STOPPED,
    LIMIT,
    NO_CAUSE_NEEDED,
    NOTHING_TO_CHANGE,
    best_cure,
    help_line,
)
from lab.causes.causes import Plausible
from lab.causes.diagnosis import Diagnosis, diagnose, suspects
from lab.causes.findings import finding
from lab.causes.growth import Growth
from lab.records.holders import CalledFunction, HolderSearch
from lab.records.interventions import Cause, Intervention
from lab.records.judgement import Certainty, Verdict
from lab.records.observations import (
    AllocationTrace,
    PostLoadObservation,
    ProbeReading,
    TracedLine,
    Trough,
)
from lab.records.trial import End, EndKind, Trial
from lab.records.variant import Scenario
from lab.report.answer_text import answer_text
from lab.report.app_answer import app_answer
from lab.text.phrases import DASH

MIB = raw.MIB
APP = AppSpec(file=Path("/app/lab.toml"), name="shop", command="gunicorn app:app")
CHANGES = {change.name: change for change in interventions_for(APP)}
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
    beside: Trial | None,
    changed: Sequence[tuple[Intervention, Trial]] = (),
    explanations: Sequence[AllocationTrace] = (),
) -> Diagnosis:
    return diagnose(first, beside or first, changed, explanations)


def with_one_arena(seconds: float = 4.0) -> list[tuple[Intervention, Trial]]:
    return [(CHANGES["one-arena"], arenas((0, 2, 3, 4, 4, 4, 4, 4, 4), seconds))]


def test_a_cause_is_proven_by_the_change_that_takes_it_away() -> None:
    reply = answered(arenas(), None, with_one_arena(), ())

    assert reply.judged.verdict is Verdict.BOUNDED
    assert [(each.cause, each.standing) for each in reply.findings] == [
        (Cause.THREAD_ARENAS, Certainty.PROVEN)
    ]
    assert reply.findings[0].proof.endswith(
        "gains 96% less; of 100 MiB gained, each change gave back (measured): one arena 96.0 MiB"
    )


def test_a_cause_that_no_change_confirms_is_likely() -> None:
    reply = answered(arenas(), None, [(CHANGES["one-arena"], arenas())], ())

    assert reply.findings[0].standing is Certainty.LIKELY
    assert reply.findings[0].proof == (
        "not confirmed by one-arena; "
        "of 100 MiB gained, each change gave back (measured): one arena 0.0 MiB"
    )


def test_a_stop_gap_that_ends_all_growth_proves_no_cause_and_ranks_last() -> None:
    ended = arenas((0, *(0,) * 8))
    tried = [(CHANGES["max-requests"], ended), *with_one_arena(seconds=40.0)]
    reply = answered(arenas(), None, tried[:1])

    assert reply.findings[0].standing is Certainty.LIKELY
    assert [each.change.name for each in answered(arenas(), None, tried).outcomes] == [
        "one-arena",
        "max-requests",
    ]


def test_without_any_change_it_says_that_none_was_made() -> None:
    assert "no change that would prove it" in answered(arenas(), None, (), ()).findings[0].proof


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


def explained(bytes_a_request: int, tracer: str = "tracemalloc") -> AllocationTrace:
    line = TracedLine(bytes_a_request * 1000, 1000, ("/x/site-packages/j.py:3", "/w/app/app.py:7"))
    return AllocationTrace(tracer, 1000, bytes_a_request * 1000, (line,), {"a.B": 1000})


def test_lines_that_hold_what_was_gained_prove_it() -> None:
    reply = answered(leak(), None, (), [explained(40_000)])

    assert reply.judged.verdict is Verdict.LEAK
    assert (reply.findings[0].cause, reply.findings[0].standing) == (
        Cause.LIVE_OBJECTS,
        Certainty.PROVEN,
    )
    assert "j.py:3, from app.py:7" in reply.findings[0].proof
    assert reply.types == (("a.B", 1000),)


def test_large_objects_that_tracemalloc_accounts_for_are_pythons_and_not_native() -> None:
    """A cache of 20 kB each: malloc has the bytes, and hardly any Python block came with them."""
    cache = grown_in(POOL, part="in_use_bytes", blocks_a_mib=50)
    reply = answered(cache, None, (), [explained(26_000)])

    assert [each.cause for each in reply.findings] == [Cause.LIVE_OBJECTS]
    assert reply.findings[0].standing is Certainty.PROVEN
    assert [each.cause for each in answered(cache, None).findings] == [Cause.NATIVE]


def test_a_reference_that_an_extension_lost_leaves_objects_where_blocks_account_for_it() -> None:
    """A string of multidict has a block of Python's; a buffer of ujson is malloc's alone."""
    (line,) = (trace := explained(40_000)).lines
    lost = replace(
        trace,
        lines=(replace(line, calls=(CalledFunction("multidict.MultiDict", None),)),),
        search=HolderSearch((), (), (), None),
    )

    (objects,) = answered(leak(), None, (), [lost]).findings
    (buffers,) = answered(
        grown_in(POOL, part="in_use_bytes", blocks_a_mib=50), None, (), [lost]
    ).findings

    assert (objects.cause, buffers.cause) == (Cause.LIVE_OBJECTS, Cause.NATIVE)


def test_what_live_memory_fills_and_has_stopped_needs_no_change_but_its_limit() -> None:
    cache = grown_in(POOL, part="in_use_bytes", blocks_a_mib=50)
    ended = [(CHANGES["max-requests"], arenas((0, *(0,) * 8)))]

    assert help_line(answered(cache, None, ended, [explained(26_000)])) == LIMIT
    assert help_line(answered(cache, None, ended)) == HAS_STOPPED


def test_a_stop_gap_comes_after_the_advice_for_the_cause() -> None:
    ended = [(CHANGES["max-requests"], grown_in((0,) * 9))]
    line = help_line(answered(leak(), None, ended, [explained(40_000)]))

    assert line.startswith(f"{ADVICE[Cause.LIVE_OBJECTS]}; until then gunicorn --max-requests")


def beside_fragments(live_mib: float, free_mib: float) -> Trial:
    """A trial of which live bytes and what is free in the allocator grow evenly, block by block."""
    troughs = tuple(
        raw.trough(
            index,
            round((50 + (index + 1) * (live_mib + free_mib)) * MIB),
            probe=raw.probe(
                raw.worker(
                    in_use_bytes=8 * MIB,
                    mmapped_bytes=0,
                    free_bytes=round((index + 1) * free_mib * MIB),
                    python_in_use_bytes=round((20 + (index + 1) * live_mib) * MIB),
                    python_free_bytes=0,
                    allocated_blocks=100_000 + (index + 1) * 20_000,
                )
            ),
        )
        for index in range(-1, 8)
    )
    return replace(leak(), troughs=troughs)


def test_collecting_that_freed_live_memory_proves_nothing_of_what_was_free() -> None:
    """uvicorn 0.18.1: cycles waited for the collector, and arenas stood half empty meanwhile."""
    seen = PostLoadObservation(
        Scenario.GIVE_BACK, 1.0, 98 * MIB, 45 * MIB, before=None, after=None, asked=0, answered=0
    )
    reply = answered(replace(beside_fragments(4, 2), post_load=seen), None)
    standing = {each.cause: (each.standing, each.is_garbage) for each in reply.findings}

    assert standing[Cause.LIVE_OBJECTS] == (Certainty.PROVEN, True)
    assert standing[Cause.FRAGMENTATION] == (Certainty.LIKELY, False)


def test_live_memory_that_leaks_comes_before_what_is_free_beside_it() -> None:
    """Python 3.8's locks of threads: half of the growth was free in the allocator, and fixed
    thresholds took that half away, and the leak went on.
    """
    first, rest = beside_fragments(2, 4), beside_fragments(2, 0)
    locks = explained(round(1.8 * MIB / 500))
    reply = answered(first, None, [(CHANGES["thresholds"], rest)], [locks])

    assert [(each.cause, each.standing) for each in reply.findings] == [
        (Cause.LIVE_OBJECTS, Certainty.PROVEN),
        (Cause.FRAGMENTATION, Certainty.LIKELY),
    ]
    assert (
        "gains 67% less, and it still leaks; of 48.0 MiB gained, each change gave back "
        in reply.findings[1].proof
    )


def test_live_memory_that_leaks_is_asked_for_below_a_quarter_of_the_growth() -> None:
    """On a busy machine free memory beside Python 3.8's locks grew four times as fast: nothing was
    traced, and nobody was named.
    """
    leaks = beside_fragments(0.3, 1.2)

    assert [each.cause for each in suspects(leaks)] == [Cause.LIVE_OBJECTS, Cause.FRAGMENTATION]
    assert [each.cause for each in suspects(beside_fragments(0, 1.5))] == [Cause.FRAGMENTATION]


def test_fragmentation_is_proven_by_the_change_with_which_the_app_does_not_leak() -> None:
    fragments = beside_fragments(0, 4)
    (found,) = answered(fragments, None, [(CHANGES["thresholds"], grown_in((0,) * 9))]).findings

    assert (found.cause, found.standing) == (Cause.FRAGMENTATION, Certainty.PROVEN)


def test_what_pythons_allocator_does_not_hold_is_native() -> None:
    reply = answered(leak(), None, (), [explained(100)])
    assert {each.cause for each in reply.findings} == {Cause.NATIVE}


def test_lines_that_malloc_alone_knows_prove_native_memory() -> None:
    told = [explained(100), explained(40_000, "memray")]
    (found, *others) = answered(leak(), None, (), told).findings

    assert (found.cause, found.standing, others) == (Cause.NATIVE, Certainty.PROVEN, [])
    assert "memray finds 39.1 KiB a request" in found.proof


def mixed_leak() -> Trial:
    """A leak of malloc's whose blocks of Python's may be objects, or come with native memory."""
    return grown_in(CREEP, part="in_use_bytes", blocks_a_mib=500)


def test_one_trace_is_the_proof_of_one_cause() -> None:
    """Where memray alone answered, both causes stood there with one proof."""
    suspected = answered(mixed_leak(), None).findings
    assert {each.cause for each in suspected} == {Cause.LIVE_OBJECTS, Cause.NATIVE}

    (found,) = answered(mixed_leak(), None, (), [explained(40_000, "memray")]).findings
    assert found.cause == suspected[0].cause
    assert found.standing is Certainty.LIKELY
    assert found.proof.endswith("app.py:7, Python's objects and native memory alike")

    both = [explained(12_000), explained(40_000, "memray")]
    (told,) = answered(mixed_leak(), None, (), both).findings
    assert (told.cause, told.standing) == (suspected[0].cause, Certainty.PROVEN)


def test_lines_that_hold_some_of_it_prove_nothing() -> None:
    reply = answered(leak(), None, (), [explained(8_000)])
    assert reply.findings[0].standing is Certainty.LIKELY


def test_a_flat_app_is_asked_for_no_cause() -> None:
    reply = answered(arenas((0, 5, 6, 6, 6, 6, 6, 6, 6)), None, (), ())

    assert reply.findings == ()
    assert app_answer(reply, "shop", "own-shop").no_cause == NO_CAUSE_NEEDED
    assert help_line(reply) == NOTHING_TO_CHANGE


@pytest.mark.parametrize(
    ("verdict", "grown_mib", "cause", "cure"),
    [
        (Verdict.BOUNDED, 1, NO_CAUSE_NEEDED, NOTHING_TO_CHANGE),
        (Verdict.BOUNDED, 40, CAUSE_UNKNOWN, DASH),
        (Verdict.INCONCLUSIVE, 1, CAUSE_OPEN, DASH),
        (Verdict.INCONCLUSIVE, 400, CAUSE_OPEN, DASH),
    ],
)
def test_a_growth_that_is_too_small_is_asked_for_no_cause(
    verdict: Verdict, grown_mib: int, cause: str, cure: str
) -> None:
    """The mended release of a leaking one still grew by 1.3 MiB, free in the allocator."""
    flat = answered(arenas((0, 5, 6, 6, 6, 6, 6, 6, 6)), None, (), ())
    judged = replace(flat.judged, verdict=verdict, growth_bytes=grown_mib << 20)
    changed = replace(flat, judged=judged)

    assert app_answer(changed, "shop", "own-shop").no_cause == cause
    assert help_line(changed) == cure


def test_descriptors_that_each_request_leaves_open_are_told_though_memory_is_flat() -> None:
    opened = tuple(
        replace(reply, probe=with_descriptors(reply, 500 * (reply.index + 1)))
        for reply in grown_in((0,) * 9).troughs
    )
    reply = answered(replace(grown_in((0,) * 9), troughs=opened), None)

    assert reply.judged.verdict is Verdict.FLAT
    assert [each.cause for each in reply.findings] == [Cause.DESCRIPTORS]
    assert "(1.00 a request)" in reply.findings[0].evidence
    assert help_line(reply) == ADVICE[Cause.DESCRIPTORS]


def with_descriptors(found: Trough, count: int) -> ProbeReading:
    assert found.probe is not None
    (process, *_) = found.probe.processes
    return replace(found.probe, processes=(replace(process, descriptors=count),))


def test_cures_are_ranked_by_bytes_against_requests_a_second() -> None:
    changed = [
        (CHANGES["one-arena"], arenas((0, *(2,) * 8), seconds=16.0)),
        (CHANGES["two-arenas"], arenas((0, *(10,) * 8), seconds=4.0)),
    ]
    reply = answered(arenas(), None, changed, ())

    assert [each.change.name for each in reply.outcomes] == ["two-arenas", "one-arena"]
    assert [each.rate for each in reply.outcomes] == [1.0, 0.25]
    assert help_line(reply).startswith("MALLOC_ARENA_MAX=2 in the service's environment (90.0 MiB")


@pytest.mark.parametrize(
    ("left_share", "starts", "ends"),
    [
        (
            0.7,
            ADVICE[Cause.LIVE_OBJECTS],
            "until then MALLOC_ARENA_MAX=2 in the service",
        ),
        (0.2, ADVICE[Cause.LIVE_OBJECTS], "until then MALLOC_ARENA_MAX=2 in the service"),
        (0.0, "MALLOC_ARENA_MAX=2 in the service", "100% of the requests"),
    ],
)
def test_a_cure_that_does_not_end_a_leak_comes_after_its_advice(
    left_share: float, starts: str, ends: str
) -> None:
    """frozendict 2.3.2: two arenas took half of the growth away, and the leak went on."""
    first = leak()
    (baseline, *_) = (each.sample.memory_bytes for each in first.troughs)

    def left(each: Trough) -> Trough:
        size = baseline + round(left_share * (each.sample.memory_bytes - baseline))
        return replace(each, sample=replace(each.sample, memory_bytes=size))

    troughs = tuple(map(left, first.troughs))
    reply = answered(first, None, [(CHANGES["two-arenas"], replace(first, troughs=troughs))])

    assert reply.judged.verdict is Verdict.LEAK
    assert reply.findings[0].cause is Cause.LIVE_OBJECTS
    assert help_line(reply).startswith(starts)
    assert ends in help_line(reply)


def test_what_only_tells_is_no_cure() -> None:
    told = [(CHANGES["python-malloc"], arenas((0, *(2,) * 8)))]
    assert best_cure(answered(grown_in(POOL), None, told, ())) is None


def test_changes_are_compared_with_the_control_run() -> None:
    reply = answered(arenas(), arenas((0, *(50,) * 8)), with_one_arena())
    assert reply.outcomes[0].saved_bytes == 46 * MIB


def test_the_answer_in_markdown_holds_all_three() -> None:
    reply: Diagnosis = answered(arenas(), None, with_one_arena(), ())
    text = answer_text(app_answer(reply, "shop", "own-shop"))

    for words in ("**Verdict:** bounded.", "- Thread arenas (proven). ", "**What helps:** MALLOC_"):
        assert words in text
    assert (
        "| MALLOC_ARENA_MAX=1 in the service's environment | +4.0 MiB | +96.0 MiB | 100% |" in text
    )


DIED = End(EndKind.DIED, 30.0, "it ended")


@pytest.mark.parametrize(
    ("end", "failed"),
    [
        (DIED, ("hypercorn in place of uvicorn: it ended",)),
        (End(EndKind.INTERRUPTED, 30.0), ()),
        (End(EndKind.COMPLETE, 30.0), ()),
    ],
)
def test_a_change_that_the_app_does_not_come_up_with_is_told(
    end: End, failed: tuple[str, ...]
) -> None:
    """hypercorn died on Python 3.7, and the answer did not say that another server was tried."""
    change = Intervention("other-server", "hypercorn in place of uvicorn", ())
    diagnosis = diagnose(leak(), leak(), [(change, replace(leak(), end=end))], [])

    assert diagnosis.failed == failed
    text = answer_text(app_answer(diagnosis, "shop", "own-shop"))
    assert (": it ended." in text) == bool(failed)


def test_each_cause_has_its_advice() -> None:
    assert ADVICE.keys() == set(Cause)
