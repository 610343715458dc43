"""One variant as a tree of local processes below its supervisor: start, log, samples, end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.clock import now_seconds
from lab.engines.logs import exit_status, log_lines
from lab.engines.process import supervisor
from lab.engines.process.cgroups import Cgroup
from lab.engines.process.process_tree import Trees
from lab.engines.written_files import WRITE_LIMITS, WriteLimits, WriteWatch
from lab.records.observations import Sample
from lab.text.phrases import they_were
from lab.units import MIB

SUPERVISOR_END_SECONDS = supervisor.GRACE_SECONDS + supervisor.KILL_SECONDS + 5
SUPERVISOR_LOG = "supervisor.log"
LOG_LINES_KEPT = 200
KILLED_SECONDS = 5.0
"""How long those that were killed are given to be gone."""


@dataclass(frozen=True, slots=True)
class SamplingPace:
    """How often a tree is read."""

    reading_seconds: float = 1.0
    """Seconds between two samples, as between Docker's own."""
    guard_seconds: float = 0.2
    """Seconds between two readings of the memory of a tree that no cgroup limits."""
    unread_seconds: float = 5.0
    """Seconds after which a variant ends whose processes cannot be read: nobody guards it."""


PACE = SamplingPace()


class ProcessGroup:
    """One started variant."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        work: Path,
        group: Cgroup | None,
        beside: Sequence[subprocess.Popen[bytes]] = (),
        write_limits: WriteLimits = WRITE_LIMITS,
    ) -> None:
        self.process, self.work, self.group, self.beside = process, work, group, tuple(beside)
        self.stopped_by = ""
        """Why the lab itself stopped it at its memory limit, in one sentence."""
        self.unread = ""
        """Why the lab itself ended it whose processes it could not read, in one sentence."""
        self.writes = WriteWatch([work], self.ask_to_end, write_limits)

    def log_lines(self) -> tuple[str, ...]:
        """The last lines of the server's log, and behind them the supervisor's."""
        lines = log_lines(self.work / "server.log") + log_lines(self.work / SUPERVISOR_LOG)
        return lines[-LOG_LINES_KEPT:]

    def exit_status(self) -> int | None:
        """The server's exit status, as `images/entry` writes it; it may outlive the server."""
        return exit_status(self.work / "server.exit")

    def supervisors(self) -> list[subprocess.Popen[bytes]]:
        return [self.process, *self.beside]

    def ask_to_end(self) -> None:
        """Ask all supervisors; again, after the guard has asked, has no effect."""
        for each in self.supervisors():
            ask_to_end(each)

    def wait(self, end_seconds: float = SUPERVISOR_END_SECONDS) -> str:
        """What a supervisor left to the lab to kill, in a sentence; empty when all ended in time.

        What a supervisor leaves behind that was killed is known by its folder alone.
        """
        self.writes.stop()
        faults = [fault for each in self.supervisors() if (fault := awaited(each, end_seconds))]
        if faults and (killed := kill_all(lambda: naming(self.work))):
            faults.append(f"{they_were(killed, 'process')} left behind and killed")
        return "; ".join(faults)


def ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """Ask a supervisor to end its processes; one that has ended cannot be asked."""
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        process.stdin.write(b"end\n")
        process.stdin.close()


def end_supervisor(process: subprocess.Popen[bytes], folder: Path | None = None) -> None:
    """Ask a supervisor to end, and wait until it has; one that does not is killed with its own.

    Args:
        folder: which the environment of its processes names: what a supervisor that was killed
            leaves behind is known by it.
    """
    ask_to_end(process)
    if awaited(process) and folder is not None:
        kill_all(lambda: naming(folder))


def awaited(process: subprocess.Popen[bytes], end_seconds: float = SUPERVISOR_END_SECONDS) -> str:
    """How a supervisor ended that was asked to, in a sentence; empty where it ended in time.

    One that does not end, as its machine is too busy or it was stopped, is killed. Its processes
    are killed before it: without it they would live on.
    """
    try:
        return "" if process.wait(end_seconds) >= 0 else "its supervisor was killed"
    except subprocess.TimeoutExpired:
        killed = kill_all(lambda: supervisor.descendants(process.pid))
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(KILLED_SECONDS)
        own = they_were(killed, "process")
        given = f"{end_seconds:.0f} s"
        return f"its supervisor did not end within {given}: {own} killed, then it"


def kill_all(living: Callable[[], Sequence[int]]) -> int:
    """How many processes were killed until none was left, or the time was over.

    Args:
        living: those that are left at the moment.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + KILLED_SECONDS
    while (left := living()) and time.monotonic() < deadline:
        killed.update(left)
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(supervisor.POLL_SECONDS)
    return len(killed)


def naming(folder: Path) -> list[int]:
    """Other living processes whose environment names a folder; none where there is no /proc."""
    words = [f"={folder}{end}".encode() for end in ("\0", "/")]
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            text = (entry / "environ").read_bytes()
            if any(word in text for word in words):
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def launch(
    command: list[str], environment: Mapping[str, str], work: Path, group: Cgroup | None
) -> subprocess.Popen[bytes]:
    """The supervisor of a variant, started in a session of its own, so that the terminal's signals
    do not reach it."""
    spec = {"command": command, "work": str(work), "cgroup": str(group.path) if group else None}
    with (work / SUPERVISOR_LOG).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, json.dumps(spec)],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


class TreeSampling:
    """Samples a tree on a thread; where no cgroup limits its memory, it guards the limit, too."""

    def __init__(
        self,
        running: ProcessGroup,
        limit_bytes: int,
        trees: Trees,
        on_sample: Callable[[Sample | None], None],
        pace: SamplingPace = PACE,
    ) -> None:
        self.running, self.limit_bytes, self.trees = running, limit_bytes, trees
        self.on_sample, self.pace = on_sample, pace
        self.paused = True
        self.next_at = time.monotonic()
        self.failing_since: float | None = None
        self.stopped, self.woken = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.read, name="tree-readings", daemon=True)
        self.thread.start()

    def read(self) -> None:
        limited = self.running.group is not None
        wait_seconds = self.pace.reading_seconds if limited else self.pace.guard_seconds
        while self.wait(wait_seconds):
            try:
                self.look()
                self.failing_since = None
            except Exception as error:
                self.end_if_unread(error)

    def look(self) -> None:
        """Guard the tree, and read it where it is time to."""
        self.guard()
        if self.paused:
            self.next_at = time.monotonic()
        elif time.monotonic() >= self.next_at:
            self.next_at += self.pace.reading_seconds
            self.on_sample(self.sample())

    def end_if_unread(self, error: Exception) -> None:
        """End a tree that could not be read for long; a reading that fails once is a gap."""
        now, running = time.monotonic(), self.running
        if self.failing_since is None:
            self.failing_since = now
        if now - self.failing_since >= self.pace.unread_seconds and not running.unread:
            why = f"{type(error).__name__}: {error}"
            running.unread = f"the lab ended it: its processes cannot be read ({why})"
            running.ask_to_end()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until a reading is asked for; False when it was stopped."""
        self.woken.wait(seconds)
        self.woken.clear()
        return not self.stopped.is_set()

    def guard(self) -> None:
        """Stop a tree that exceeds its limit; RSS is read first: it is cheap and at least PSS."""
        if self.running.group is not None or self.running.stopped_by:
            return
        pid = self.running.process.pid
        if self.trees.rss_bytes(pid) <= self.limit_bytes:
            return
        reading = self.trees.read(pid)
        if reading is not None and reading.total_bytes > self.limit_bytes:
            size = f"{reading.total_bytes // MIB} MiB of {self.limit_bytes // MIB} MiB"
            self.running.stopped_by = f"the lab's guard stopped it at its memory limit ({size})"
            self.running.ask_to_end()

    def sample(self) -> Sample | None:
        """The tree's memory, with the time at which reading began; None without processes."""
        running, read_at_seconds = self.running, now_seconds()
        reading = self.trees.read(running.process.pid) if running.process.poll() is None else None
        if reading is None:
            return None
        return Sample(
            read_at_seconds=read_at_seconds,
            memory_bytes=reading.memory_bytes,
            usage_bytes=reading.total_bytes,
            limit_bytes=self.limit_bytes,
            anon_bytes=reading.anon_bytes,
            file_bytes=reading.file_bytes,
            inactive_file_bytes=0,
            kernel_bytes=None,
            shmem_bytes=reading.shmem_bytes,
            peak_bytes=running.group.peak_bytes() if running.group else reading.peak_bytes,
            pids=reading.tasks,
            cpu_seconds=reading.cpu_user_seconds + reading.cpu_system_seconds,
            cpu_user_seconds=reading.cpu_user_seconds,
            cpu_system_seconds=reading.cpu_system_seconds,
            source=reading.source,
            rss_bytes=reading.rss_bytes,
        )

    def pause(self) -> None:
        """Take no more samples; the guard continues."""
        self.paused = True

    def resume(self) -> None:
        """Take samples again, the next one at once: somebody waits for it."""
        self.paused = False
        self.woken.set()

    def stop(self) -> None:
        self.stopped.set()
        self.woken.set()
