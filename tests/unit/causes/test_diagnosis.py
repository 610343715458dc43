"""Evidence, then proof: what a change or a traced line makes of a plausible cause."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import raw
from builders.diagnosed import POOL, answered, arenas, explained, grown_in, leak
from lab.app.interventions import interventions_for
from lab.app.spec import AppSpec
from lab.causes.advice import (
    ADVICE,
    CAUSE_OPEN,
    CAUSE_UNKNOWN,
    NO_CAUSE_NEEDED,
    NOTHING_TO_CHANGE,
    best_cure,
    help_line,
)
from lab.causes.diagnosis import Diagnosis, diagnose, suspects
from lab.records.interventions import Cause, Intervention
from lab.records.judgement import Certainty, Verdict
from lab.records.observations import PostLoadObservation, ProbeReading, Trough
from lab.records.trial import End, EndKind, Trial
from lab.records.variant import Scenario
from lab.report.answer_text import answer_text
from lab.report.app_answer import app_answer
from lab.text.phrases import DASH
from lab.units import MIB

APP = AppSpec(file=Path("/app/lab.toml"), name="shop", command="gunicorn app:app")
CHANGES = {change.name: change for change in interventions_for(APP)}


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
