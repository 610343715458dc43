"""What is listened on in an app's container, as a probe inside says."""

import re
from collections.abc import Iterator
from typing import Any

from lab.engines.process.listening import Listening, address_of
from lab.engines.protocol import Endpoint
from lab.probes.channels import socket_paths
from lab.probes.question import ask_socket

QUESTION = "/_lab/listening"
ADDRESS = re.compile(r"([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})")
OF_THE_ENGINE = "127.0.0.11"
"""The address of the engine's own server of names, in each container."""
MOST_SOCKETS_ASKED = 4


def container_sockets(endpoint: Endpoint) -> frozenset[Listening] | None:
    """The sockets of the whole container; None where no probe in it answers."""
    for path in socket_paths(endpoint.sockets)[:MOST_SOCKETS_ASKED] if endpoint.sockets else ():
        answer = ask_socket(path, QUESTION)
        if isinstance(answer, list):
            return frozenset(sockets_in(answer))
    return None


def sockets_in(answer: list[Any]) -> Iterator[Listening]:
    for each in answer:
        match = ADDRESS.fullmatch(each) if isinstance(each, str) else None
        address = address_of(match[1]) if match else OF_THE_ENGINE
        if match is not None and address != OF_THE_ENGINE:
            yield Listening(address, int(match[2], 16))
