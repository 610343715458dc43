"""The clients of a closed loop: each sends its next request when the last one is complete.

A client is a bare protocol on uvloop, because whatever it costs is taken from the CPUs that the
servers run on.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from lab.load import body_discard
from lab.load.attempt import Attempt
from lab.load.body_discard import BodyDiscard
from lab.load.closing import ServerCloses
from lab.load.counts import BlockCounts, failure_kind, refused_text
from lab.load.request import EncodedRequest
from lab.load.response_reader import ProtocolError, ResponseReader, ResponseTooLarge
from lab.load.target import Target
from lab.load.websocket import WebSocketReader

SLOW_ANSWERS = 20
"""A server hangs that is silent for this many times its slowest answer so far."""
RETRIED_KINDS = ("refused", "unreachable")
MOST_KEPT_BYTES = 4_096
"""How much is kept of a response that is refused: its head and the beginning of its body."""
HUNG_UP = "hung up"
"""The outcome of a request whose client went away as it was told to."""
HANG_UP_PAUSE_SECONDS = 0.05
CHUNKS_PER_TURN = 8_192
"""Chunks of one read after which the other clients of the loop come first."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Time limits and pauses of the clients, in seconds, and the driver's CPU clock."""

    request_timeout_seconds: float = 60.0
    """The most that one request may take: more than 200 queued ones of 20 ms on a busy core."""
    least_silence_seconds: float = 10.0
    """Without any answer for as long, and for `SLOW_ANSWERS` times its slowest, a server hangs."""
    retry_delay_seconds: float = 0.05
    """Pause after a refused connection, so that a dead server is not called at full speed."""
    companion_pause_seconds: float = 0.1
    """Pause between a companion's response and its next request: it watches, and adds no load."""
    driver_cpu_seconds: Callable[[], float] = time.process_time
    """The clock of the driver's own CPU time; without servers in its process it is the client's."""

    def silence_seconds(self, slowest_seconds: float | None) -> float:
        """How long a server with such answers may be silent; without any, one request's limit."""
        if slowest_seconds is None:
            return self.request_timeout_seconds
        justified = max(self.least_silence_seconds, SLOW_ANSWERS * slowest_seconds)
        return min(justified, self.request_timeout_seconds)


@dataclass(slots=True)
class RequestBudget:
    """The requests that are still to be sent; the clients of a block share it."""

    requests: Iterator[EncodedRequest]
    left: int
    counts: BlockCounts

    def take(self) -> EncodedRequest | None:
        """The next request; None when all have been sent."""
        if self.left == 0:
            return None
        self.left -= 1
        self.counts.sent += 1
        return next(self.requests)


class LoadClient(asyncio.Protocol):
    """One of the concurrent clients: one request at a time, over one connection after another.

    It runs in the loop's callbacks; a task and a future a request would cost as much as the rest.
    """

    def __init__(
        self, target: Target, budget: RequestBudget, timing: Timing, on_end: Callable[[], None]
    ) -> None:
        self.target, self.budget, self.timing, self.on_end = target, budget, timing, on_end
        self.counts = budget.counts
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.connecting: Attempt | None = None
        self.discard: BodyDiscard | None = None
        self.closing: ServerCloses | None = None
        """The last connection that the server was to close."""
        self.reader = ResponseReader()
        self.sent_at: float | None = None
        """When the request in flight began (perf_counter); None between requests."""
        self.request: EncodedRequest | None = None
        """The request in flight, or the last one."""
        self.kept = b""
        """The beginning of a response that is refused, where it is the first of its kind."""

    def next_request(self) -> None:
        """Send the next request of the budget, or end with it."""
        self.request = self.budget.take()
        if self.request is None:
            self.drop_connection()
            self.on_end()
            return
        self.sent_at, self.kept = time.perf_counter(), b""
        opens_anew = self.request.data is None or self.request.conversation is not None
        if self.transport is not None and not opens_anew:
            self.send()
            return
        self.drop_connection()
        self.begin_connecting()

    def begin_connecting(self) -> None:
        self.connecting = Attempt(self.target, self, self.fail)

    def send(self) -> None:
        assert self.transport is not None
        assert self.request is not None
        self.reader.expects_no_body = self.request.expects_no_body
        if self.request.read_seconds is not None:
            self.loop.call_later(self.request.read_seconds, self.hang_up, self.sent_at)
        if self.request.data is None:
            self.loop.call_soon(self.succeed_without_request)
        else:
            self.transport.write(self.request.data)

    def hang_up(self, sent_at: float | None) -> None:
        """End a response that was read long enough; one that has not begun is waited for."""
        if self.sent_at is None or self.sent_at != sent_at or self.request is None:
            return
        if not self.reader.has_head and not self.request.is_abandoned:
            self.loop.call_later(HANG_UP_PAUSE_SECONDS, self.hang_up, sent_at)
            return
        if self.reader.has_head and self.reader.status not in self.request.ok_statuses:
            self.succeed(keep_alive=False)  # it counts as refused
            return
        self.counts.count_success(time.perf_counter() - self.sent_at)
        self.sent_at = None
        if self.request.kind:
            self.counts.of(self.request.kind).outcomes[HUNG_UP] += 1
        self.drop_connection()
        self.next_request()

    def succeed_without_request(self) -> None:
        """Count a connection that is opened and closed without a request."""
        if self.sent_at is None:
            return
        self.counts.count_success(time.perf_counter() - self.sent_at)
        self.sent_at = None
        self.drop_connection()
        self.next_request()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.connecting = None
        self.transport = cast(asyncio.Transport, transport)
        self.reader = self.new_reader()
        self.send()

    def new_reader(self) -> ResponseReader:
        """What reads the answers of the connection that was just made."""
        if self.request is not None and self.request.conversation is not None:
            assert self.transport is not None
            return WebSocketReader(self.request.conversation, self.transport.write)
        return self.response_reader()

    def response_reader(self) -> ResponseReader:
        return ResponseReader()

    def data_received(self, data: bytes) -> None:
        if self.sent_at is None:
            return
        try:
            complete = self.reader.feed(data)
        except (ProtocolError, ResponseTooLarge) as error:
            self.fail(error)
            return
        if self.request is not None and self.reader.status not in self.request.ok_statuses:
            self.keep(data)
        if complete:
            if self.reader.closes and self.transport is not None:
                self.leave_to_server(self.transport)
            self.succeed(keep_alive=self.reader.keep_alive)
        elif self.reader.unread_bytes >= body_discard.MIN_BYTES and body_discard.IS_SUPPORTED:
            assert self.transport is not None
            self.discard = BodyDiscard(self.transport, self.reader.skip, self.fail)
        elif self.reader.chunk_lines_of_feed > CHUNKS_PER_TURN:
            self.yield_to_loop()

    def keep(self, data: bytes) -> None:
        """Keep the beginning of a refused response of a user app."""
        if self.request is not None and self.request.kind and len(self.kept) < MOST_KEPT_BYTES:
            self.kept += data[:MOST_KEPT_BYTES]

    def yield_to_loop(self) -> None:
        """Read on in the loop's next turn: uvloop reads up to 8 MiB of one connection in a turn."""
        transport = self.transport
        assert transport is not None
        transport.pause_reading()
        self.loop.call_soon(resume_reading, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.sent_at is None:
            return
        if exc is None and self.reader.end():
            self.succeed(keep_alive=False)
        else:
            self.fail(exc or ConnectionResetError("closed before the response was complete"))

    def succeed(self, *, keep_alive: bool) -> None:
        assert self.sent_at is not None
        assert self.request is not None
        seconds, self.sent_at = time.perf_counter() - self.sent_at, None
        is_served = self.reader.status in self.request.ok_statuses
        if is_served:
            self.counts.count_success(seconds)
        else:
            self.counts.count_failure(f"status-{self.reader.status}")
        if self.request.kind:
            self.count_kind(self.request.kind, is_served=is_served)
        if not keep_alive or not self.request.keep_alive:
            self.drop_connection()
        self.next_request()

    def count_kind(self, name: str, *, is_served: bool) -> None:
        """Count the response that is complete under its kind."""
        kind = self.counts.of(name)
        kind.outcomes[str(self.reader.status)] += 1
        kind.body_bytes += self.reader.body_bytes
        if is_served:
            return
        kind.failed += 1
        kind.first_refused = kind.first_refused or refused_text(self.kept)

    def fail(self, error: BaseException) -> None:
        self.sent_at = None
        self.drop_connection()
        self.end_closing()
        kind = failure_kind(error)
        self.counts.count_failure(kind)
        if self.request is not None and self.request.kind:
            of_kind = self.counts.of(self.request.kind)
            of_kind.outcomes[kind] += 1
            of_kind.failed += 1
        if kind in RETRIED_KINDS:
            self.loop.call_later(self.timing.retry_delay_seconds, self.next_request)
        else:
            self.loop.call_soon(self.next_request)

    def fail_if_older(self, than: float) -> None:
        """Count a timeout when the request in flight began before that time."""
        if self.sent_at is not None and self.sent_at < than:
            self.fail(TimeoutError())

    def reconnect_if_older(self, than: float) -> None:
        """Try the connection anew when none came since then; the request stays the same one."""
        if self.connecting is not None and self.connecting.began_at < than:
            self.connecting.give_up()
            self.begin_connecting()

    def close(self) -> None:
        """End without counting the request in flight."""
        self.sent_at = None
        self.drop_connection()
        self.end_closing()

    def leave_to_server(self, transport: asyncio.Transport) -> None:
        """Let the server close the connection, as it says that it does; the next is opened now."""
        self.end_closing()
        self.closing, self.transport = ServerCloses(transport), None

    def end_closing_if_older(self, than: float) -> None:
        """End a connection that its server has not closed by then: it may wait for its client."""
        if self.closing is not None and self.closing.began_at < than:
            self.end_closing()

    def end_closing(self) -> None:
        if self.closing is not None:
            self.closing.end()
            self.closing = None

    def drop_connection(self) -> None:
        """Abort the connection; what still arrives on it is ignored."""
        if self.connecting is not None:
            self.connecting.give_up()
            self.connecting = None
        if self.discard is not None:
            self.discard.close()
            self.discard = None
        if self.transport is not None:
            self.transport.set_protocol(asyncio.Protocol())
            self.transport.abort()
            self.transport = None


def resume_reading(transport: asyncio.Transport) -> None:
    if not transport.is_closing():
        transport.resume_reading()
