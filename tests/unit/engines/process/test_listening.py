"""What a process tree listens on, by Linux' own files."""

import os
import socket
import sys

import pytest
from lab.engines.process.listening import Listening, address_of, listening

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc IS LINUX' OWN")


def test_a_socket_of_this_process_is_found_by_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert Listening("127.0.0.1", port) in listening(os.getppid())


@pytest.mark.parametrize(
    ("digits", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("00000000000000000000000001000000", "::1"),
    ],
)
def test_addresses_are_read_as_the_kernel_writes_them(digits: str, address: str) -> None:
    assert address_of(digits) == address


def test_an_address_is_written_with_its_port() -> None:
    assert str(Listening("127.0.0.1", 8080)) == "127.0.0.1:8080"
    assert str(Listening("::1", 8080)) == "[::1]:8080"
