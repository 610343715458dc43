"""Free ports of loopback, below those that the kernel gives to outgoing connections."""

import os
import random
import socket
from collections import defaultdict
from collections.abc import Callable

from lab.errors import LabError

LOOPBACK = "127.0.0.1"
PORTS = range(15_000, 32_000)
PORT_TRIES = 1000


def claimed(port: int) -> int | None:
    """A descriptor that claims a free port until it is closed; None where the port is not free.

    Between the choice of a port and its server's start lie seconds. The claim is the port of the
    same number for UDP: the kernel gives it to one process of the machine, and takes it back from
    one that dies, so that no other lab chooses the port meanwhile.
    """
    claim = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claim.bind((LOOPBACK, port))
        if is_free(port):
            return claim.detach()
    except OSError:
        pass
    finally:
        claim.close()
    return None


def is_free(port: int) -> bool:
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


class Ports:
    """Hands out ports that are free and that nobody else was handed."""

    def __init__(
        self, ports: range = PORTS, claimed: Callable[[int], int | None] = claimed
    ) -> None:
        self.ports, self.claimed = ports, claimed
        self.claims: defaultdict[str, list[int]] = defaultdict(list)
        """The descriptors that claim the ports of each owner."""
        self.random = random.Random()

    def take(self, count: int, owner: str = "") -> int:
        """The first of `count` consecutive free ports, which are the owner's until it gives all of
        its ports back.

        Raises:
            LabError: there are none.
        """
        for _ in range(PORT_TRIES):
            first = self.random.choice(self.ports[:-count])
            claims = self.row(range(first, first + count))
            if claims:
                self.claims[owner] += claims
                return first
        start, stop = self.ports.start, self.ports.stop
        raise LabError(
            f"there are not {count} free ports in a row from {start} to {stop} on {LOOPBACK}: end "
            "other runs of this machine, or lower LANES"
        )

    def row(self, ports: range) -> list[int]:
        """A claim of each of the ports; none where one of them is not free."""
        claims: list[int] = []
        for port in ports:
            claim = self.claimed(port)
            if claim is None:
                close(claims)
                return []
            claims.append(claim)
        return claims

    def give_back(self, owner: str) -> None:
        close(self.claims.pop(owner, []))


def close(claims: list[int]) -> None:
    for claim in claims:
        os.close(claim)
