"""What the terminal shows while a run goes on: a live line a variant, or plain lines."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lab.text.phrases import in_mib

PLAIN_EVERY_SECONDS = 15.0
MOST_BEFORE_END = 0.95
WAITING = "waiting for a slot"
KEPT = "kept from before"
"""The state of a variant that an earlier part of the run has measured."""
MOST_ROWS = 24
"""Most rows of the table, which fit a terminal; of more variants only running ones are shown."""
LEAST_SHARE = 0.02
"""The share of a run after which the remaining time is estimated."""


@dataclass(slots=True)
class VariantProgress:
    """The state of one variant."""

    name: str
    total: int
    state: str = WAITING
    done: int = 0
    memory_bytes: int | None = None
    started_seconds: float | None = None
    finished: bool = False
    """Whether all its trials have ended."""

    def share(self) -> float:
        """The done part of the variant, from 0 to 1; a cooldown follows its last request."""
        return 1.0 if self.finished else MOST_BEFORE_END * self.done / max(self.total, 1)

    def rate(self) -> float | None:
        """Requests a second since the load began, cooldowns included."""
        if not self.done or self.started_seconds is None:
            return None
        return self.done / max(time.monotonic() - self.started_seconds, 1e-9)

    def left_seconds(self) -> float | None:
        rate = self.rate()
        return (self.total - self.done) / rate if rate else None

    def cells(self) -> tuple[str, ...]:
        rate, left = self.rate(), self.left_seconds()
        finished = self.finished or self.done >= self.total
        return (
            self.name,
            self.state,
            f"{self.done:,} of {self.total:,}",
            in_mib(self.memory_bytes),
            f"{rate:.0f}/s" if rate and not finished else "",
            f"{left:.0f} s left" if left and not finished else "",
        )


def rounded_time(seconds: float) -> str:
    """A remaining time in words, rounded because it is an estimate."""
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes >= 2 else f"{max(10, round(seconds, -1)):.0f} s"


class RunProgress(Protocol):
    """Receives every change of a variant's state."""

    def update(
        self,
        name: str,
        *,
        state: str | None = None,
        done: int | None = None,
        memory_bytes: int | None = None,
        total: int | None = None,
    ) -> None: ...

    def expect(self, name: str, total: int) -> None:
        """Count one more variant, with the number of its requests."""

    def tell(self, text: str) -> None:
        """What is known of the run so far, in a line."""

    def warn(self, text: str) -> None:
        """What went wrong and ends nothing, in a line that stays."""

    def finished(self, name: str, note: str | None) -> None:
        """All trials of a variant have ended; `note` is the status line of the run, if any."""


class Board:
    """The lines of all variants, and how far the run is."""

    def __init__(self, totals: Mapping[str, int], work: Mapping[str, float] | None = None) -> None:
        self.totals = dict(totals)
        """Requests by variant."""
        self.work = dict(work or dict.fromkeys(totals, 1.0))
        """The work of each variant, in any unit."""
        self.lines = {name: VariantProgress(name, total) for name, total in totals.items()}
        self.note: str | None = None
        self.standing: str | None = None
        """What is known so far."""
        self.is_closed = False
        """Whether the run has ended, interrupted or not."""
        self.started_seconds = time.monotonic()

    def change(
        self,
        name: str,
        state: str | None,
        done: int | None,
        memory_bytes: int | None,
        total: int | None = None,
    ) -> VariantProgress:
        line = self.lines[name]
        line.total = total or line.total
        line.state = state or line.state
        line.memory_bytes = line.memory_bytes if memory_bytes is None else memory_bytes
        if state == "starting":
            line.done, line.started_seconds, line.total = 0, None, self.totals[name]
            line.finished = False
        if state == KEPT:
            line.finished, line.done, self.work[name] = True, line.total, 0.0
        if state == "load" and line.started_seconds is None:
            line.started_seconds = time.monotonic()
        line.done = line.done if done is None else done
        return line

    def expect(self, name: str, total: int) -> None:
        self.totals[name], self.work[name] = total, 1.0
        self.lines[name] = VariantProgress(name, total)

    def finish(self, name: str, note: str | None) -> None:
        self.lines[name].finished = True
        self.note = note or self.note

    def close(self) -> None:
        """The run has ended: no time is left, whatever was not done."""
        self.is_closed = True

    def rows(self) -> list[VariantProgress]:
        lines = list(self.lines.values())
        if len(lines) <= MOST_ROWS:
            return lines
        return [line for line in lines if line.state != WAITING and not line.finished]

    def share(self) -> float:
        """The part of the whole run's work that is done, from 0 to 1."""
        done = sum(self.work[name] * line.share() for name, line in self.lines.items())
        return done / (sum(self.work.values()) or 1.0)

    def left_seconds(self) -> float | None:
        """Seconds left of the whole run at its pace so far; None before it can be estimated."""
        share = self.share()
        if share < LEAST_SHARE:
            return None
        return (time.monotonic() - self.started_seconds) * (1 - share) / share

    def headline(self) -> str:
        """The run in one line, such as `claims decided 12 of 42, about 8 min left`."""
        ended = sum(line.finished for line in self.lines.values())
        status = self.note or f"{ended} of {len(self.lines)} done"
        left = self.left_seconds()
        if self.is_closed or left is None or ended == len(self.lines):
            return status
        return f"{status}, about {rounded_time(left)} left"


class LiveProgress:
    """A table that is redrawn in place."""

    def __init__(self, board: Board, console: Console) -> None:
        self.board = board
        self.live = Live(get_renderable=self.table, console=console, refresh_per_second=2)

    def table(self) -> Table:
        table = Table("variant", "state", "requests", "memory", "rate", "left", box=None)
        lines = filter(None, (self.board.headline(), self.board.standing))
        table.caption, table.caption_justify = Text("\n".join(lines)), "left"
        for line in self.board.rows():
            table.add_row(*line.cells())
        return table

    def update(
        self,
        name: str,
        *,
        state: str | None = None,
        done: int | None = None,
        memory_bytes: int | None = None,
        total: int | None = None,
    ) -> None:
        self.board.change(name, state, done, memory_bytes, total)

    def expect(self, name: str, total: int) -> None:
        self.board.expect(name, total)

    def tell(self, text: str) -> None:
        self.board.standing = text

    def warn(self, text: str) -> None:
        warn(self.live.console, text)

    def finished(self, name: str, note: str | None) -> None:
        self.board.finish(name, note)

    def __enter__(self) -> "LiveProgress":
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.board.close()
        self.live.stop()


class PlainProgress:
    """Prints a line for each start and end of a variant, and all states at intervals."""

    PASSING_STATES = frozenset({"waiting", "load", "cooldown", "warming up", "baseline"})
    """States that are printed at intervals alone: a variant changes between them at each block."""

    def __init__(
        self, board: Board, console: Console, every_seconds: float = PLAIN_EVERY_SECONDS
    ) -> None:
        self.board, self.console, self.every_seconds = board, console, every_seconds
        self.last_look_seconds = time.monotonic()

    def update(
        self,
        name: str,
        *,
        state: str | None = None,
        done: int | None = None,
        memory_bytes: int | None = None,
        total: int | None = None,
    ) -> None:
        line = self.board.change(name, state, done, memory_bytes, total)
        if state and state not in self.PASSING_STATES:
            self.say("  ".join(filter(None, line.cells())))
        if time.monotonic() - self.last_look_seconds > self.every_seconds:
            self.last_look_seconds = time.monotonic()
            for other in self.board.lines.values():
                if other.state in self.PASSING_STATES:
                    self.say("  ".join(filter(None, other.cells())))

    def expect(self, name: str, total: int) -> None:
        self.board.expect(name, total)

    def tell(self, text: str) -> None:
        self.say(text)

    def warn(self, text: str) -> None:
        warn(self.console, text)

    def finished(self, name: str, note: str | None) -> None:
        self.board.finish(name, note)
        self.say(self.board.headline())

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> "PlainProgress":
        return self

    def __exit__(self, *_: object) -> None:
        return None


def warn(console: Console, text: str) -> None:
    console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def progress_for(
    console: Console, totals: Mapping[str, int], work: Mapping[str, float] | None = None
) -> LiveProgress | PlainProgress:
    """Live progress on a terminal, plain lines elsewhere; `totals` are requests by variant."""
    board = Board(totals, work)
    return LiveProgress(board, console) if console.is_terminal else PlainProgress(board, console)
