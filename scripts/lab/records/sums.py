"""Sums that are known when every part of them is. Pure."""

from collections.abc import Collection, Iterable

from lab.records.observations import ProcessReading


def known_sum(values: Iterable[int | None], least: int) -> int | None:
    """None when fewer than `least` are known."""
    found = [value for value in values if value is not None]
    return sum(found) if len(found) >= least else None


def open_descriptors(processes: Collection[ProcessReading]) -> int | None:
    """Of all of them; None when one of them is not known."""
    return known_sum((process.descriptors for process in processes), len(processes))
