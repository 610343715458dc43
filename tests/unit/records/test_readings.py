"""Page cache and the slack of counters are not what an app keeps."""

from dataclasses import replace
from typing import Any

from builders import raw
from lab.records.observations import Sample
from lab.records.readings import active_file_bytes, trough_memory_bytes, without_slack
from lab.units import MIB
from lab.verdict.trend import troughs_of
from lab.verdict.validity import conditions_of


def reading(anon: int, active: int = 0, rest: int = 3 * MIB, **changes: Any) -> Sample:
    """As a cgroup tells it: its usage is anonymous memory, page cache, and the kernel's rest."""
    inactive = 20 * MIB
    usage = anon + active + inactive + rest
    known: dict[str, Any] = {
        "usage_bytes": usage,
        "anon_bytes": anon,
        "file_bytes": active + inactive,
        "inactive_file_bytes": inactive,
        "shmem_bytes": 0,
    }
    return raw.sample(usage - inactive, **{**known, **changes})


def test_a_log_that_grows_in_the_page_cache_is_not_kept() -> None:
    samples = [reading(30 * MIB, active=size * MIB) for size in range(9)]
    assert {active_file_bytes(sample) for sample in samples} == {s * MIB for s in range(9)}
    assert len(set(trough_memory_bytes(samples))) == 1


def test_page_cache_that_grew_is_a_caveat() -> None:
    trial = raw.trial()
    grown = tuple(
        replace(trough, sample=reading(30 * MIB, active=(trough.index + 1) * MIB))
        for trough in trial.troughs
    )
    assert conditions_of(trial).page_cache_bytes == 0
    assert conditions_of(replace(trial, troughs=grown)).page_cache_bytes == 8 * MIB


def test_a_file_in_memory_is_kept() -> None:
    samples = [reading(30 * MIB, active=s * MIB, shmem_bytes=s * MIB) for s in range(9)]
    kept = trough_memory_bytes(samples)
    assert kept[-1] - kept[0] == 8 * MIB


def test_memory_of_the_kernel_is_kept() -> None:
    kept = trough_memory_bytes([reading(30 * MIB, rest=(3 + size) * MIB) for size in range(9)])
    assert kept[-1] - kept[0] == 8 * MIB


def test_the_slack_of_a_counter_is_left_out() -> None:
    quarter = MIB // 4
    assert without_slack([8 * quarter, 9 * quarter, 7 * quarter, 12 * quarter]) == [
        8 * quarter,
        8 * quarter,
        8 * quarter,
        12 * quarter,
    ]


def test_anonymous_memory_counts_to_the_byte() -> None:
    assert trough_memory_bytes([reading(30 * MIB), reading(30 * MIB + 4096, rest=3 * MIB + 9)]) == (
        33 * MIB,
        33 * MIB + 4096,
    )


def test_without_its_parts_memory_counts_as_it_is() -> None:
    unknown = {"anon_bytes": None, "file_bytes": None, "shmem_bytes": None}
    assert trough_memory_bytes([reading(30 * MIB, active=MIB, **unknown)]) == (34 * MIB,)


def test_the_troughs_of_a_trial_count_what_is_kept() -> None:
    found = troughs_of(raw.trial())
    assert found is not None
    assert found.planned_requests == raw.trial().start.requests
