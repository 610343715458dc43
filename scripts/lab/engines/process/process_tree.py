"""Memory, tasks and CPU time of a process tree: from Linux' own files, else through psutil.

A tree is everything below one process, that one left out. Its memory is the sum of what is each
process's share: anonymous and shared memory by PSS, so that pages that a master and its workers
share count once. Pages of files are counted apart from it: those of an interpreter's
libraries are shared with the neighbours of a run, and a neighbour that starts or ends would move
the sum by megabytes. `docker stats` leaves most of them out as well, as inactive page cache.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lab.units import KIB

PROC = Path("/proc")
TABLE_SECONDS = 0.3
"""How long one reading of all processes serves every variant."""


@dataclass(frozen=True, slots=True)
class TreeReading:
    """Sums over a tree; None where the system gives no number."""

    processes: int
    tasks: int
    memory_bytes: int
    total_bytes: int
    """Memory with the pages of files."""
    rss_bytes: int
    anon_bytes: int | None
    file_bytes: int | None
    shmem_bytes: int | None
    peak_bytes: int | None
    """The sum of the processes' own high-water marks: the tree's peak at most."""
    cpu_user_seconds: float
    cpu_system_seconds: float
    source: str


class Trees(Protocol):
    """Reads trees; processes that end meanwhile are left out."""

    def read(self, root_pid: int) -> TreeReading | None:
        """The sums over all processes below the root; None when there is none."""

    def rss_bytes(self, root_pid: int) -> int:
        """RSS of the tree, cheaply; shared pages count once for each process."""


@dataclass(frozen=True, slots=True)
class Stat:
    """The fields of /proc/<pid>/stat that the lab reads; times in clock ticks."""

    state: str
    parent_pid: int
    user_ticks: int
    system_ticks: int
    threads: int
    rss_pages: int

    @property
    def lives(self) -> bool:
        return self.state not in "ZX"


def parse_stat(text: str) -> Stat:
    """The fields behind the process's name, which ends with the last bracket of the line."""
    fields = text[text.rindex(")") + 2 :].split()
    number = [int(field) for field in fields[1:22]]
    # utime, stime, and those of the children that were waited for
    user, system = number[10] + number[12], number[11] + number[13]
    return Stat(fields[0], number[0], user, system, number[16], number[20])


def descendants_of(root_pid: int, parents: Mapping[int, int]) -> list[int]:
    """The descendants of a process, from everyone's parent."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    tree = [root_pid]
    for pid in tree:
        tree += children.get(pid, ())
    return tree[1:]


def parse_sizes(text: str) -> dict[str, int]:
    """`Name:  123 kB` lines as bytes."""
    pairs = (line.split() for line in text.splitlines())
    return {
        pair[0].rstrip(":"): int(pair[1]) * KIB
        for pair in pairs
        if len(pair) == 3 and pair[2] == "kB"
    }


class LinuxTrees:
    """Reads /proc; one reading of all processes serves every variant for a moment."""

    TICKS = os.sysconf("SC_CLK_TCK")
    PAGE = os.sysconf("SC_PAGE_SIZE")

    def __init__(self, proc: Path = PROC, clock: Callable[[], float] = time.monotonic) -> None:
        self.proc, self.clock = proc, clock
        self.lock = threading.Lock()
        self.table: dict[int, Stat] = {}
        self.read_at = -TABLE_SECONDS

    def stat(self, pid: int) -> Stat | None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            return parse_stat((self.proc / str(pid) / "stat").read_text(errors="replace"))
        return None

    def everyone(self) -> dict[int, Stat]:
        with self.lock:
            if self.clock() - self.read_at > TABLE_SECONDS:
                pids = [int(name) for name in os.listdir(self.proc) if name.isdecimal()]
                self.table = {pid: stat for pid in pids if (stat := self.stat(pid))}
                self.read_at = self.clock()
            return self.table

    def members(self, root_pid: int) -> Iterator[tuple[int, Stat]]:
        everyone = self.everyone()
        for pid in descendants_of(
            root_pid, {pid: stat.parent_pid for pid, stat in everyone.items()}
        ):
            if (stat := self.stat(pid)) and stat.lives:
                yield pid, stat

    def text(self, pid: int, name: str) -> str:
        with contextlib.suppress(OSError):
            # The name of a process, which `status` holds, is of any bytes.
            return (self.proc / str(pid) / name).read_text(errors="replace")
        return ""

    def read(self, root_pid: int) -> TreeReading | None:
        members = list(self.members(root_pid))
        if not members:
            return None
        sizes = [parse_sizes(self.text(pid, "smaps_rollup")) for pid, _ in members]
        marks = [parse_sizes(self.text(pid, "status")).get("VmHWM") for pid, _ in members]
        return self.sum_up([stat for _, stat in members], sizes, marks)

    def sum_up(
        self,
        stats: list[Stat],
        sizes: list[dict[str, int]],
        marks: list[int | None],
    ) -> TreeReading:
        rss = sum(stat.rss_pages * self.PAGE for stat in stats)
        pss = total(sizes, "Pss")
        anon, shmem = total(sizes, "Pss_Anon"), total(sizes, "Pss_Shmem")
        has_parts = anon is not None and shmem is not None
        share = pss if pss is not None else rss
        return TreeReading(
            processes=len(stats),
            tasks=sum(stat.threads for stat in stats),
            memory_bytes=(anon or 0) + (shmem or 0) if has_parts else share,
            total_bytes=share,
            rss_bytes=rss,
            anon_bytes=anon,
            file_bytes=total(sizes, "Pss_File"),
            shmem_bytes=shmem,
            peak_bytes=total_of(marks),
            cpu_user_seconds=sum(stat.user_ticks for stat in stats) / self.TICKS,
            cpu_system_seconds=sum(stat.system_ticks for stat in stats) / self.TICKS,
            source="process-pss-anon"
            if has_parts
            else "process-rss"
            if pss is None
            else "process-pss",
        )

    def rss_bytes(self, root_pid: int) -> int:
        return sum(stat.rss_pages * self.PAGE for _, stat in self.members(root_pid))


def total(sizes: Iterable[Mapping[str, int]], name: str) -> int | None:
    """The sum of one size over all processes whose sizes were read; None where none has it.

    A process without sizes has ended meanwhile.
    """
    return total_of([each.get(name) for each in sizes if each])


def total_of(values: Iterable[int | None]) -> int | None:
    stated = [value for value in values if value is not None]
    return sum(stated) if stated else None


class PsutilTrees:
    """Reads through psutil where there is no /proc: memory private to a process (USS), else RSS."""

    def __init__(self) -> None:
        import psutil

        self.psutil: Any = psutil

    def members(self, root_pid: int) -> list[Any]:
        try:
            children = self.psutil.Process(root_pid).children(recursive=True)
        except self.psutil.NoSuchProcess:
            return []
        return [process for process in children if process.is_running()]

    def read(self, root_pid: int) -> TreeReading | None:
        read = [process for each in self.members(root_pid) if (process := self.process(each))]
        if not read:
            return None
        uss = total_of([each["uss"] for each in read])
        rss = sum(each["rss"] for each in read)
        memory = rss if uss is None else uss
        return TreeReading(
            processes=len(read),
            tasks=sum(each["threads"] for each in read),
            memory_bytes=memory,
            total_bytes=memory,
            rss_bytes=rss,
            anon_bytes=None,
            file_bytes=None,
            shmem_bytes=None,
            peak_bytes=None,
            cpu_user_seconds=sum(each["user"] for each in read),
            cpu_system_seconds=sum(each["system"] for each in read),
            source="process-rss" if uss is None else "process-uss",
        )

    def process(self, process: Any) -> dict[str, Any] | None:
        try:
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
                reading = {"threads": process.num_threads(), "rss": memory.rss, "uss": None}
            reading.update(user=times.user, system=times.system)
        except self.psutil.Error:
            return None
        with contextlib.suppress(self.psutil.Error):
            reading["uss"] = process.memory_full_info().uss
        return reading

    def rss_bytes(self, root_pid: int) -> int:
        return sum(each["rss"] for m in self.members(root_pid) if (each := self.process(m)))


def trees_here(proc: Path = PROC) -> Trees:
    """LinuxTrees where there is a /proc, else PsutilTrees."""
    return LinuxTrees(proc) if (proc / "self" / "stat").exists() else PsutilTrees()
