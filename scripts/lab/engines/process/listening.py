"""The TCP sockets that a process tree listens on, by Linux' own files."""

import contextlib
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.engines.process.process_tree import descendants_of

PROC = Path("/proc")
LISTENING = "0A"


@dataclass(frozen=True, slots=True, order=True)
class Listening:
    """One address that is listened on."""

    address: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return self.address.startswith("127.") or self.address == "::1"

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}"


def listening(root_pid: int, proc: Path = PROC) -> frozenset[Listening]:
    """Those of the processes below the root; empty where the system does not say."""
    inodes = dict(inode_addresses(proc))
    ports = set()
    for pid in descendants_of(root_pid, parents(proc)):
        ports |= {inodes[inode] for inode in socket_inodes(pid, proc) if inode in inodes}
    return frozenset(ports)


def inode_addresses(proc: Path) -> Iterator[tuple[str, Listening]]:
    """The inodes of listening sockets, each with its address."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / name).read_text().splitlines()[1:]:
                fields = line.split()
                if len(fields) > 9 and fields[3] == LISTENING:
                    address, _, port = fields[1].rpartition(":")
                    yield fields[9], Listening(address_of(address), int(port, 16))


def address_of(digits: str) -> str:
    """The address of /proc/net/tcp: words of 32 bits as the CPU stores them, in hexadecimal."""
    words = [bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, b"".join(words))


def parents(proc: Path) -> dict[int, int]:
    by_pid = {}
    for name in os.listdir(proc):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                text = (proc / name / "stat").read_text(errors="replace")
                by_pid[int(name)] = int(text[text.rindex(")") + 2 :].split()[1])
    return by_pid


def socket_inodes(pid: int, proc: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for name in os.listdir(proc / str(pid) / "fd"):
            with contextlib.suppress(OSError):
                if match := re.fullmatch(
                    r"socket:\[(\d+)\]", os.readlink(proc / str(pid) / "fd" / name)
                ):
                    yield match[1]
