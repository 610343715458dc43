"""A request: the bytes that are sent, and the statuses of a response that counts as served."""

import random
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Protocol

from lab.load.websocket import HANDSHAKE, Conversation
from lab.records.variant import Connection, RequestKind

SUCCESS = range(200, 300)
UPLOAD_BYTES = 100_000
"""About the size of a photograph that a phone sends."""
BOUNDARY = "worker-memory-lab-596"
BODY_METHODS = ("POST", "PUT", "PATCH")
"""A server may require the length of their body even when it is empty."""


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """One request as it is sent."""

    data: bytes | None
    """The bytes that are sent; None: connect, and close without a request."""
    ok_statuses: Container[int]
    keep_alive: bool
    """Whether the connection may carry the next request."""
    expects_no_body: bool = False
    """Whether its response has no body, whatever length it gives."""
    read_seconds: float | None = None
    """How long its response is read before the client hangs up; None: to its end."""
    is_abandoned: bool = False
    """Whether the client goes away after that time whatever it was answered."""
    kind: str = ""
    """Method and path of a user app's request, under which it is counted; empty elsewhere."""
    conversation: Conversation | None = None
    """What follows over the same connection, where the request opens a websocket."""


class RequestSource(Protocol):
    """The requests of a load."""

    def encoded_requests(self, host: str, connection: Connection) -> Iterator[EncodedRequest]:
        """One request after another, without end."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request and its expected statuses."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    ok_statuses: Container[int] = SUCCESS
    conversation: Conversation | None = None
    """What is said over the websocket that it opens; None: it is a plain request."""

    def to_bytes(self, host: str, connection: Connection) -> bytes:
        """Head and body as they are sent."""
        length: tuple[tuple[str, str], ...] = ()
        if self.body or self.method in BODY_METHODS:
            length = (("Content-Length", str(len(self.body))),)
        opens: tuple[tuple[str, str], ...] = (("Connection", connection.value),)
        if self.conversation is not None:
            opens = (*HANDSHAKE, ("Origin", f"http://{host}"))  # as each browser says it
        given = {name.lower() for name, _ in self.headers}
        usual = (each for each in (("Host", host), *opens) if each[0].lower() not in given)
        fields = (*usual, *self.headers, *length)
        lines = (
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in fields),
        )
        return "\r\n".join((*lines, "", "")).encode("ascii") + self.body

    def encode(self, host: str, connection: Connection) -> EncodedRequest:
        """The request as it is sent."""
        return EncodedRequest(
            self.to_bytes(host, connection),
            self.ok_statuses,
            keep_alive=connection is Connection.KEEP_ALIVE and self.conversation is None,
            expects_no_body=self.method == "HEAD",
            conversation=self.conversation,
        )

    def encoded_requests(self, host: str, connection: Connection) -> Iterator[EncodedRequest]:
        """The same request each time."""
        return repeat(self.encode(host, connection))


@cache
def upload_body(seed: int) -> bytes:
    """A file in the field `file` as `multipart/form-data`; the same bytes of the same seed."""
    head = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="file"; filename="upload.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    content = random.Random(seed).randbytes(UPLOAD_BYTES)
    return head.encode("ascii") + content + f"\r\n--{BOUNDARY}--\r\n".encode("ascii")


def request_of(path: str, kind: RequestKind = RequestKind.GET, seed: int = 0) -> Request:
    """The request that a variant's load sends to its endpoint.

    Args:
        path: of the endpoint.
        kind: what is sent.
        seed: of the bytes that an upload sends.
    """
    if kind is RequestKind.GET:
        return Request(path)
    content_type = ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    return Request(path, "POST", (content_type,), upload_body(seed))
