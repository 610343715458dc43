"""Process trees and supervisors that are not there, for tests of what reads and ends them."""

import io
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.engines.process.cgroups import Cgroup
from lab.engines.process.process_group import ProcessGroup, SamplingPace, TreeSampling
from lab.engines.process.process_tree import TreeReading
from lab.units import MIB


class FakeTrees:
    """A tree of a size that the test sets; counts the costly readings."""

    def __init__(self, rss_bytes: int = 0, reading: TreeReading | None = None) -> None:
        self.rss, self.reading, self.reads = rss_bytes, reading, 0

    def read(self, root_pid: int) -> TreeReading | None:
        self.reads += 1
        return self.reading

    def rss_bytes(self, root_pid: int) -> int:
        return self.rss


class FakePopen:
    """A supervisor that is not there."""

    pid = 1 << 30
    """Above any that Linux gives: nobody is below it."""

    def __init__(self, status: int | None = None, ends: bool = True) -> None:
        self.status, self.ends, self.killed = status, ends, False
        self.said: list[bytes] = []
        self.stdin = Heard(self)

    def poll(self) -> int | None:
        return self.status

    def wait(self, timeout: float) -> int:
        if not self.ends:
            raise subprocess.TimeoutExpired("supervisor", timeout)
        self.status = 143
        return self.status

    def kill(self) -> None:
        self.killed = True


class Heard(io.BytesIO):
    """A pipe whose text is kept when it is closed."""

    def __init__(self, supervisor: FakePopen) -> None:
        super().__init__()
        self.supervisor = supervisor

    def close(self) -> None:
        if not self.closed:
            self.supervisor.said.append(self.getvalue())
        super().close()


def tree_reading(total_bytes: int = 50 * MIB, **changes: Any) -> TreeReading:
    reading = TreeReading(
        processes=2,
        tasks=42,
        memory_bytes=total_bytes - 5 * MIB,
        total_bytes=total_bytes,
        rss_bytes=total_bytes + 30 * MIB,
        anon_bytes=total_bytes - 6 * MIB,
        file_bytes=5 * MIB,
        shmem_bytes=MIB,
        peak_bytes=total_bytes + 40 * MIB,
        cpu_user_seconds=3.0,
        cpu_system_seconds=0.5,
        source="process-pss-anon",
    )
    return replace(reading, **changes)


def running(supervisor: FakePopen, folder: Path, group: Cgroup | None = None) -> ProcessGroup:
    fake: Any = supervisor
    return ProcessGroup(fake, folder, group)


def readings(of: ProcessGroup, trees: FakeTrees, limit_bytes: int = 100 * MIB) -> TreeSampling:
    """A sampling whose own thread has ended before its first reading."""
    sampling = TreeSampling(of, limit_bytes, trees, lambda _: None, SamplingPace(60.0, 60.0))
    sampling.stop()
    sampling.thread.join(5)
    assert not sampling.thread.is_alive()
    return sampling
