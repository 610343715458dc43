"""How a connection ends that the server has said it closes, as the server's kernel sees it."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvloop
from lab.load.block import BlockPlan, run_block
from lab.load.client import LoadClient, Timing
from lab.load.request import request_of
from lab.load.target import Target
from lab.records.variant import Connection, RequestKind

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
SURPLUS = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more"
REQUESTS = 8


class ClosingServer:
    """Answers one connection after another, and notes how each has ended."""

    def __init__(
        self, listener: socket.socket, *, closes: bool, pause_seconds: float = 0.0
    ) -> None:
        self.listener, self.closes, self.pause_seconds = listener, closes, pause_seconds
        self.ends: list[str] = []
        self.threads: list[threading.Thread] = []

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                connection.settimeout(30)
                connection.recv(65536)
                connection.sendall(ANSWER)
                time.sleep(self.pause_seconds)
                if self.closes:
                    with contextlib.suppress(OSError):  # its client has gone already
                        connection.shutdown(socket.SHUT_WR)
                self.threads.append(threading.Thread(target=self.note, args=[connection]))
                self.threads[-1].start()

    def note(self, connection: socket.socket) -> None:
        with connection:
            try:
                self.ends.append("closed" if connection.recv(1) == b"" else "more data")
            except ConnectionResetError:
                self.ends.append("reset")


@contextlib.contextmanager
def server(*, closes: bool, pause_seconds: float = 0.0) -> Iterator[ClosingServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = ClosingServer(listener, closes=closes, pause_seconds=pause_seconds)
        accepting = threading.Thread(target=made.run)
        accepting.start()
        try:
            yield made
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in made.threads:
                thread.join()


@pytest.mark.parametrize("closes", [True, False])
def test_it_is_reset_once_the_server_has_closed_it_and_not_before(closes: bool) -> None:
    with server(closes=closes) as made:
        port = made.listener.getsockname()[1]
        target = Target("127.0.0.1", port, "localhost", request_of("/x", RequestKind.GET))
        plan = BlockPlan(1, REQUESTS, 1, Connection.CLOSE)
        block = uvloop.run(run_block(target, plan))

    assert block.ok == REQUESTS
    assert len(made.ends) == REQUESTS
    # Nobody waits for the last one, nor for a server that a busy machine holds up.
    assert ("reset" in made.ends) is closes
    assert set(made.ends) <= {"reset", "closed"}


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_driver_that_stood_still_gives_up_no_connection_that_its_server_has_closed(
    monkeypatch: pytest.MonkeyPatch, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    leave = LoadClient.leave_to_server

    def leave_and_stand_still(client: LoadClient, transport: asyncio.Transport) -> None:
        leave(client, transport)
        time.sleep(0.3)

    monkeypatch.setattr(LoadClient, "leave_to_server", leave_and_stand_still)
    with server(closes=True, pause_seconds=0.02) as made:
        port = made.listener.getsockname()[1]
        target = Target("127.0.0.1", port, "localhost", request_of("/x", RequestKind.GET))
        with asyncio.Runner(loop_factory=loop) as runner:
            block = runner.run(run_block(target, BlockPlan(1, 4, 1, Connection.CLOSE)))

    assert (block.ok, len(made.ends)) == (4, 4)
    assert made.ends.count("closed") <= 1, "nobody waits for the last one"


def serve_one_by_one(listener: socket.socket, answer: bytes) -> None:
    """Answers each connection once, and takes the next when its client has closed it."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(ConnectionResetError):
                connection.recv(65536)
                connection.sendall(answer)
                while connection.recv(65536):
                    pass


@pytest.mark.parametrize("connection", list(Connection))
@pytest.mark.parametrize("answer", [ANSWER, SURPLUS, ANSWER + b"and more"])
def test_a_server_that_waits_for_its_client_is_served(
    answer: bytes, connection: Connection
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve_one_by_one, args=[listener, answer])
        serving.start()
        try:
            source = request_of("/x", RequestKind.GET)
            target = Target("127.0.0.1", listener.getsockname()[1], "localhost", source)
            plan = BlockPlan(1, REQUESTS, 1, connection)
            timing = Timing(request_timeout_seconds=30)
            block = uvloop.run(run_block(target, plan, timing=timing))
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()

    assert (block.ok, block.failures) == (REQUESTS, {})
