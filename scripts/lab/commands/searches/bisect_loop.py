"""The loop of a bisection: what is wanted next is measured, side by side where it can be."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from lab.bisect.answer import MOST_POINT_REASON
from lab.bisect.plan import Progress, wanted_points, with_result
from lab.commands.searches.bisect_driver import PointDriver, PointOutcome
from lab.records.bisection import Point
from lab.text.phrases import clipped, size


@dataclass(frozen=True, slots=True)
class PointSlots:
    """How many points run side by side."""

    most: int
    is_given: bool
    """Whether the user says so: then points that may be needed run as well."""


class BisectLoop:
    """One bisection under way."""

    def __init__(
        self, progress: Progress, driver: PointDriver, slots: PointSlots, say: Callable[[str], None]
    ) -> None:
        self.progress, self.driver, self.slots, self.say = progress, driver, slots, say
        self.running: dict[asyncio.Task[PointOutcome], int] = {}

    async def run(self) -> None:
        """Return when nothing more is wanted; an interruption ends what runs."""
        try:
            while self.start() or self.running:
                done, _ = await asyncio.wait(self.running, return_when=asyncio.FIRST_COMPLETED)
                for task in [each for each in self.running if each in done]:
                    self.note(self.running.pop(task), task.result())
        finally:
            self.driver.end()
            for task in self.running:
                task.cancel()
            await asyncio.gather(*self.running, return_exceptions=True)

    def start(self) -> bool:
        """Start what is wanted; whether anything was."""
        taken, free = frozenset(self.running.values()), self.slots.most - len(self.running)
        if free <= 0:
            return False
        chosen = wanted_points(self.progress, free, taken, ahead=self.slots.is_given)
        for index in chosen:
            point = self.progress.points[index]
            run = len(self.progress.measured.get(index, ()))
            self.running[asyncio.ensure_future(self.driver.outcome(point, run))] = index
        return bool(chosen)

    def note(self, index: int, outcome: PointOutcome) -> None:
        measurement, reason = outcome
        self.progress = with_result(self.progress, index, measurement, reason)
        self.say(line_of(self.progress, index, self.progress.points[index], reason))


def line_of(progress: Progress, index: int, point: Point, reason: str | None) -> str:
    """What one run says, in a line."""
    runs = progress.measured.get(index)
    if runs is None or reason is not None:
        return f"{point.label}: cannot be measured: {clipped(reason or '', MOST_POINT_REASON)}"
    run = f" (run {len(runs)})" if len(runs) > 1 else ""
    keeps = f"keeps {size(runs[-1].live_bytes)} a request"
    sizes = progress.leak_bytes(index)
    if not sizes:
        return f"{point.label}{run}: {keeps}"
    return f"{point.label}{run}: {progress.state(index).value}, {keeps}, the leak {size(sizes[-1])}"
