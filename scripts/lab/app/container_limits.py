"""The limits of what stands beside a variant in containers."""

from lab.app.container import LOGGING
from lab.app.services import ServiceTable
from lab.engines.process.supervisor import MOST_WRITTEN_FILE_BYTES
from lab.units import GIB

MEMORY_BYTES = GIB
"""The memory limit of each container beside a variant, its data included."""


def bare() -> ServiceTable:
    """A service without rights, disk and published port."""
    return {
        "user": "${LAB_UID:-1000}:${LAB_GID:-1000}",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "ulimits": {"fsize": MOST_WRITTEN_FILE_BYTES},
        "mem_limit": MEMORY_BYTES,
        "memswap_limit": MEMORY_BYTES,
        "pids_limit": 512,
        "logging": LOGGING,
        "stop_grace_period": "1s",
    }
