"""A connection that is made in the turn in which its client gives it up reaches nobody."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from lab.load.attempt import Attempt
from lab.load.request import Request
from lab.load.target import Target

TARGET = Target("127.0.0.1", 1, "one", Request("/"))


class Transport(asyncio.Transport):
    """Notes whose it is and whether it was aborted."""

    def __init__(self) -> None:
        self.aborted, self.protocol = False, None

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def abort(self) -> None:
        self.aborted = True


class Client(asyncio.Protocol):
    """Who waits for connections."""

    def __init__(self) -> None:
        self.connections: list[asyncio.BaseTransport] = []
        self.errors: list[OSError] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.connections.append(transport)


def made_while(
    monkeypatch: pytest.MonkeyPatch, happening: Callable[[Attempt], None]
) -> tuple[Client, Transport]:
    """A connection that exists before its protocol is told, with what happens in between."""
    client, transport = Client(), Transport()

    async def create_connection(factory: Callable[[], Attempt], *_: object) -> None:
        attempt = factory()
        happening(attempt)
        attempt.connection_made(transport)

    async def attempt_it() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "create_connection", create_connection)
        attempt = Attempt(TARGET, client, client.errors.append)
        await asyncio.gather(attempt.task, return_exceptions=True)

    asyncio.run(attempt_it())
    return client, transport


def test_a_connection_is_its_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    client, transport = made_while(monkeypatch, lambda attempt: None)

    assert (client.connections, transport.protocol) == ([transport], client)
    assert not transport.aborted


def test_one_that_was_given_up_is_aborted_and_never_the_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, transport = made_while(monkeypatch, Attempt.give_up)

    assert (client.connections, transport.protocol) == ([], None)
    assert transport.aborted


@pytest.mark.parametrize("given_up", [False, True])
def test_an_error_is_told_to_who_still_waits(
    monkeypatch: pytest.MonkeyPatch, given_up: bool
) -> None:
    def refuse(attempt: Attempt) -> None:
        if given_up:
            attempt.client = None
        raise ConnectionRefusedError

    client, _ = made_while(monkeypatch, refuse)

    assert len(client.errors) == (not given_up)
