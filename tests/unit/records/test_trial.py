"""One trial as its records tell it."""

from dataclasses import replace

import pytest
from builders import raw
from lab.records.observations import ProbeReading, Trough
from lab.records.trial import Trial, TrialStart


def start() -> TrialStart:
    return raw.trial().start


def trough(index: int, *, full: bool, probe: ProbeReading | None) -> Trough:
    return raw.trough(index, full=full, probe=probe)


SILENT = replace(raw.probe(), workers=())


@pytest.mark.parametrize(
    ("short", "full", "kept_is_full"),
    [
        (raw.probe(), raw.probe(), True),
        (None, raw.probe(), True),
        (None, None, True),
        (raw.probe(), None, False),
        (raw.probe(), SILENT, False),
    ],
)
def test_of_two_troughs_of_a_block_one_with_the_workers_readings_is_kept(
    short: ProbeReading | None, full: ProbeReading | None, kept_is_full: bool
) -> None:
    both = (trough(0, full=False, probe=short), trough(0, full=True, probe=full))
    trial = Trial(start(), troughs=(raw.trough(-1), *both))

    assert [each.index for each in trial.troughs] == [-1, 0]
    assert trial.settled is both[kept_is_full]
