"""Finds the end of an HTTP/1.1 answer (RFC 9112, section 6) and nothing more.

A full parser costs more than the rest of the client together, and the load may not take CPU
from the servers beside it. Bodies are counted, never kept.
"""

HEAD_LIMIT_BYTES = 65_536
PREFIX = b"HTTP/1."
NO_BODY_STATUS = frozenset({204, 304})


class ProtocolFault(Exception):
    """The answer is not HTTP/1."""


def whole_number(digits: bytes, base: int) -> int:
    """A length without sign, space or underscore, which `int` alone would let through.

    Raises:
        ValueError: it is none.
    """
    if not digits.isalnum():
        raise ValueError(digits)
    return int(digits, base)


class AnswerReader:
    """Reads one answer after another from one connection."""

    def __init__(self) -> None:
        self.status = 0
        self.keep_alive = True
        self.bodiless = False
        """Whether what is waited for has no body, as the answer to a HEAD."""
        self.in_body = False
        self.buffer = b""
        self.left_bytes: int | None = None
        self.chunked = False

    def feed(self, data: bytes) -> bool:
        """Take what arrived; True when the answer is whole.

        Raises:
            ProtocolFault: it is not HTTP/1.
        """
        self.buffer += data
        if not self.in_body and not self.read_head():
            return False
        return self.read_chunks() if self.chunked else self.read_counted()

    def end(self) -> bool:
        """The connection ended; True when that is this answer's proper end."""
        return self.in_body and not self.chunked and self.left_bytes is None

    def read_head(self) -> bool:
        if not self.buffer.startswith(PREFIX[: len(self.buffer)]):
            raise ProtocolFault(repr(self.buffer[:80]))
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            if len(head) > HEAD_LIMIT_BYTES:
                raise ProtocolFault("no end of the headers")
            return False
        self.buffer = rest
        self.parse(head)
        if 100 <= self.status < 200:
            return self.read_head()
        self.in_body = True
        return True

    def parse(self, head: bytes) -> None:
        status_line, *lines = head.split(b"\r\n")
        try:
            self.status = int(status_line[9:12])
            fields = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(b":") for line in lines)
            }
            length = fields.get(b"content-length")
            self.left_bytes = whole_number(length, 10) if length is not None else None
        except ValueError as error:
            raise ProtocolFault(repr(status_line[:80])) from error
        self.chunked = fields.get(b"transfer-encoding", b"").lower().endswith(b"chunked")
        connection = fields.get(b"connection", b"").lower()
        http_1_0 = status_line.startswith(b"HTTP/1.0")
        self.keep_alive = connection == b"keep-alive" if http_1_0 else connection != b"close"
        if self.bodiless or self.status in NO_BODY_STATUS:
            self.left_bytes, self.chunked = 0, False

    def read_counted(self) -> bool:
        if self.left_bytes is None:
            self.buffer = b""
            return False
        taken = min(self.left_bytes, len(self.buffer))
        self.left_bytes -= taken
        self.buffer = self.buffer[taken:]
        return self.whole() if self.left_bytes == 0 else False

    def read_chunks(self) -> bool:
        while True:
            line, mark, rest = self.buffer.partition(b"\r\n")
            if not mark:
                return False
            try:
                size = whole_number(line.partition(b";")[0].strip(), 16)
            except ValueError as error:
                raise ProtocolFault(f"chunk size {line[:40]!r}") from error
            if size == 0:
                return self.read_trailers(rest)
            if len(rest) < size + 2:
                return False
            self.buffer = rest[size + 2 :]

    def read_trailers(self, rest: bytes) -> bool:
        while True:
            line, mark, rest = rest.partition(b"\r\n")
            if not mark:
                return False
            if not line:
                self.buffer = rest
                return self.whole()

    def whole(self) -> bool:
        self.in_body = False
        return True
