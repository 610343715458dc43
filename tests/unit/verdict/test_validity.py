from dataclasses import replace
from string import Formatter
from typing import Any

import pytest
from builders import raw
from builders.raw import sample
from lab.records.judgement import Verdict
from lab.records.observations import Block, KindCounts, Pause, Trough
from lab.records.trial import End, EndKind, Trial
from lab.units import MIB
from lab.verdict.caveats import FORBIDDING, OF_USER_APPS, Caveat, CaveatKind
from lab.verdict.trend import troughs_of
from lab.verdict.validity import Conditions, caveats, conditions_of
from lab.verdict.verdict import judge_trial

FINE = Conditions(blocks=8, sent=1000, ok=1000, limit_bytes=512 * MIB, highest_bytes=100 * MIB)


def kinds(conditions: Conditions) -> list[CaveatKind]:
    return [caveat.kind for caveat in caveats(conditions)]


def trough(index: int, memory_bytes: int = 50 * MIB, kills: int = 0) -> Trough:
    return raw.trough(index, memory_bytes, probe=raw.probe(oom_kills=kills))


def block(index: int, ok: int = 125, busy: float = 0.2) -> Block:
    return raw.block(index, ok=ok, driver_busy=busy)


def sampled(**changes: Any) -> Trial:
    """A trial with a sample each second, and a driver that is not busy."""
    samples = tuple(sample(at=float(second)) for second in range(60))
    blocks = tuple(block(index) for index in range(8))
    start = raw.start(raw.variant(limit_bytes=512 * MIB))
    return replace(raw.trial(start=start, samples=samples, blocks=blocks), **changes)


def test_a_clean_trial_has_no_caveats() -> None:
    assert kinds(FINE) == []
    assert kinds(conditions_of(sampled())) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"ok": 0}, CaveatKind.NO_REQUESTS),
        ({"sent": 0, "ok": 0}, CaveatKind.NO_REQUESTS),
        ({"ok": 989}, CaveatKind.MANY_FAILED),
        ({"ok": 990}, CaveatKind.SOME_FAILED),
        ({"blocks": 7}, CaveatKind.TOO_FEW_BLOCKS),
        ({"troughs": 7}, CaveatKind.TROUGHS_MISSING),
        ({"has_baseline": False}, CaveatKind.NO_BASELINE),
        ({"empty_blocks": 1}, CaveatKind.EMPTY_BLOCK),
        ({"kills": 1}, CaveatKind.KILLED),
        ({"kills": 1, "limit_bytes": None}, CaveatKind.KILLED),
        *(({"end": end}, CaveatKind.NOT_COMPLETE) for end in EndKind if end.value != "complete"),
        ({"end": None}, CaveatKind.NOT_COMPLETE),
        ({"driver_busy": (0.1, 0.81, 0.9)}, CaveatKind.DRIVER_BUSY),
        ({"driver_busy": (0.1, 0.8, 0.9)}, CaveatKind.DRIVER_BUSY_AT_TIMES),
        ({"highest_bytes": 502 * MIB}, CaveatKind.NEAR_LIMIT),
        ({"highest_bytes": 98, "limit_bytes": 100}, CaveatKind.NEAR_LIMIT),
        ({"not_stable": 2}, CaveatKind.NOT_STABLE),
        ({"gaps_seconds": (3.4, 12.0)}, CaveatKind.GAPS),
        ({"samples_left_out": 3}, CaveatKind.SAMPLES_LEFT_OUT),
        ({"page_cache_bytes": 1 * MIB}, CaveatKind.PAGE_CACHE),
    ],
    ids=str,
)
def test_each_matter_has_its_caveat(change: dict[str, Any], kind: CaveatKind) -> None:
    assert kinds(replace(FINE, **change)) == [kind]


@pytest.mark.parametrize(
    "change",
    [
        {"driver_busy": (0.8,) * 8},
        {"highest_bytes": 501 * MIB},
        {"limit_bytes": None},
        {"page_cache_bytes": MIB - 1},
    ],
    ids=str,
)
def test_at_the_threshold_nothing_is_the_matter(change: dict[str, Any]) -> None:
    assert kinds(replace(FINE, **change)) == []


def test_sentences_carry_their_number_and_the_next_action() -> None:
    bad = replace(FINE, ok=900, driver_busy=(0.93,), highest_bytes=511 * MIB)
    assert [caveat.sentence for caveat in caveats(bad)] == [
        "100 of 1,000 requests failed (10%); lower CONCURRENCY.",
        "The driver used 0.93 of a core in the median block; lower LANES.",
        "Memory reached 511 MiB, and its limit is 512 MiB: the limit may have stopped its growth;"
        " raise mem_limit.",
    ]


def test_one_process_or_gap_is_not_told_as_several() -> None:
    one = replace(FINE, kills=1, added_blocks=1, gaps_seconds=(4.0,))
    assert [caveat.sentence for caveat in caveats(one)] == [
        "1 process was killed at the memory limit of 512 MiB; raise it.",
        "The verdict was open after the 7 planned blocks, or a leak had to be confirmed;"
        " 1 more block was added.",
        "Samples are missing for up to 4 s (1 gap); lower LANES.",
    ]


def test_every_kind_names_an_action_and_all_but_one_a_number() -> None:
    assert all(";" in kind.value for kind in CaveatKind)
    fields = {
        kind: [name for _, name, _, _ in Formatter().parse(kind.value) if name]
        for kind in CaveatKind
    }
    assert [kind for kind in CaveatKind if not fields[kind]] == [CaveatKind.NO_BASELINE]


def test_the_gravest_comes_first() -> None:
    bad = replace(FINE, ok=0, end=EndKind.DIED, end_reason="exit code 137.", not_stable=1)
    found = caveats(bad)
    assert [caveat.kind for caveat in found] == [
        CaveatKind.NOT_COMPLETE,
        CaveatKind.NO_REQUESTS,
        CaveatKind.NOT_STABLE,
    ]
    assert found[0].sentence == (
        "The trial ended early (died): exit code 137; see its log and run it again."
    )
    assert [caveat.forbids for caveat in found] == [True, True, False]


def test_conditions_are_read_from_the_trial() -> None:
    gap = (sample(at=0.0), sample(at=1.0), sample(300 * MIB, at=9.5))
    restless = replace(trough(7, kills=2), stable=False)
    seen = conditions_of(
        sampled(
            samples=gap,
            blocks=(block(0, ok=0), *(block(index, busy=0.5) for index in range(1, 8))),
            troughs=(*(trough(index) for index in range(-1, 7)), restless),
            end=End(EndKind.DIED, 60.0, "exit code 137"),
        )
    )
    assert seen == Conditions(
        blocks=8,
        sent=1000,
        ok=875,
        end=EndKind.DIED,
        end_reason="exit code 137",
        kills=2,
        has_baseline=True,
        troughs=8,
        not_stable=1,
        empty_blocks=1,
        driver_busy=(0.2, *(0.5,) * 7),
        highest_bytes=300 * MIB,
        limit_bytes=512 * MIB,
        gaps_seconds=(8.5,),
    )


def test_troughs_are_read_from_the_trial_in_order() -> None:
    heights = (trough(1, 70), trough(-1, 50), trough(0, 60))
    seen = troughs_of(sampled(troughs=heights))
    assert seen is not None
    assert (seen.baseline_bytes, seen.trough_bytes, seen.requests) == (50, (60, 70), (125, 250))


SPOILT = {
    "no baseline": sampled(troughs=tuple(trough(index) for index in range(8))),
    "no troughs": sampled(troughs=(trough(-1),)),
    "nothing at all": sampled(troughs=(), blocks=(), samples=(), end=None),
    "a trough missing": sampled(troughs=tuple(trough(index) for index in range(-1, 7))),
    "no 2xx": sampled(blocks=tuple(block(index, ok=0) for index in range(8))),
    "an empty block": sampled(blocks=(block(0, ok=0), *(block(index) for index in range(1, 8)))),
    "a block unrecorded": sampled(blocks=tuple(block(index) for index in range(7))),
    "died": sampled(end=End(EndKind.DIED, 1.0, "exit code 137")),
    "a worker killed": sampled(
        troughs=tuple(trough(index, kills=index + 1) for index in range(-1, 8))
    ),
    "at the limit": sampled(samples=(sample(510 * MIB),)),
    "busy driver": sampled(blocks=tuple(block(index, busy=0.95) for index in range(8))),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_trial_is_inconclusive_and_says_why(name: str) -> None:
    judged = judge_trial(SPOILT[name])
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.caveats[0].kind in FORBIDDING
    assert judged.reason == judged.caveats[0].sentence


def test_a_caveat_that_does_not_forbid_leaves_the_verdict() -> None:
    judged = judge_trial(sampled(samples=(sample(at=0.0), sample(at=9.0))))
    assert judged.verdict is Verdict.FLAT
    assert [caveat.kind for caveat in judged.caveats] == [CaveatKind.GAPS]


def test_where_the_lab_paused_is_no_gap() -> None:
    samples = tuple(sample(at=at) for at in (0.0, 1.0, 9.0, 10.0))
    paused = sampled(samples=samples, pauses=(Pause(2.0, 8.0),))

    assert conditions_of(paused).gaps_seconds == ()


def test_late_after_a_pause_is_a_gap() -> None:
    samples = tuple(sample(at=at) for at in (0.0, 1.0, 12.5, 13.0))
    paused = sampled(samples=samples, pauses=(Pause(2.0, 8.0),))

    assert conditions_of(paused).gaps_seconds == (4.5,)


def test_a_reading_that_arrives_in_a_pause_makes_no_gap_of_the_rest() -> None:
    samples = tuple(sample(at=at) for at in (0.0, 1.0, 2.5, 9.0))
    paused = sampled(samples=samples, pauses=(Pause(2.0, 8.0),))

    assert conditions_of(paused).gaps_seconds == ()


def test_each_caveat_of_a_user_app_has_the_numbers_of_its_other_sentence() -> None:
    own = {CaveatKind.MANY_FAILED: {"kinds", "next"}, CaveatKind.SOME_FAILED: {"kinds"}}
    for kind, text in OF_USER_APPS.items():
        named = {name for _, name, _, _ in Formatter().parse(text) if name}
        known = {name for _, name, _, _ in Formatter().parse(kind.value) if name}
        assert named <= known | own.get(kind, set())
        assert not {"REQUESTS", "CONCURRENCY", "LANES", "BLOCKS"} & set(
            text.replace(".", "").split()
        )


def test_a_kind_that_always_fails_is_named_with_its_counts_and_what_it_said() -> None:
    kinds = {"GET /bad": KindCounts({"500": 4}, 4, 40, "boom")}
    (found,) = caveats(replace(FINE, ok=500, of_user_app=True, kinds=kinds))
    assert found.sentence.startswith(
        "500 of 1,000 requests failed (50%): GET /bad: 500 x 4 (the first said: boom): a 5xx is"
    )


def test_a_busy_driver_spoils_no_user_app() -> None:
    busy = Caveat(CaveatKind.DRIVER_BUSY, {"busy": 0.9}, of_user_app=True)
    assert not busy.forbids
    assert busy.sentence.endswith("memory is judged over requests, whatever their pace.")
