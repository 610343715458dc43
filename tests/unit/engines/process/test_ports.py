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
    first = Ports().take(4)

    assert all(is_free(port) for port in range(first, first + 4))
    assert PORTS.start <= first <= PORTS.stop - 4
    assert PORTS.start > 1024
    assert PORTS.stop <= 32768


def always(_: int) -> bool:
    return True


def test_nothing_is_handed_out_twice() -> None:
    given = Ports(range(20_000, 20_013), always)
    firsts = [given.take(3) for _ in range(2)]
    every = [port for first in firsts for port in range(first, first + 3)]

    assert len(set(every)) == 6
    assert set(every) <= set(range(20_000, 20_013))


def test_a_row_with_a_taken_port_in_it_is_passed_over() -> None:
    def free(port: int) -> bool:
        return port not in (20_003, 20_007)

    ports = range(20_000, 20_010)
    assert {Ports(ports, free).take(3) for _ in range(50)} == {20_000, 20_004}


def test_what_was_given_back_is_handed_out_again() -> None:
    given = Ports(range(20_000, 20_003), always)
    first = given.take(2)
    with pytest.raises(LabError):
        given.take(2)
    given.give_back(first, 2)

    assert given.take(2) == first


def test_where_none_is_free_it_is_said() -> None:
    with pytest.raises(LabError, match=r"no 5 free ports from 15000 to 32000 on 127\.0\.0\.1"):
        Ports(is_free=lambda _: False).take(5)
