"""The cooldowns of one trial: full or short, and the troughs at their ends.

A full cooldown stands at the baseline and at the end, where what the server's timers hold does not
cancel. Between blocks it is waited only until all is stable, once the first block has shown that
the timers hold nothing that counts; where they do, each cooldown is full.
"""

import time
from collections.abc import Collection

from lab.measure.cooldown import Cooldown
from lab.measure.cooldown_rules import is_without_residue
from lab.measure.time_left import Pace
from lab.measure.trial_context import TrialContext
from lab.probes.client import ProbeClient
from lab.records.observations import ProbeReading, Trough
from lab.records.variant import Scenario

BASELINE = -1
"""The index of the trough before the first block."""


class Cooldowns:
    """The cooldowns of one trial."""

    def __init__(
        self, trial: TrialContext, probes: ProbeClient, packages: Collection[str] | None
    ) -> None:
        """
        Args:
            trial: the trial that they are of.
            probes: of its variant.
            packages: the names of its installed distributions; None where they are not known.
        """
        waits = trial.run.waits
        self.trial, self.waits = trial, waits
        self.cooldown = Cooldown(trial.watch, waits, trial.probes_if_used(probes))
        self.full_seconds = waits.min_cooldown_seconds(trial.variant.axes, packages)
        self.are_short: bool | None = None
        """Whether the cooldowns between blocks are short; None before that is known."""
        if trial.variant.scenario is Scenario.TRACED:
            self.are_short = True  # nothing is judged between its blocks
        self.last: Trough | None = None
        """The trough of the last cooldown; None where it had no reading."""
        self.began_seconds = 0.0
        """When the last block ended, or the cooldown before the first began."""
        self.took_seconds: dict[bool, float] = {}
        """What the last full cooldown took, and the last short one."""
        self.first_reading: ProbeReading | None = None
        self.last_reading: ProbeReading | None = None

    async def take_baseline(self) -> None:
        """A full cooldown before the first block."""
        self.began_seconds = time.monotonic()
        await self.cool_down(BASELINE, full=True)

    async def after_block(self, index: int, *, is_last: bool = False) -> None:
        """The cooldown after a block; after the first one both kinds, which shows the residue.

        Args:
            is_last: whether no other block is planned: then a full one comes at once where that
                takes no longer than to make a short one full.
        """
        self.began_seconds = time.monotonic()
        at_once = is_last and self.are_short is True and self.is_as_short()
        await self.cool_down(index, full=at_once or self.are_short is False)
        if self.are_short is None:
            early = self.last
            await self.settle()
            self.are_short = is_without_residue(early, self.last)

    def is_as_short(self) -> bool:
        """Whether a full cooldown takes no longer than a short one and what makes it full."""
        return self.full_seconds <= self.waits.short_watched_seconds + self.waits.watched_seconds

    async def settle(self) -> bool:
        """Whether the last short cooldown was now made a full one; False where it was full."""
        if self.last is None or self.last.full:
            return False
        await self.cool_down(self.last.index, full=True)
        return True

    async def cool_down(self, index: int, *, full: bool) -> None:
        """Wait until memory, tasks and descriptors are stable, then write the trough down."""
        trial, waits = self.trial, self.waits
        passed_seconds = time.monotonic() - self.began_seconds
        if full:
            least_seconds = max(self.full_seconds - passed_seconds, 0.0)
            end = await self.cooldown.wait_until_stable(least_seconds, waits.watched_seconds)
        else:
            end = await self.cooldown.wait_until_stable(0.0, waits.short_watched_seconds)
        seconds = self.took_seconds[full] = passed_seconds + end.cooldown_seconds
        self.first_reading = self.first_reading or end.probe
        self.last_reading = end.probe or self.last_reading
        if end.sample is None or end.probe is None:
            await trial.check_alive()
        self.last = None
        if end.sample is not None:
            self.last = Trough(index, end.sample, end.probe, seconds, end.stable, full)
            trial.writer.write(self.last)

    def pace(self, block_seconds: float) -> Pace:
        """The pace of a trial whose block took so long, by the cooldowns that followed it."""
        last_seconds = self.took_seconds.get(True, self.full_seconds)
        between_seconds = self.took_seconds.get(not self.are_short, last_seconds)
        return Pace(block_seconds, between_seconds, last_seconds)

    def lost_processes(self) -> bool:
        return processes_were_lost(self.first_reading, self.last_reading)


def processes_were_lost(first: ProbeReading | None, last: ProbeReading | None) -> bool:
    """Whether processes were killed for memory between two readings, or are gone."""
    if first is None or last is None:
        return False
    before, after = (
        {(process.pid, process.started_at_seconds) for process in probe.processes}
        for probe in (first, last)
    )
    return (last.oom_kills or 0) > (first.oom_kills or 0) or not before <= after
