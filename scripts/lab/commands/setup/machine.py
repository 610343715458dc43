"""What this machine has, for `lab doctor`."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.engines.process.cpus import UNSHARE
from lab.engines.process.interpreters import find_interpreter
from lab.measure.host import memory_info

COMMAND_SECONDS = 20.0
PULL_SECONDS = 300.0
PROCESS_PYTHONS = ("3.7", "3.8", "3.9", "3.10")
"""CPythons of the matrix' variants."""
STAND_IN_PYTHONS = (*PROCESS_PYTHONS, "3.12")
"""Those and the driver's: what stand-ins for the official images are made of."""
BASE = re.compile(r"\$\{BASE_DEBIAN:-([^}]*)\}")


@dataclass(frozen=True, slots=True)
class DockerDaemon:
    """A Docker Engine that answers."""

    version: str
    cgroup: str
    storage: str
    free_disk_bytes: int | None
    """Where it keeps images; None where this machine does not see that."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine has."""

    cpus: int
    free_memory_bytes: int | None
    docker: DockerDaemon | None
    compose: str | None
    """The command and its version."""
    has_registry: bool | None
    """Whether the base image can be pulled; None where nobody tried."""
    pythons: Mapping[str, Path | None]
    """By their minor versions."""
    can_mount: bool
    """Whether a process may have a mount namespace of its own."""


def read_machine(compose: str, base: str, *, offline: bool) -> Machine:
    """What this machine has, read now.

    Args:
        compose: the command of Compose, as the shell found it; empty: none.
        base: the tag of the base image.
        offline: whether no registry may be asked.
    """
    docker = read_docker()
    registry = can_pull(base) if docker and compose and not offline else None
    return Machine(
        cpus=os.cpu_count() or 1,
        free_memory_bytes=memory_info().get("MemAvailable"),
        docker=docker,
        compose=with_version(compose) if compose else None,
        has_registry=registry,
        pythons={minor: executable(minor) for minor in STAND_IN_PYTHONS},
        can_mount=any(output(*words, "true") is not None for words in UNSHARE.values()),
    )


def with_version(compose: str) -> str:
    return f"{compose} {output(*compose.split(), 'version', '--short') or ''}".strip()


def output(*words: str, seconds: float = COMMAND_SECONDS) -> str | None:
    """What a program prints; None when it is not there, fails or hangs."""
    try:
        ended = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None


def read_docker() -> DockerDaemon | None:
    version = output("docker", "version", "--format", "{{.Server.Version}}")
    if not version:
        return None
    info = output("docker", "info", "--format", "{{.CgroupVersion}}|{{.Driver}}|{{.DockerRootDir}}")
    cgroup, storage, root = (*(info or "").split("|"), "", "", "")[:3]
    return DockerDaemon(version, cgroup or "?", storage or "?", free_disk_bytes(root))


def free_disk_bytes(folder: str) -> int | None:
    try:
        return shutil.disk_usage(folder).free if folder else None
    except OSError:
        return None


def can_pull(tag: str) -> bool:
    """Whether an image is here or a registry has it."""
    if output("docker", "image", "inspect", tag) is not None:
        return True
    return output("docker", "pull", "--quiet", tag, seconds=PULL_SECONDS) is not None


def executable(minor: str) -> Path | None:
    interpreter = find_interpreter(minor)
    return interpreter.executable if interpreter else None


def base_tag(compose_text: str) -> str:
    """The base image that compose.yaml names."""
    match = BASE.search(compose_text)
    if match is None:
        raise ValueError("compose.yaml names no BASE_DEBIAN")
    return match[1]
