"""What the terminal shows while a run goes on: a live line a variant, or plain lines."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from lab.units import format_mib
from lab.wording import DASH

PLAIN_EVERY_SECONDS = 15.0


@dataclass(slots=True)
class Line:
    """What is known of one variant at the moment."""

    name: str
    total: int
    state: str = "waiting for a lane"
    done: int = 0
    memory_bytes: int | None = None
    started_seconds: float | None = None

    def rate(self) -> float | None:
        """Requests a second since the load began, quiet included."""
        if not self.done or self.started_seconds is None:
            return None
        return self.done / max(time.monotonic() - self.started_seconds, 1e-9)

    def left_seconds(self) -> float | None:
        rate = self.rate()
        return (self.total - self.done) / rate if rate else None

    def cells(self) -> tuple[str, ...]:
        rate, left = self.rate(), self.left_seconds()
        finished = self.done >= self.total
        return (
            self.name,
            self.state,
            f"{self.done:,} of {self.total:,}",
            format_mib(self.memory_bytes) if self.memory_bytes is not None else DASH,
            f"{rate:.0f}/s" if rate and not finished else "",
            f"{left:.0f} s left" if left and not finished else "",
        )


class Progress(Protocol):
    """Hears of every change."""

    def update(
        self,
        name: str,
        *,
        state: str | None = None,
        done: int | None = None,
        memory_bytes: int | None = None,
        total: int | None = None,
    ) -> None: ...


class Board:
    """The lines of all variants."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        self.totals = totals
        """Requests by variant."""
        self.lines = {name: Line(name, total) for name, total in totals.items()}

    def change(
        self,
        name: str,
        state: str | None,
        done: int | None,
        memory_bytes: int | None,
        total: int | None = None,
    ) -> Line:
        line = self.lines[name]
        line.total = total or line.total
        line.state = state or line.state
        line.memory_bytes = line.memory_bytes if memory_bytes is None else memory_bytes
        if state == "starting":
            line.done, line.started_seconds, line.total = 0, None, self.totals[name]
        if state == "load" and line.started_seconds is None:
            line.started_seconds = time.monotonic()
        line.done = line.done if done is None else done
        return line


class LiveProgress:
    """A table that is redrawn in place."""

    def __init__(self, board: Board, console: Console) -> None:
        self.board = board
        self.live = Live(get_renderable=self.table, console=console, refresh_per_second=2)

    def table(self) -> Table:
        table = Table("variant", "state", "requests", "memory", "rate", "left", box=None)
        for line in self.board.lines.values():
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

    def __enter__(self) -> "LiveProgress":
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()


class PlainProgress:
    """One line for each start, end and death, and a look at all of them now and then."""

    QUIET_STATES = frozenset({"waiting", "load", "quiet", "warming up", "baseline"})

    def __init__(self, board: Board, console: Console) -> None:
        self.board, self.console = board, console
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
        if state and state not in self.QUIET_STATES:
            self.say(line)
        if time.monotonic() - self.last_look_seconds > PLAIN_EVERY_SECONDS:
            self.last_look_seconds = time.monotonic()
            for other in self.board.lines.values():
                if other.state in self.QUIET_STATES:
                    self.say(other)

    def say(self, line: Line) -> None:
        self.console.print("  ".join(filter(None, line.cells())), highlight=False, soft_wrap=True)

    def __enter__(self) -> "PlainProgress":
        return self

    def __exit__(self, *_: object) -> None:
        return None


def progress_for(console: Console, totals: Mapping[str, int]) -> LiveProgress | PlainProgress:
    """Live on a terminal, plain lines elsewhere; each variant has its own number of requests."""
    board = Board(totals)
    return LiveProgress(board, console) if console.is_terminal else PlainProgress(board, console)
