"""The CPU count that a variant is shown without a container.

The best way is that of the containers: a file bound over /sys/devices/system/cpu/online, in a mount
namespace of the variant's own, made as root or in a user namespace. Where neither is allowed, or
the C library does not read that file, a shim replaces `os.cpu_count` in every interpreter of the
variant (apps/shim/sitecustomize.py): what asks the kernel by another way sees the real number.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

ONLINE = "/sys/devices/system/cpu/online"
BIND = f'mount --bind "$1" {ONLINE} && shift && exec "$@"'
COUNT = "import os; print(os.cpu_count())"
CPUS_SHOWN_SECONDS = 20


class CpuWay(StrEnum):
    """How a variant is shown its CPUs."""

    AS_IT_IS = "as it is"
    MOUNT = "mount namespace"
    USER_MOUNT = "user and mount namespace"
    SHIM = "shim"


UNSHARE = {
    CpuWay.MOUNT: ("unshare", "--mount"),
    CpuWay.USER_MOUNT: ("unshare", "--user", "--map-root-user", "--mount"),
}


@dataclass(frozen=True, slots=True)
class ShownCpus:
    """Words in front of a variant's command, and variables of its environment."""

    way: CpuWay
    prefix: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def note(self, cpus: int | None) -> str:
        """How the CPUs are shown, in one sentence for the report."""
        if self.way is CpuWay.AS_IT_IS:
            return "CPUs: the variants see this machine's own."
        if self.way is CpuWay.SHIM:
            return (
                f"CPUs: {cpus} are shown by a shim that replaces os.cpu_count, because no mount "
                "namespace can be made here."
            )
        return (
            f"CPUs: {cpus} are shown by the same bind as in the containers, in a {self.way.value}."
        )


Shows = Callable[[tuple[str, ...], int], bool]


def namespace(way: CpuWay, file: Path) -> tuple[str, ...]:
    return (*UNSHARE[way], "sh", "-c", BIND, "sh", str(file))


def shows(prefix: tuple[str, ...], cpus: int, seconds: float = CPUS_SHOWN_SECONDS) -> bool:
    """Whether an interpreter behind these words counts that many CPUs, and does so in time."""
    try:
        done = subprocess.run(
            [*prefix, sys.executable, "-I", "-c", COUNT],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == str(cpus)


def show(cpus: int | None, images: Path, apps: Path, shows: Shows = shows) -> ShownCpus:
    """How this machine can show that number of CPUs; the best way that works.

    Args:
        cpus: None shows as many as there are.
        images: the repository's folder, whose `cpus/<number>` is bound.
        apps: the folder that holds the shim.
        shows: whether a prefix shows that number.
    """
    if cpus is None:
        return ShownCpus(CpuWay.AS_IT_IS)
    for way in (CpuWay.MOUNT, CpuWay.USER_MOUNT):
        prefix = namespace(way, images / "cpus" / str(cpus))
        if shows(prefix, cpus):
            return ShownCpus(way, prefix)
    return ShownCpus(
        CpuWay.SHIM, (), {"PYTHONPATH": str(apps / "shim"), "LAB_SHOWN_CPUS": str(cpus)}
    )
