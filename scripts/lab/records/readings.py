"""Sums and corrections over the readings of a trough."""

from collections.abc import Callable, Collection, Iterable, Sequence

from lab.records.observations import ProbeReading, ProcessReading, Sample, Trough, WorkerReading
from lab.units import MIB

# The kernel charges a cgroup by batches of pages on each CPU, so its usage moves by some quarters
# of a MiB while nothing happens (measured on two CPUs); the counter of anonymous memory does not.
SLACK_BYTES = 0.5 * MIB

COPIED_SHARES_OF_GAIN = (0.75, 1.25)


def trough_memory_bytes(samples: Sequence[Sample]) -> tuple[int, ...]:
    """Memory of each reading: anonymous memory, plus the rest without the slack of its counter.

    Pages of files are left out: `docker stats` counts those in active use, and the kernel takes
    them back when memory is short. A log that grows is not a leak. Shared memory stays in.
    """
    without_files = [sample.memory_bytes - active_file_bytes(sample) for sample in samples]
    anonymous = [sample.anon_bytes for sample in samples if sample.anon_bytes is not None]
    if len(anonymous) < len(samples):
        return tuple(without_files)
    rest = [whole - own for whole, own in zip(without_files, anonymous, strict=True)]
    steady = without_slack(rest)
    return tuple(own + other for own, other in zip(anonymous, steady, strict=True))


def active_file_bytes(sample: Sample) -> int:
    """Page cache that `memory_bytes` counts; 0 where one of its parts is not known."""
    if sample.file_bytes is None or sample.shmem_bytes is None:
        return 0
    counted = sample.memory_bytes - (sample.usage_bytes - sample.file_bytes)
    return max(0, counted - sample.shmem_bytes)


def without_slack(sizes: Sequence[int]) -> list[int]:
    """The sizes, each as the one before it, as long as it does not move by more than the slack."""
    held: list[int] = []
    for size in sizes:
        moves = not held or abs(size - held[-1]) > SLACK_BYTES
        held.append(size if moves else held[-1])
    return held


def known_sum(values: Iterable[int | None], least: int) -> int | None:
    """The sum of the known values; None where fewer than `least` are known."""
    given = [value for value in values if value is not None]
    return sum(given) if len(given) >= least else None


def open_descriptors(processes: Collection[ProcessReading]) -> int | None:
    """Open descriptors of all processes; None where one of them is not known."""
    return known_sum((process.descriptors for process in processes), len(processes))


def resident_bytes(processes: Collection[ProcessReading]) -> int | None:
    """The sum of RSS of all processes; None where one of them is not known, or there is none."""
    return known_sum((process.rss_bytes for process in processes), max(1, len(processes)))


def copied_bytes(shared_before: int, shared_after: int, gain_bytes: int) -> int:
    """Pages copied after a fork, as far as they are what memory gained; else 0.

    The sum of RSS is level then: what is shared falls by what memory gains. It falls by more when
    pages of files are given back, and by less when processes ask for more.
    """
    copied = shared_before - shared_after
    least, most = (share * gain_bytes for share in COPIED_SHARES_OF_GAIN)
    return copied if gain_bytes > 0 and least <= copied <= most else 0


def shared_bytes(trough: Trough) -> int | None:
    """What processes share: the sum of RSS less anonymous memory, in which each page counts once.

    It falls by each page that a process writes to after a fork, as the page is copied then. None
    where a part is not known, or where the processes that were read are not all there are.
    """
    rss, anon = rss_bytes(trough), trough.sample.anon_bytes
    return None if rss is None or anon is None or rss < anon else rss - anon


def rss_bytes(trough: Trough) -> int | None:
    """The sum of RSS over all processes, as the engine or else the probe read it."""
    if trough.sample.rss_bytes is not None:
        return trough.sample.rss_bytes
    return resident_bytes(trough.probe.processes if trough.probe is not None else ())


def of_probe(trough: Trough, read: Callable[[ProbeReading], int | None]) -> int | None:
    """A value read from the trough's probe reading; None without a reading."""
    return read(trough.probe) if trough.probe is not None else None


def of_workers(
    read: Callable[[WorkerReading], int | None], workers: int
) -> Callable[[Trough], int | None]:
    """A function that sums a value over a trough's workers; None where one worker has no value."""

    def total(trough: Trough) -> int | None:
        readings = trough.probe.workers if trough.probe is not None else ()
        return known_sum(map(read, readings), workers)

    return total
