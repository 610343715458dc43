"""Workers that are killed at the memory limit and replaced: each life is judged for itself."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from builders import raw
from lab.records.judgement import Verdict
from lab.records.observations import ProcessReading, Trough
from lab.records.trial import End, EndKind, Trial
from lab.units import MIB
from lab.verdict.limit import LimitMet, limit_met
from lab.verdict.reasons import lives_reason
from lab.verdict.trend import troughs_of
from lab.verdict.verdict import judge_trial, judge_troughs
from lab.verdict.worker_lives import lives_of, lives_trend_of

EACH = 125
"""Requests a block."""
LIMIT = 400 * MIB


def reading(index: int, pid: int, born: float, rss_mib: float, kills: int) -> Trough:
    size = round(rss_mib * MIB)
    process = ProcessReading(pid, 1, born, "gunicorn", 1, size, size, 7)
    master = ProcessReading(10, 1, 4.0, "gunicorn", 1, 27 * MIB, 27 * MIB, 7)
    probe = raw.probe(raw.worker(pid), processes=(master, process), oom_kills=kills)
    return raw.trough(index, size + 27 * MIB, probe=probe)


def killed(lives: Sequence[Sequence[float]], end: End | None = None) -> Trial:
    """One worker after the other, each with its RSS (MiB) at every trough of its life."""
    troughs = [(pid, size) for pid, life in enumerate(lives, start=11) for size in life]
    found = tuple(
        reading(index, pid, float(pid), size, pid - 11)
        for index, (pid, size) in enumerate(troughs, start=-1)
    )
    start = raw.start(raw.variant(limit_bytes=LIMIT))
    return replace(
        raw.trial(start=start),
        troughs=found,
        samples=(),
        blocks=tuple(raw.block(index) for index in range(len(found) - 1)),
        end=end or End(EndKind.COMPLETE, 100.0),
    )


def growing(each_mib: float, readings: int = 5, seed: int = 1) -> list[float]:
    noise = np.random.default_rng(seed).normal(0, 0.3, readings)
    return [30 + each_mib * block + noise[block] for block in range(readings)]


def test_lives_that_grow_alike_are_a_leak() -> None:
    trial = killed([growing(80, seed=seed) for seed in range(4)])
    judgement = judge_trial(trial)

    assert judgement.verdict is Verdict.LEAK
    assert judgement.interval is not None
    assert judgement.interval.estimate == pytest.approx(80 * MIB / EACH, rel=0.02)
    lives, met = lives_trend_of(trial), limit_met(trial)
    assert lives is not None
    assert met == LimitMet(3, 625, LIMIT, replaced=True)
    assert lives.lives == 4
    assert judgement.reason == lives_reason(lives, met)


@pytest.mark.parametrize(
    "lives",
    [
        [growing(80, seed=seed) for seed in range(2)],
        [growing(80, readings=2, seed=seed) for seed in range(6)],
        [growing(0.1, seed=seed) for seed in range(4)],
        [growing(each, seed=each) for each in (80, 10, 60, 2)],
        [[30.0, 230.0, 330.0, 360.0, 370.0]] * 4,
        [[30.0, 300.0, 60.0, 350.0, 40.0]] * 4,
    ],
    ids=("two lives", "short", "level", "at different paces", "ever slower", "up and down"),
)
def test_lives_that_do_not_grow_alike_decide_nothing(lives: Sequence[Sequence[float]]) -> None:
    trial = killed(lives)

    assert lives_trend_of(trial) is None
    assert judge_trial(trial).verdict is Verdict.INCONCLUSIVE


def test_a_life_is_told_by_pid_and_start_time() -> None:
    trial = killed([growing(80)])
    reborn = [replace(trial.troughs[-1], index=len(trial.blocks))]
    probe = reborn[0].probe
    assert probe is not None
    later = tuple(replace(each, started_at_seconds=99.0) for each in probe.processes)
    reborn[0] = replace(reborn[0], probe=replace(probe, processes=later))
    blocks = (*trial.blocks, raw.block(len(trial.blocks)))
    trial = replace(trial, blocks=blocks, troughs=(*trial.troughs, *reborn))

    assert [len(life.requests) for life in lives_of(trial)] == [5, 1]


def died(sizes_mib: Sequence[float]) -> Trial:
    """A server without a master, killed one block after its last trough."""
    end = End(EndKind.DIED, 100.0, "it was killed", at_limit=True)
    found = killed([sizes_mib], end)
    return replace(found, blocks=(*found.blocks, raw.block(len(found.blocks), 125, 40)))


def test_a_death_after_even_growth_is_a_leak_and_says_when() -> None:
    trial = died(growing(25, readings=14))
    judgement, met, seen = judge_trial(trial), limit_met(trial), troughs_of(trial)

    assert judgement.verdict is Verdict.LEAK
    assert met is not None
    assert seen is not None
    assert met.sentence == (
        "Its server was killed at the memory limit of 400 MiB after 1,665 requests."
    )
    assert judgement.reason == f"{met.sentence} {judge_troughs(seen).reason}"


@pytest.mark.parametrize("sizes", [growing(80, readings=4), [30.0, 250.0, 60.0, 330.0] * 4])
def test_a_death_that_no_even_growth_explains_is_open_and_says_when(sizes: list[float]) -> None:
    trial = died(sizes)
    judgement = judge_trial(trial)

    assert judgement.verdict is Verdict.INCONCLUSIVE
    met = limit_met(trial)
    assert met is not None
    assert judgement.reason.startswith(met.sentence.removesuffix("."))


def test_what_was_not_killed_for_memory_met_no_limit() -> None:
    assert limit_met(raw.trial()) is None
    assert limit_met(raw.trial(end=End(EndKind.DIED, 9.0, "it ended with 3"))) is None


def test_the_limit_is_met_after_the_requests_of_all_workers_together() -> None:
    """Eighteen kills of two workers in 4,000 requests, as measured: each served about 222."""
    troughs = [raw.trough(-1)]
    for index, kills in enumerate((2, 4, 7, 9, 11, 13, 16, 18)):
        troughs.append(raw.trough(index, probe=raw.probe(oom_kills=kills)))
    blocks = tuple(raw.block(index, 500, 498) for index in range(8))
    start = raw.start(raw.variant(limit_bytes=LIMIT, workers=2))
    met = limit_met(replace(raw.trial(start=start), troughs=tuple(troughs), blocks=blocks))

    assert met is not None
    assert (met.kills, met.requests, met.replaced) == (18, 442, True)
