"""One program that ends by itself, below a supervisor and with a limit of memory, as a variant."""

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.engines.process.cgroups import Cgroups, remove
from lab.engines.process.cpus import CPUS_SHOWN_SECONDS, UNSHARE, CpuWay
from lab.engines.process.process_group import ProcessGroup, TreeSampling, launch
from lab.engines.process.process_tree import trees_here
from lab.engines.protocol import KILLED
from lab.files import read_tail
from lab.units import KIB

OUTPUT = "output.txt"
OUTPUT_BLOCKS = 2048
"""The most that it may write into a file, in blocks of 512 bytes or 1 KiB, as the shell counts."""
MOST_OUTPUT_BYTES = 64 * KIB
START = f'ulimit -f {OUTPUT_BLOCKS}; cd "$1" && shift && exec "$@" > {OUTPUT} 2>&1'


@dataclass(frozen=True, slots=True)
class ScriptLimits:
    """What a program may use."""

    memory_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class EndedProgram:
    """How a program ended."""

    status: int | None
    """None: the lab ended it."""
    output: str
    stopped_by: str


def without_network() -> tuple[str, ...]:
    """Words that shut the network off for a command; none where that cannot be done here."""
    for way in (CpuWay.MOUNT, CpuWay.USER_MOUNT):
        prefix = (*UNSHARE[way], "--net")
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(
                [*prefix, "true"], capture_output=True, timeout=CPUS_SHOWN_SECONDS, check=False
            )
            if done.returncode == 0:
                return prefix
    return ()


def run_script(
    words: Sequence[str], environment: Mapping[str, str], work: Path, limits: ScriptLimits
) -> EndedProgram:
    """How a program ended that ran in a folder until its end, or until its time or memory was over.

    Nothing of it outlives this call, nor the lab.

    Raises:
        OSError: it cannot be started.
    """
    cgroup = Cgroups().make(work.name, limits.memory_bytes)
    command = [*without_network(), "sh", "-c", START, "sh", str(work), *words]
    stopped_by = fault = ""
    try:
        process = launch(command, environment, work, cgroup)
        group = ProcessGroup(process, work, cgroup)
        guard = TreeSampling(group, limits.memory_bytes, trees_here(), lambda _: None)
        try:
            process.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            stopped_by = (
                f"the script did not end within {limits.seconds:.0f} s, which a busy machine may "
                "explain: try again on a quieter one"
            )
        finally:
            guard.stop()
            group.ask_to_end()
            fault = group.wait()
    finally:
        if cgroup is not None:
            remove(cgroup.path)
    stopped_by = stopped_by or group.stopped_by or group.unread or fault
    if not stopped_by and process.returncode == KILLED:
        stopped_by = "the script was killed, as at its limit of memory"
    output = read_tail(work / OUTPUT, MOST_OUTPUT_BYTES).decode("utf-8", "replace")
    return EndedProgram(None if stopped_by else process.returncode, output, stopped_by)
