"""Cycles that wait for the collector: a saw-tooth that is not a leak, however high it is."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders import raw
from builders.curves import evidence
from lab.records.judgement import Verdict
from lab.records.observations import PostLoadObservation, ProbeReading
from lab.records.trial import Trial
from lab.records.variant import Scenario
from lab.units import MIB
from lab.verdict.garbage import garbage_bytes_of
from lab.verdict.harmless_growth import HarmlessGrowth
from lab.verdict.reasons import harmless_reason
from lab.verdict.trend import troughs_of
from lab.verdict.verdict import judge_trial

SAW_TOOTH = (117, 381, 326, 273, 319, 250, 357, 324, 515, 440, 571, 570, 734, 620, 789, 786, 770)
"""MiB at the troughs of uvicorn 0.18.1 with 100,000 numbers in a request's state, as measured."""
COUNTS = (6, 7, 9, 11, 1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19)
"""The collector's count of its oldest generation at the same moments."""


def probe(live_mib: float, count: int) -> ProbeReading:
    found = raw.worker(
        in_use_bytes=round(live_mib * MIB),
        free_bytes=0,
        mmapped_bytes=0,
        python_in_use_bytes=0,
        gc_counts=(100, 5, count),
    )
    return raw.probe(found)


def saw_toothed(
    sizes: Sequence[int] = SAW_TOOTH,
    counts: Sequence[int] = COUNTS,
    after_mib: float = 120,
    scenario: Scenario = Scenario.GIVE_BACK,
) -> Trial:
    troughs = tuple(
        raw.trough(index, size * MIB, probe=probe(size - 7, count))
        for index, (size, count) in enumerate(zip(sizes, counts, strict=True), start=-1)
    )
    before, after = probe(sizes[-1] - 7, counts[-1]), probe(after_mib, 0)
    seen = PostLoadObservation(scenario, 1.0, sizes[-1] * MIB, 150 * MIB, before, after, 0, 0)
    start = raw.start(raw.variant(limit_bytes=4096 * MIB), requests=4000)
    blocks = tuple(raw.block(index, 500, 500) for index in range(len(sizes) - 1))
    return replace(raw.trial(start=start), troughs=troughs, blocks=blocks, post_load=seen)


def of_garbage(trial: Trial) -> str:
    seen = troughs_of(trial)
    assert seen is not None
    return harmless_reason(evidence(seen), HarmlessGrowth.GARBAGE, evidence(seen).line.slope)


def test_growth_that_collecting_frees_is_bounded_and_says_so() -> None:
    judgement = judge_trial(saw_toothed())

    assert (judgement.verdict, judgement.reason) == (Verdict.BOUNDED, of_garbage(saw_toothed()))
    assert garbage_bytes_of(saw_toothed()) == 643 * MIB


@pytest.mark.parametrize(
    "changed",
    [
        saw_toothed(after_mib=500),
        saw_toothed(counts=tuple(range(len(COUNTS)))),
        saw_toothed(scenario=Scenario.MASTER_KILLED),
        replace(saw_toothed(), post_load=None),
    ],
    ids=("most of it stays", "never collected in full", "not collected", "nothing was done"),
)
def test_what_is_not_known_to_be_garbage_stays_open(changed: Trial) -> None:
    assert judge_trial(changed).verdict is Verdict.INCONCLUSIVE


FREED_BY_ITSELF = (
    158,
    203,
    264,
    322,
    158,
    186,
    220,
    296,
    326,
    391,
    203,
    234,
    247,
    270,
    311,
    397,
    417,
)
"""The same app in another trial, as measured: its second generation freed the cycles."""


def test_garbage_that_a_younger_generation_frees_is_bounded_too() -> None:
    trial = saw_toothed(FREED_BY_ITSELF, tuple(range(len(COUNTS))))
    judgement = judge_trial(trial)

    assert (judgement.verdict, judgement.reason) == (Verdict.BOUNDED, of_garbage(trial))


def test_what_grows_evenly_is_a_leak_though_collecting_frees_it() -> None:
    """Nothing says that the collector would ever free it by itself."""
    sizes = tuple(range(100, 100 + 40 * 17, 40))

    assert judge_trial(saw_toothed(sizes, after_mib=100)).verdict is Verdict.LEAK


def test_a_worker_that_is_no_longer_there_gives_no_figure() -> None:
    seen = saw_toothed()
    assert seen.post_load is not None
    gone = replace(seen.post_load, after=raw.probe(workers=()))

    assert garbage_bytes_of(replace(seen, post_load=gone)) is None
