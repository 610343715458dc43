"""The cause that a memory breakdown alone makes likely."""

from typing import Any

import pytest
from builders import raw
from lab.causes.causes import likely_cause
from lab.records.judgement import Verdict
from lab.records.observations import WorkerReading
from lab.records.trial import Trial
from lab.units import MIB


def worker(in_use_mib: int, free_mib: int, arenas: int | None = 1) -> WorkerReading:
    blocks = 1000 + 400 * in_use_mib
    return raw.worker(
        in_use_bytes=in_use_mib * MIB,
        free_bytes=free_mib * MIB,
        arenas=arenas,
        allocated_blocks=blocks,
    )


def of_one_block(before: Any, after: Any, growth_mib: int = 100, workers: int = 1) -> Trial:
    return raw.trial(
        start=raw.start(raw.variant(workers=workers)),
        troughs=(
            raw.trough(-1, 50 * MIB, probe=before and raw.probe(*before)),
            raw.trough(0, (50 + growth_mib) * MIB, probe=after and raw.probe(*after)),
        ),
    )


def cause_of(found: Trial, verdict: Verdict = Verdict.BOUNDED) -> str | None:
    return likely_cause(found, verdict)


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        (worker(8, 102, arenas=80), "thread arenas (likely)"),
        (worker(8, 102, arenas=1), "fragmentation (likely)"),
        (worker(108, 2), "live Python objects (likely)"),
        (worker(58, 52), None),
        (worker(8, 2), "fragmentation (likely)"),
    ],
)
def test_the_part_that_explains_most_names_the_cause(
    after: WorkerReading, cause: str | None
) -> None:
    assert cause_of(of_one_block([worker(8, 2)], [after])) == cause


def test_what_is_left_must_be_too_little_to_be_a_cause() -> None:
    before = [worker(8, 0)]

    assert cause_of(of_one_block(before, [worker(8, 76, arenas=80)])) == "thread arenas (likely)"
    assert cause_of(of_one_block(before, [worker(8, 74, arenas=80)])) is None


def test_all_workers_add_up() -> None:
    before, after = [worker(8, 2)] * 4, [worker(8, 27, arenas=20)] * 4

    assert cause_of(of_one_block(before, after, workers=4)) == "thread arenas (likely)"


def test_a_flat_trial_has_no_cause() -> None:
    summary = of_one_block([worker(8, 2)], [worker(8, 102, arenas=80)])

    assert cause_of(summary, Verdict.FLAT) is None


@pytest.mark.parametrize(
    "found",
    [
        of_one_block([worker(8, 2)], [worker(8, 2)], growth_mib=-20),
        of_one_block(None, [worker(8, 102)]),
        of_one_block([worker(8, 2)], None),
        of_one_block([worker(8, 2)], [worker(8, 102)], workers=2),
        raw.trial(troughs=()),
        raw.trial(troughs=(raw.trough(-1),)),
        raw.trial(troughs=(raw.trough(0), raw.trough(1, 500 * MIB))),
    ],
    ids=[
        "shrank",
        "no-probe-before",
        "no-probe-after",
        "a-worker-did-not-answer",
        "no-troughs",
        "baseline-alone",
        "no-baseline",
    ],
)
def test_a_gap_names_no_cause(found: Trial) -> None:
    assert cause_of(found) is None
