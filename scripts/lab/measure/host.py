"""What this machine and this checkout are, for `experiment.json`."""

import hashlib
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from lab.records.experiment import HostInfo
from lab.units import KIB

MOST_TIMES = 4.0
"""At most so many times longer may a server take to start."""


def memory_info() -> dict[str, int]:
    """/proc/meminfo in bytes; empty where there is none."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    pairs = (line.split(":") for line in lines)
    return {name: int(value.split()[0]) * KIB for name, value in pairs}


def total_memory_bytes() -> int:
    page, pages = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    return memory_info().get("MemTotal", page * pages)


def free_memory_bytes() -> int:
    """The kernel's estimate of memory available without swapping, else half of all memory."""
    return memory_info().get("MemAvailable", total_memory_bytes() // 2)


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def busy_factor() -> float:
    """How many times longer a server may take to start on this machine now: 1 to 4."""
    try:
        load = os.getloadavg()[0]
    except OSError:
        return 1.0
    return factor_of(load, os.cpu_count() or 1)


def factor_of(load: float, cpus: int) -> float:
    """How many processes want each CPU, at least 1 and at most 4.

    Args:
        load: how many processes want to run.
        cpus: how many of them can.
    """
    return min(max(load / cpus, 1.0), MOST_TIMES)


def host_info() -> HostInfo:
    return HostInfo(
        cpus=os.cpu_count() or 1,
        memory_bytes=total_memory_bytes(),
        kernel=platform.release(),
        cpu_model=cpu_model(),
    )


def lock_hashes(folder: Path) -> Mapping[str, str]:
    """SHA-256 of every lock file, by the stack's name."""
    files = sorted(folder.glob("*.txt"))
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
