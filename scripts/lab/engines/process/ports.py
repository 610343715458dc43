"""Free ports of loopback, below those that the kernel gives to outgoing connections."""

import random
import socket
from collections.abc import Callable

from lab.errors import LabError

LOOPBACK = "127.0.0.1"
PORTS = range(15_000, 32_000)
TRIES = 1000


def is_free(port: int) -> bool:
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


class Ports:
    """Hands out ports that are free and were not handed out before."""

    def __init__(self, ports: range = PORTS, is_free: Callable[[int], bool] = is_free) -> None:
        self.ports, self.is_free = ports, is_free
        self.given: set[int] = set()
        self.random = random.Random()

    def take(self, count: int) -> int:
        """The first of `count` consecutive free ports.

        Raises:
            LabError: there are none.
        """
        for _ in range(TRIES):
            first = self.random.choice(self.ports[:-count])
            wanted = range(first, first + count)
            if self.given.isdisjoint(wanted) and all(map(self.is_free, wanted)):
                self.given.update(wanted)
                return first
        start, stop = self.ports.start, self.ports.stop
        raise LabError(f"no {count} free ports from {start} to {stop} on {LOOPBACK}")

    def give_back(self, first: int, count: int) -> None:
        self.given.difference_update(range(first, first + count))
