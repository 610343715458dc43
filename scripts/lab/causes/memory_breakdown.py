"""The memory breakdown: what each part gained between two troughs of one trial."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.records.observations import Trough
from lab.records.readings import (
    active_file_bytes,
    copied_bytes,
    of_probe,
    of_workers,
    open_descriptors,
    shared_bytes,
)
from lab.records.trial import Trial


@dataclass(frozen=True, slots=True)
class MemoryBreakdown:
    """The delta of each part between two troughs, in bytes unless its name says otherwise."""

    memory: int
    """Memory as the engine counts it, which the parts have to explain."""
    anon: int | None
    file: int | None
    kernel: int | None
    in_use: int | None
    """Live in malloc, mapped blocks included."""
    free: int | None
    """Free in malloc."""
    arenas_count: int | None
    blocks_count: int | None
    """Blocks of Python's own allocator."""
    tasks_count: int | None
    processes_count: int | None
    descriptors_count: int | None
    sockets_count: int | None
    requests: int
    """Requests completed between the two troughs."""
    python_in_use: int | None = None
    """Live in Python's own allocator of small objects."""
    python_free: int | None = None
    """Free in the arenas of that allocator."""
    shared: int | None = None
    """The sum of RSS less anonymous memory; it falls by each page that is copied after a fork."""

    @property
    def copied(self) -> int:
        """Pages copied after a fork; 0 unless they are most of the growth."""
        return copied_bytes(0, self.shared or 0, self.memory)

    @property
    def rest(self) -> int | None:
        """Anonymous memory, neither malloc's nor copied: Python's arenas, stacks, others' maps."""
        if self.anon is None or self.in_use is None or self.free is None:
            return None
        return self.anon - self.copied - self.in_use - max(self.free, 0)

    @property
    def live(self) -> int | None:
        """Live in both allocators."""
        if self.in_use is None or self.python_in_use is None:
            return None
        return self.in_use + self.python_in_use

    @property
    def retained(self) -> int | None:
        """Free in malloc, as far as it can be resident: its count includes address space that an
        arena has reserved and never touched (measured: 101 MiB free in 30 MiB)."""
        if self.free is None or self.anon is None or self.live is None:
            return self.free
        return min(self.free, max(self.anon - self.live - max(self.python_free or 0, 0), 0))

    @property
    def elsewhere(self) -> int | None:
        """Anonymous memory that is neither allocator's: stacks, and what libraries map."""
        if self.rest is None or self.python_in_use is None or self.python_free is None:
            return None
        return self.rest - self.python_in_use - self.python_free

    @property
    def unexplained(self) -> int:
        """The growth to explain: of memory, or of live bytes in memory that was free before."""
        return max(self.memory, self.live or 0)


def whole_load(trial: Trial) -> MemoryBreakdown | None:
    """The delta from the baseline to the last trough; None without either."""
    if trial.baseline is None or trial.settled is None:
        return None
    return breakdown_between(trial, trial.baseline, trial.settled)


def second_half(trial: Trial) -> MemoryBreakdown | None:
    """The delta from the middle of the load to its end, without the growth at its start."""
    troughs = trial.block_troughs
    if len(troughs) < 2:
        return None
    return breakdown_between(trial, troughs[(len(troughs) - 1) // 2], troughs[-1])


def breakdown_between(trial: Trial, first: Trough, last: Trough) -> MemoryBreakdown:
    """The delta between two troughs."""
    workers = trial.start.variant.axes.workers
    mapped = difference(of_workers(lambda worker: worker.mmapped_bytes, workers), first, last)
    heap = difference(of_workers(lambda worker: worker.in_use_bytes, workers), first, last)
    return MemoryBreakdown(
        memory=last.sample.memory_bytes - first.sample.memory_bytes,
        anon=difference(lambda trough: trough.sample.anon_bytes, first, last),
        file=difference(counted_file, first, last),
        kernel=difference(lambda trough: trough.sample.kernel_bytes, first, last),
        in_use=None if mapped is None or heap is None else mapped + heap,
        free=difference(of_workers(lambda worker: worker.free_bytes, workers), first, last),
        arenas_count=difference(of_workers(lambda worker: worker.arenas, workers), first, last),
        blocks_count=difference(
            of_workers(lambda worker: worker.allocated_blocks, workers), first, last
        ),
        tasks_count=difference(lambda trough: trough.sample.pids, first, last),
        processes_count=difference(
            lambda trough: of_probe(trough, lambda probe: len(probe.processes)), first, last
        ),
        descriptors_count=difference(descriptors, first, last),
        sockets_count=difference(of_workers(lambda worker: worker.sockets, workers), first, last),
        requests=sum(b.ok for b in trial.blocks if first.index < b.index <= last.index),
        python_in_use=difference(
            of_workers(lambda worker: worker.python_in_use_bytes, workers), first, last
        ),
        python_free=difference(
            of_workers(lambda worker: worker.python_free_bytes, workers), first, last
        ),
        shared=difference(shared_bytes, first, last),
    )


def counted_file(trough: Trough) -> int | None:
    """Pages of files that memory counts; 0 for a process tree, which leaves them out."""
    sample = trough.sample
    if sample.source.startswith("process-") or sample.file_bytes is None:
        return None
    return active_file_bytes(sample)


def difference(read: Callable[[Trough], int | None], first: Trough, last: Trough) -> int | None:
    before, after = read(first), read(last)
    return None if before is None or after is None else after - before


def descriptors(trough: Trough) -> int | None:
    """Open descriptors of all processes."""
    return of_probe(trough, lambda probe: open_descriptors(probe.processes))
