"""The parent of one variant's processes: none of them outlives it, and none the driver.

Run as a script of its own, with the standard library alone. Its standard input is a pipe from the
driver: a line asks it to end, and so does the end of file, which the kernel sends when the driver
is gone, however it went. On Linux it adopts what its descendants leave behind, so that a worker
whose master was killed is still found. It ends with the status of the variant's first process,
128 + n after signal n.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
POLL_SECONDS = 0.1
GRACE_SECONDS = 2.0
"""Seconds between SIGTERM and SIGKILL, as with `docker stop` in this lab."""
KILL_SECONDS = 10.0
MOST_WRITTEN_FILE_BYTES = 1 << 30
"""The largest file that a process can write, as in compose.yaml."""
SIGNALLED = 128
CANNOT_START = 127
"""A shell's exit status for a command that it cannot run."""


def adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(of_pid: int) -> list[int]:
    """Living processes below one; empty where there is no /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            # The name of a process is of any bytes.
            text = (entry / "stat").read_text(errors="replace")
            state, parent = text.rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(entry.name)] = int(parent)
    tree = [of_pid]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return tree[1:]


class Supervisor:
    """One variant's processes, from the start of the first to the end of the last."""

    first: "subprocess.Popen[bytes]"

    def __init__(self, cgroup: Path | None, work: Path) -> None:
        self.cgroup, self.work = cgroup, work
        self.status: int | None = None
        self.end_requested = self.driver_is_gone = False

    def start(self, command: list[str]) -> None:
        """Start the first process; after `handle_signals`, as exec resets handlers to defaults."""
        os.environ["LAB_SUPERVISOR"] = str(os.getpid())
        self.first = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=self.enter,
        )

    def enter(self) -> None:
        """Move the child into its cgroup and limit its files, before its program starts."""
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        most = (
            MOST_WRITTEN_FILE_BYTES
            if hard == resource.RLIM_INFINITY
            else min(hard, MOST_WRITTEN_FILE_BYTES)
        )
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        if self.cgroup is not None:
            (self.cgroup / "cgroup.procs").write_text("0")

    def reap(self) -> None:
        """Take the exit status of each process that has ended, adopted ones included."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.first.pid:
                    code = os.waitstatus_to_exitcode(ended[1])
                    self.status = code if code >= 0 else SIGNALLED - code

    def asked_to_end(self) -> bool:
        if select.select([0], [], [], POLL_SECONDS)[0]:
            self.end_requested, self.driver_is_gone = True, not os.read(0, 100)
        return self.end_requested

    def watch(self) -> None:
        """Return when the first process has ended, or the driver asks for it or is gone."""
        while self.status is None and not self.asked_to_end():
            self.reap()

    def send(self, number: int) -> bool:
        """Signal every process that is left; whether there was one."""
        left = descendants(os.getpid())
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        # Without /proc the group has to do.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.first.pid, number)
            return True
        return bool(left)

    def end_politely(self) -> None:
        """SIGTERM to the first process alone, once it has ended to each that is left.

        A shell between the first process and the server ends without telling the server.
        """
        if self.status is None:
            with contextlib.suppress(PermissionError):
                os.kill(self.first.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        self.wait_until_first_ended(deadline)
        if not self.is_alone():
            self.send(signal.SIGTERM)
            self.wait_until_alone(deadline)

    def kill(self) -> None:
        """SIGKILL to each that is left, until none is."""
        deadline = time.monotonic() + KILL_SECONDS
        while self.send(signal.SIGKILL) and time.monotonic() < deadline:
            self.reap()
            time.sleep(POLL_SECONDS / 5)
        self.reap()

    def wait_until_first_ended(self, deadline: float) -> None:
        self.reap()
        while self.status is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS / 5)
            self.reap()

    def wait_until_alone(self, deadline: float) -> None:
        while not self.is_alone() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS / 5)

    def is_alone(self) -> bool:
        """Whether the first process and all others have ended."""
        self.reap()
        return self.status is not None and not descendants(os.getpid())

    def tidy(self) -> None:
        """Remove the cgroup, and the folder unless the driver still reads its log."""
        if self.cgroup is not None:
            with contextlib.suppress(OSError):
                self.cgroup.rmdir()
        if self.driver_is_gone:
            shutil.rmtree(self.work, ignore_errors=True)

    def handle_signals(self) -> None:
        """End on SIGTERM; signals of the terminal are for the driver, so they are ignored."""

        def end(*_: object) -> None:
            self.end_requested = True

        signal.signal(signal.SIGTERM, end)
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)


def main(spec: str) -> int:
    wanted = json.loads(spec)
    adopt_orphans()
    cgroup = Path(wanted["cgroup"]) if wanted["cgroup"] else None
    supervisor = Supervisor(cgroup, Path(wanted["work"]))
    supervisor.handle_signals()
    try:
        supervisor.start(wanted["command"])
    except (OSError, subprocess.SubprocessError) as error:
        print(f"supervisor: {wanted['command'][0]} cannot start: {error}", file=sys.stderr)
        supervisor.tidy()
        return CANNOT_START
    # Whatever fails, nothing is left alive.
    with contextlib.ExitStack() as last:
        last.callback(supervisor.tidy)
        last.callback(supervisor.kill)
        last.callback(supervisor.end_politely)
        supervisor.watch()
    return SIGNALLED + signal.SIGKILL if supervisor.status is None else supervisor.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
