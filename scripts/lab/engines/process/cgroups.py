"""A memory limit without a container: a cgroup of its own, where one can be made."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.units import GIB

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
V1, V2 = "v1", "v2"


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A cgroup with a memory limit and without processes."""

    path: Path
    version: str

    def peak_bytes(self) -> int | None:
        """The kernel's high-water mark, with page cache; None on v2 before Linux 5.19."""
        return read_number(self.path / PEAK[self.version])


PEAK = {V1: "memory.max_usage_in_bytes", V2: "memory.peak"}


def read_number(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text())
    return None


def own_paths(text: str) -> dict[str, str]:
    """The path of each controller in `/proc/self/cgroup`; of v2 under an empty name."""
    lines = (line.split(":", 2) for line in text.splitlines())
    return {name: path for _, names, path in lines for name in names.split(",")}


def parents(root: Path, own: dict[str, str]) -> list[tuple[Path, str]]:
    """Folders in which a cgroup may be made, with their version; the nearest comes first."""
    if (root / "cgroup.controllers").exists():
        nearest = root / own.get("", "/").lstrip("/")
        return [(nearest, V2), *([(root, V2)] if nearest != root else [])]
    memory = root / "memory"
    # In a container the path is the host's, and the mount is already our own.
    nearest = memory / own.get("memory", "/").lstrip("/")
    return [(nearest, V1), *([(memory, V1)] if nearest != memory else [])]


Make = Callable[[Path, str, int], Cgroup]


class Cgroups:
    """Makes cgroups below the first parent that allows it."""

    def __init__(self, root: Path = CGROUPS, own: Path = OWN, make: Make | None = None) -> None:
        self.make_group = make or make_group
        self.parent: Path | None = None
        self.version, self.refusal = "none", "this system has no cgroups"
        try:
            # A path is of any bytes, and has to lead to its folder.
            candidates = parents(root, own_paths(own.read_text(errors="surrogateescape")))
        except OSError:
            return
        for parent, version in candidates:
            try:
                self.try_out(parent, version)
            except OSError as error:
                self.refusal = f"no cgroup can be made: {error.strerror or error}"
                continue
            self.parent = parent
            self.version = version
            return

    def try_out(self, parent: Path, version: str) -> None:
        if version == V2:
            with contextlib.suppress(OSError):
                (parent / "cgroup.subtree_control").write_text("+memory")
        group = self.make_group(parent / f"memlab-try-{id(self):x}", version, GIB)
        remove(group.path)

    def make(self, name: str, limit_bytes: int) -> Cgroup | None:
        """A cgroup with that limit of memory and no swap; None where none can be made.

        Raises:
            OSError: the parent allowed it before and does not now.
        """
        if self.parent is None:
            return None
        return self.make_group(self.parent / name, self.version, limit_bytes)


def make_group(path: Path, version: str, limit_bytes: int) -> Cgroup:
    path.mkdir()
    limits = {
        V1: {"memory.limit_in_bytes": limit_bytes, "memory.memsw.limit_in_bytes": limit_bytes},
        V2: {"memory.max": limit_bytes, "memory.swap.max": 0},
    }[version]
    try:
        for name, value in limits.items():
            set_limit(path / name, value)
    except OSError:
        remove(path)
        raise
    return Cgroup(path, version)


def set_limit(path: Path, value: int) -> None:
    """Write a limit; a kernel that does not count swap has no file for swap's."""
    if not path.exists() and "sw" in path.name:
        return
    with path.open("r+") as file:
        file.write(str(value))


def remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.rmdir()
