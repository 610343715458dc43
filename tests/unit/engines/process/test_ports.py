import os
import socket

import pytest
from lab.engines.process.ports import LOOPBACK, PORTS, Ports, is_free
from lab.errors import LabError


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        taken = int(listener.getsockname()[1])

        assert not is_free(taken)


def test_a_port_is_free_again_after_its_connections_have_ended() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = int(listener.getsockname()[1])
        with socket.create_connection((LOOPBACK, port)):
            listener.accept()[0].close()  # the listener's side closes first and has to wait

    assert is_free(port)


def test_what_is_handed_out_is_free_and_below_the_outgoing_ones() -> None:
    ports = Ports()
    first = ports.take(4)
    ports.give_back("")

    assert all(is_free(port) for port in range(first, first + 4))
    assert PORTS.start <= first <= PORTS.stop - 4
    assert PORTS.start > 1024
    assert PORTS.stop <= 32768


class Claims:
    """Claims of made-up ports."""

    def __init__(self, *taken: int) -> None:
        self.taken, self.ports_by_claim = set(taken), dict[int, int]()

    def __call__(self, port: int) -> int | None:
        held = {claim: port for claim, port in self.ports_by_claim.items() if is_open(claim)}
        if port in self.taken or port in held.values():
            return None
        claim = os.open(os.devnull, os.O_RDONLY)
        self.ports_by_claim = {**held, claim: port}
        return claim


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_nothing_is_handed_out_twice() -> None:
    given = Ports(range(20_000, 20_013), Claims())
    firsts = [given.take(3) for _ in range(2)]
    every = [port for first in firsts for port in range(first, first + 3)]
    given.give_back("")

    assert len(set(every)) == 6
    assert set(every) <= set(range(20_000, 20_013))


def test_two_labs_of_one_machine_are_not_handed_the_same_port() -> None:
    one, other = Ports(range(20_000, 20_004)), Ports(range(20_000, 20_004))
    firsts = {one.take(1), other.take(1), one.take(1)}
    one.give_back("")
    other.give_back("")

    assert len(firsts) == 3


def test_a_row_with_a_taken_port_in_it_is_passed_over() -> None:
    firsts = set()
    for _ in range(50):
        ports = Ports(range(20_000, 20_010), Claims(20_003, 20_007))
        firsts.add(ports.take(3))
        ports.give_back("")

    assert firsts == {20_000, 20_004}


def test_an_owner_gives_all_of_its_ports_back() -> None:
    given = Ports(range(20_000, 20_004), Claims())
    first = given.take(2, "one")
    with pytest.raises(LabError):
        given.take(3, "other")
    given.give_back("one")
    given.give_back("nobody")

    assert first in range(20_000, 20_003)
    assert given.take(3, "other") == 20_000
    given.give_back("other")


def test_where_none_is_free_it_is_said() -> None:
    with pytest.raises(
        LabError,
        match=r"not 5 free ports in a row from 15000 to 32000 on 127\.0\.0\.1: end .* lower LANES",
    ):
        Ports(claimed=lambda _: None).take(5)
