"""The causes of growth that a memory breakdown makes plausible, each with its evidence."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from lab.causes.memory_breakdown import MemoryBreakdown, whole_load
from lab.records.interventions import Cause
from lab.records.judgement import Verdict
from lab.records.trial import Trial
from lab.text.phrases import counted, in_mib, more_or_fewer, number
from lab.units import KIB, MIB

BLOCKS = "Python blocks"

LIVE_CAUSES = (Cause.LIVE_OBJECTS, Cause.NATIVE)
"""Causes whose memory is allocated and not freed."""
COUNTED_CAUSES = (Cause.THREADS, Cause.PROCESSES, Cause.DESCRIPTORS, Cause.SOCKETS)
"""Causes that are counted, and whose bytes are an estimate."""
WORTH_NAMING_BYTES = MIB
"""Less than that is noise to most services."""
PLAUSIBLE_SHARE = 0.25
"""A part below a quarter of the growth does not explain it."""
SMALL_OBJECT_BYTES = 512
"""Python's own allocator serves no larger block; each block that it gained is at most this."""
LARGE_OBJECT_BYTES = 4096
"""Live bytes for each new Python block, past which the memory is rather not Python's."""
FEW = 4
"""The most threads, processes or descriptors that may come and go without a cause."""
KEEPS_GROWING_PER_REQUEST = 0.02
"""One in fifty requests leaves one more."""
A_THREAD_BYTES = 100 * KIB
A_PROCESS_BYTES = 4 * MIB
A_DESCRIPTOR_BYTES = 4 * KIB
"""At least; for the order in which causes are named."""


@dataclass(frozen=True, slots=True)
class Plausible:
    """A cause, what it would explain, and by which reading."""

    cause: Cause
    explained_bytes: int
    evidence: str
    keeps_growing: bool = False
    """Whether it can be counted, and requests leave more and more of it."""


def plausible_causes(
    gained: MemoryBreakdown, later: MemoryBreakdown | None = None
) -> tuple[Plausible, ...]:
    """All causes that the breakdown does not exclude, the one that explains most first.

    What is left open a request comes before them: the memory of other kinds hangs on it.

    Args:
        gained: what has to be explained.
        later: what the second half of the load gained, where that is not the same: a pool that
            fills leaves nothing open there.
    """
    every = possible(gained)
    still_growing = {
        each.cause for each in (every if later is None else possible(later)) if each.keeps_growing
    }
    causes = [
        replace(each, keeps_growing=each.keeps_growing and each.cause in still_growing)
        for each in every
    ]
    return tuple(sorted(causes, key=lambda each: (not each.keeps_growing, -each.explained_bytes)))


def likely_cause(trial: Trial, verdict: Verdict) -> str | None:
    """The cause that explains most of a growth by the breakdown alone, e.g. "thread arenas
    (likely)"; None for a flat trial, with a gap, or where what is left could be a cause as well.
    """
    gained = None if verdict is Verdict.FLAT else whole_load(trial)
    if gained is None:
        return None
    measured = [each for each in possible(gained) if each.cause not in COUNTED_CAUSES]
    most = max(measured, key=lambda each: each.explained_bytes, default=None)
    if most is None or matters(gained.unexplained - most.explained_bytes, gained):
        return None
    return f"{most.cause.value} (likely)"


def possible(gained: MemoryBreakdown) -> list[Plausible]:
    """The causes that the rules make plausible, in the rules' order."""
    return [each for rule in RULES if (each := rule(gained)) is not None]


def matters(part: int | None, gained: MemoryBreakdown) -> bool:
    """Whether a part explains enough of what was gained, and is more than noise."""
    least = max(WORTH_NAMING_BYTES / 2, PLAUSIBLE_SHARE * gained.unexplained)
    return part is not None and part >= least


def copied_pages(gained: MemoryBreakdown) -> Plausible | None:
    """Copied pages from before a fork: shared memory fell by what memory grew by."""
    if not matters(gained.copied, gained):
        return None
    explained = min(gained.copied, gained.memory)
    evidence = f"{in_mib(explained)} are copies of pages that processes shared before"
    return Plausible(Cause.COPIED_PAGES, explained, evidence)


def retained(gained: MemoryBreakdown) -> Plausible | None:
    """Memory free in the allocator: in more arenas than before, or between live blocks."""
    if not matters(gained.retained, gained) or gained.retained is None:
        return None
    more = gained.arenas_count or 0
    cause = Cause.THREAD_ARENAS if more > 0 else Cause.FRAGMENTATION
    where = f"in {counted(more, 'more arena')}" if more > 0 else "in no more arenas"
    evidence = f"{in_mib(gained.retained)} more are free in the allocator, {where} than before"
    return Plausible(cause, gained.retained, evidence)


def python_fragments(gained: MemoryBreakdown) -> Plausible | None:
    """Growth of Python's own arenas while its blocks did not grow."""
    if gained.python_free is not None:
        if not matters(gained.python_free, gained):
            return None
        evidence = f"{in_mib(gained.python_free)} more are free in Python's own arenas"
        return Plausible(Cause.FRAGMENTATION, gained.python_free, evidence)
    rest, blocks = gained.rest, gained.blocks_count
    if rest is None or blocks is None or not matters(rest, gained):
        return None
    if blocks * SMALL_OBJECT_BYTES >= rest / 2:
        return None
    evidence = f"{in_mib(rest)} more are outside malloc, with {more_or_fewer(blocks, BLOCKS)}"
    return Plausible(Cause.FRAGMENTATION, rest, evidence)


def mapped_memory(gained: MemoryBreakdown) -> Plausible | None:
    """Memory in neither allocator, which libraries map by themselves."""
    if not matters(gained.elsewhere, gained) or gained.elsewhere is None:
        return None
    evidence = f"{in_mib(gained.elsewhere)} more are mapped outside malloc and Python's allocator"
    return Plausible(Cause.NATIVE, gained.elsewhere, evidence)


def live_objects(gained: MemoryBreakdown) -> Plausible | None:
    """Live Python objects: Python's blocks grew by as many as the memory needs."""
    blocks = gained.blocks_count
    if blocks is None or gained.requests == 0:
        return None
    in_arenas = gained.rest if gained.python_in_use is None else gained.python_in_use
    together = matters(gained.live, gained)
    small = in_arenas if together or matters(in_arenas, gained) else None
    large = gained.in_use if together or matters(gained.in_use, gained) else None
    fits_small = small is not None and blocks * SMALL_OBJECT_BYTES >= small / 2
    fits_large = large is not None and blocks * LARGE_OBJECT_BYTES >= large
    if not fits_small and not fits_large:
        return None
    explained = ((small or 0) if fits_small else 0) + ((large or 0) if fits_large else 0)
    a_request = number(blocks / gained.requests, 2)
    evidence = f"{more_or_fewer(blocks, BLOCKS)} ({a_request} a request) hold {in_mib(explained)}"
    return Plausible(Cause.LIVE_OBJECTS, explained, evidence)


def native_memory(gained: MemoryBreakdown) -> Plausible | None:
    """Memory live in malloc, and more than Python's blocks account for."""
    if not matters(gained.in_use, gained) or gained.in_use is None:
        return None
    blocks = gained.blocks_count or 0
    if blocks * SMALL_OBJECT_BYTES >= gained.in_use:
        return None
    evidence = (
        f"{in_mib(gained.in_use)} more are live in malloc, with {more_or_fewer(blocks, BLOCKS)}"
    )
    return Plausible(Cause.NATIVE, gained.in_use, evidence)


def page_cache(gained: MemoryBreakdown) -> Plausible | None:
    if not matters(gained.file, gained) or gained.file is None:
        return None
    evidence = f"{in_mib(gained.file)} more are pages of files"
    return Plausible(Cause.PAGE_CACHE, min(gained.file, gained.memory), evidence)


def kernel_memory(gained: MemoryBreakdown) -> Plausible | None:
    if not matters(gained.kernel, gained) or gained.kernel is None:
        return None
    evidence = f"{in_mib(gained.kernel)} more are the kernel's own (slabs, page tables, buffers)"
    return Plausible(Cause.KERNEL, gained.kernel, evidence)


def more_of(
    count: int | None, cause: Cause, what: str, bytes_each: int, gained: MemoryBreakdown
) -> Plausible | None:
    """A cause that can be counted and of which there are more; `what` is its plural."""
    if count is None or count < FEW or count < 0.001 * gained.requests:
        return None
    a_request = count / max(gained.requests, 1)
    evidence = f"{more_or_fewer(count, what)} ({number(a_request, 2)} a request)"
    return Plausible(cause, count * bytes_each, evidence, a_request >= KEEPS_GROWING_PER_REQUEST)


def threads(gained: MemoryBreakdown) -> Plausible | None:
    own = (gained.tasks_count or 0) - (gained.processes_count or 0)
    count = None if gained.tasks_count is None else own
    return more_of(count, Cause.THREADS, "threads", A_THREAD_BYTES, gained)


def processes(gained: MemoryBreakdown) -> Plausible | None:
    count = gained.processes_count
    return more_of(count, Cause.PROCESSES, "processes", A_PROCESS_BYTES, gained)


def sockets(gained: MemoryBreakdown) -> Plausible | None:
    return more_of(gained.sockets_count, Cause.SOCKETS, "sockets", A_DESCRIPTOR_BYTES, gained)


def descriptors(gained: MemoryBreakdown) -> Plausible | None:
    if gained.descriptors_count is None:
        return None
    others = gained.descriptors_count - (gained.sockets_count or 0)
    return more_of(others, Cause.DESCRIPTORS, "descriptors", A_DESCRIPTOR_BYTES, gained)


RULES: tuple[Callable[[MemoryBreakdown], Plausible | None], ...] = (
    copied_pages,
    retained,
    python_fragments,
    mapped_memory,
    live_objects,
    native_memory,
    page_cache,
    kernel_memory,
    threads,
    processes,
    sockets,
    descriptors,
)
