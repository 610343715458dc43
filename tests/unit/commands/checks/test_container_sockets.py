"""Where an app in a container listens, as its probe says."""

from pathlib import Path

import pytest
from lab.commands.checks.app_check import other_ports
from lab.commands.checks.container_sockets import container_sockets, sockets_in
from lab.engines.process.listening import Listening
from lab.engines.protocol import Endpoint

INSIDE = Endpoint("own-shop", 8000, 9000, "id")
HERE = Endpoint("127.0.0.1", 8000, 9000, "id")


def heard(*sockets: str) -> frozenset[Listening]:
    parts = (each.rpartition(":") for each in sockets)
    return frozenset(Listening(address, int(port)) for address, _, port in parts)


@pytest.mark.parametrize(
    ("sockets", "inside", "here"),
    [
        (["0.0.0.0:8000"], set(), set()),
        (["127.0.0.1:8000"], {8000}, set()),
        (["127.0.0.1:5000"], {5000}, {5000}),
        (["0.0.0.0:8000", "127.0.0.1:9191"], set(), {9191}),
        ([":::8000"], set(), set()),
        ([], set(), set()),
    ],
)
def test_a_containers_own_loopback_is_elsewhere(
    sockets: list[str], inside: set[int], here: set[int]
) -> None:
    assert other_ports(heard(*sockets), INSIDE) == inside
    assert other_ports(heard(*sockets), HERE) == here


def test_what_a_probe_answers_is_taken_as_far_as_it_is_an_address() -> None:
    answer = ["0100007F:1F90", "00000000:0050", "0B00007F:A1B2", "x", 7, None, "0100007F:1F9G"]
    assert set(sockets_in(answer)) == heard("127.0.0.1:8080", "0.0.0.0:80")
    assert set(sockets_in(["00000000000000000000000000000000:1F90"])) == heard(":::8080")


def test_without_probes_nothing_is_known(tmp_path: Path) -> None:
    assert container_sockets(INSIDE) is None
    assert container_sockets(Endpoint("own-shop", 8000, 9000, "id", tmp_path)) is None
