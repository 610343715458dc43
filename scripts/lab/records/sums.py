"""Sums over the processes and workers of one reading; unknown where one part is unknown."""

from collections.abc import Callable, Collection, Iterable

from lab.records.observations import ProbeReading, ProcessReading, Trough, WorkerReading


def known_sum(values: Iterable[int | None], least: int) -> int | None:
    """None when fewer than `least` are known."""
    found = [value for value in values if value is not None]
    return sum(found) if len(found) >= least else None


def open_descriptors(processes: Collection[ProcessReading]) -> int | None:
    """Of all of them; None when one of them is not known."""
    return known_sum((process.descriptors for process in processes), len(processes))


def of_probe(trough: Trough, read: Callable[[ProbeReading], int | None]) -> int | None:
    """What the trough's probe reading gives; None without one."""
    return read(trough.probe) if trough.probe is not None else None


def of_workers(
    read: Callable[[WorkerReading], int | None], workers: int
) -> Callable[[Trough], int | None]:
    """The sum over the workers of a trough; None when one of them gave no value."""

    def total(trough: Trough) -> int | None:
        readings = trough.probe.workers if trough.probe is not None else ()
        return known_sum(map(read, readings), workers)

    return total
