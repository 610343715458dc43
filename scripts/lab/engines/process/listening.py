"""The TCP ports that a process tree listens on, by Linux' own files."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from lab.engines.process.process_tree import below

PROC = Path("/proc")
LISTENING = "0A"


def listening_ports(root_pid: int, proc: Path = PROC) -> frozenset[int]:
    """Those of the processes below the root; empty where the system does not say."""
    inodes = dict(inode_ports(proc))
    found = set()
    for pid in below(root_pid, parents(proc)):
        found |= {inodes[inode] for inode in socket_inodes(pid, proc) if inode in inodes}
    return frozenset(found)


def inode_ports(proc: Path) -> Iterator[tuple[str, int]]:
    """The inodes of listening sockets, each with its port."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / name).read_text().splitlines()[1:]:
                fields = line.split()
                if len(fields) > 9 and fields[3] == LISTENING:
                    yield fields[9], int(fields[1].rpartition(":")[2], 16)


def parents(proc: Path) -> dict[int, int]:
    found = {}
    for name in os.listdir(proc):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                text = (proc / name / "stat").read_text(errors="replace")
                found[int(name)] = int(text[text.rindex(")") + 2 :].split()[1])
    return found


def socket_inodes(pid: int, proc: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for name in os.listdir(proc / str(pid) / "fd"):
            with contextlib.suppress(OSError):
                if match := re.fullmatch(
                    r"socket:\[(\d+)\]", os.readlink(proc / str(pid) / "fd" / name)
                ):
                    yield match[1]
