"""The memory curve of one trial, as a figure shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryCurve:
    """What a figure needs of one trial; times are seconds since the trial's baseline."""

    variant: str
    trial: int
    seconds: tuple[float, ...]
    memory_bytes: tuple[int, ...]
    block_spans_seconds: tuple[tuple[float, float], ...]
    trough_seconds: tuple[float, ...]
    trough_bytes: tuple[int, ...]
    block_ok: tuple[int, ...] = ()
    """Completed requests of each block."""
    watched_seconds: tuple[float, ...] = ()
    """`seconds` without the lab's own pauses before them."""
