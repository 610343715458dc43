"""The summary of a variant: its trials' numbers and their joint verdict."""

from dataclasses import replace

import pytest
from builders import raw
from builders.summaries import NEVER_READY, died, variant_of
from lab.records.judgement import Verdict
from lab.records.observations import PostLoadObservation
from lab.records.summary import CpuSeconds, Memory, RequestCounts, ThreadCounts
from lab.records.variant import Scenario
from lab.summary.variant import variant_summary
from lab.units import MIB
from lab.verdict.joint import disagreement

FLAT = (50 * MIB,) * 9
BOUNDED = (50 * MIB, *(150 * MIB,) * 8)
OPEN = tuple((50 + each) * MIB for each in (0, 40, 55, 70, 75, 95, 100, 125, 130))
LEAK = tuple((50 + 40 * each) * MIB for each in range(9))


def test_memory_is_that_of_the_first_and_the_last_trough() -> None:
    memory = variant_of(raw.trial(BOUNDED)).memory_bytes

    assert memory == Memory(50 * MIB, 150 * MIB, None, 100 * MIB, 3 * MIB)


def test_numbers_are_the_median_over_the_trials() -> None:
    trials = [raw.trial((50 * MIB, *(size * MIB,) * 8)) for size in (150, 190, 151)]
    variant = variant_of(*trials)

    assert variant.memory_bytes is not None
    assert variant.memory_bytes.settled == 151 * MIB
    assert variant.memory_bytes.growth == 101 * MIB
    assert [trial.memory_bytes.settled for trial in variant.trials if trial.memory_bytes] == [
        150 * MIB,
        190 * MIB,
        151 * MIB,
    ]


def test_requests_are_summed_with_their_failures_by_kind() -> None:
    blocks = (raw.block(0, 10, 7), raw.block(1, 10, 10), raw.block(2, 10, 0))
    slow = replace(blocks[1], ok=9, failures={"timeout": 1})

    found = variant_of(raw.trial(blocks=(blocks[0], slow, blocks[2]))).requests

    assert found == RequestCounts(30, 16, 14, {"reset": 13, "timeout": 1})


def test_what_was_not_measured_is_none_and_never_0() -> None:
    variant = variant_of(NEVER_READY)

    assert variant.memory_bytes is None
    assert variant.threads == ThreadCounts(None, None)
    assert variant.growth_bytes_per_request is None
    assert variant.processes is None
    assert variant.cpu_seconds is None
    assert variant.elapsed_seconds is None
    assert variant.prediction.growth_bytes is None
    assert variant.latency_seconds == {}
    assert variant.versions == {}
    assert variant.verdict is Verdict.INCONCLUSIVE
    assert variant.trials[0].end == "never ready"


def test_a_gap_in_one_trial_leaves_the_median_to_the_others() -> None:
    variant = variant_of(raw.trial(BOUNDED), NEVER_READY)

    assert variant.memory_bytes is not None
    assert variant.memory_bytes.growth == 100 * MIB
    assert variant.threads == ThreadCounts(3, 3)


def test_a_trial_without_probes_has_no_processes() -> None:
    troughs = tuple(raw.trough(index, probe=None) for index in range(-1, 8))
    variant = variant_of(raw.trial(troughs=troughs))

    assert variant.processes is None
    assert variant.memory_bytes is not None
    assert variant.verdict is Verdict.FLAT


def test_cpu_is_what_was_used_between_the_baseline_and_the_last_trough() -> None:
    assert variant_of(raw.trial()).cpu_seconds == CpuSeconds(user=60.0, system=20.0)


def test_elapsed_is_the_time_under_load_alone() -> None:
    assert variant_of(raw.trial()).elapsed_seconds == 8 * 4.0


def test_latency_is_the_median_block_and_the_slowest_answer() -> None:
    latency = variant_of(raw.trial()).latency_seconds

    assert latency == pytest.approx({"p50": 0.45, "p95": 0.2, "max": 2.4})


def test_the_peak_is_the_kernels_from_the_payload() -> None:
    samples = tuple(raw.sample(peak_bytes=size * MIB) for size in (60, 90))
    trial = raw.trial(samples=samples)
    troughs = tuple(replace(t, probe=raw.probe(peak_bytes=70 * MIB)) for t in trial.troughs)
    memory = variant_of(replace(trial, troughs=troughs)).memory_bytes

    assert memory is not None
    assert memory.peak == 90 * MIB


def test_the_peak_is_the_probes_where_the_payload_has_none() -> None:
    trial = raw.trial()
    troughs = tuple(
        replace(trough, probe=raw.probe(peak_bytes=(60 + trough.index) * MIB))
        for trough in trial.troughs
    )
    memory = variant_of(replace(trial, troughs=troughs)).memory_bytes

    assert memory is not None
    assert memory.peak == 67 * MIB


def test_the_highest_sample_is_no_peak() -> None:
    memory = variant_of(raw.trial(BOUNDED)).memory_bytes

    assert memory is not None
    assert memory.peak is None


def test_trials_that_agree_share_their_verdict() -> None:
    assert variant_of(raw.trial(BOUNDED), raw.trial(BOUNDED)).verdict is Verdict.BOUNDED


def test_trials_that_disagree_decide_nothing() -> None:
    variant = variant_of(raw.trial(LEAK), raw.trial(FLAT), raw.trial(FLAT))

    assert variant.verdict is Verdict.INCONCLUSIVE
    assert variant.reason == disagreement([Verdict.LEAK, Verdict.FLAT, Verdict.FLAT])


def test_an_open_trial_does_not_contradict_a_decided_one() -> None:
    variant = variant_of(raw.trial(OPEN), raw.trial(BOUNDED))

    assert variant.trials[0].verdict is Verdict.INCONCLUSIVE
    assert variant.verdict is Verdict.BOUNDED
    assert variant.reason == variant.trials[1].reason


def test_a_death_contradicts_a_trial_that_came_to_its_end() -> None:
    variant = variant_of(died(), raw.trial(BOUNDED))

    assert variant.verdict is Verdict.INCONCLUSIVE
    assert variant.reason == disagreement([Verdict.INCONCLUSIVE, Verdict.BOUNDED], complete=False)


def test_a_death_forbids_a_verdict_and_says_why() -> None:
    variant = variant_of(died())

    assert variant.verdict is Verdict.INCONCLUSIVE
    assert "it died" in variant.reason
    assert any("it died" in caveat for caveat in variant.caveats)
    assert variant.trials[0].log_tail == ("bye",)


def test_a_record_that_breaks_off_is_said() -> None:
    assert variant_of(raw.trial(end=None)).trials[0].end == "cut off"


def test_a_ceiling_above_the_limit_is_a_caveat_before_any_load() -> None:
    small = raw.start(raw.variant(limit_bytes=512 * MIB))

    assert any(
        "The predicted growth of 1,223 MiB does not fit under its limit of 512 MiB" in caveat
        for caveat in variant_of(raw.trial(start=small)).caveats
    )


def test_versions_leave_out_what_takes_no_part() -> None:
    assert variant_of(raw.trial()).versions == {
        "python": "3.7.17",
        "libc": "glibc 2.36",
        "fastapi": "0.63.0",
    }


def test_a_leak_below_its_predicted_ceiling_may_be_a_pool_that_fills() -> None:
    growing = tuple((50 + 20 * step) * MIB for step in range(9))
    variant = variant_of(raw.trial(growing))

    assert variant.verdict is Verdict.LEAK
    assert variant.caveats[-1].startswith(
        "Its growth is below the predicted ceiling (160 MiB of 1,223 MiB), but no reading"
    )
    assert "predicted ceiling" not in "".join(variant_of(raw.trial(BOUNDED)).caveats)


@pytest.mark.parametrize(("tasks", "processes"), [(2, 2), (0, 0), (None, None)])
def test_processes_after_a_scenario_are_the_engines_tasks_when_no_probe_answers(
    tasks: int | None, processes: int | None
) -> None:
    seen = PostLoadObservation(
        Scenario.MASTER_KILLED, 16.0, None, None, raw.probe(), None, 8, 0, 3, tasks
    )
    found = variant_summary([raw.trial(post_load=seen)]).post_load

    assert found is not None
    assert (found.processes_before, found.processes_after) == (1, processes)
