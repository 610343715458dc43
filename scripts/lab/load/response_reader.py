"""Finds the end of an HTTP/1.1 response (RFC 9112, section 6); bodies are counted, never kept.

A full parser costs more than the rest of the client together, and the load may not take CPU from
the servers that it measures. The server may be hostile: heads, lines and bodies have limits, each
byte of a body is passed once, and only an incomplete head, line or trailer is kept.
"""

import re

from lab.units import GIB

MAX_HEAD_BYTES = 65_536
"""The most bytes of one response's head, interim responses (1xx) and trailers together."""
MAX_CHUNK_LINE_BYTES = 4_096
"""The most bytes of the line that gives a chunk's size, with its extensions."""
MAX_CHUNKS = 1_000_000
"""The most chunks of one response: about a second of this reader's time."""
MAX_BODY_BYTES = GIB
"""The most bytes of one response's body, with the lines that give its chunks' sizes: 1 GiB."""
PREFIX = b"HTTP/1."
LINE_END = b"\r\n"
HEAD_END = b"\r\n\r\n"
STATUS_WITHOUT_BODY = frozenset({204, 304})
FRAMING_FIELD = re.compile(
    rb"\r\n(content-length|transfer-encoding|connection)[ \t]*:[ \t]*([^\r\n]*)"
)
INCOMPLETE = -1
SHOWN_BYTES = 80


class ProtocolError(Exception):
    """The response is not HTTP/1."""


class ResponseTooLarge(Exception):
    """The response exceeds a limit of this module."""


def parse_length(digits: bytes, base: int) -> int:
    """A length in bytes; without sign, space or underscore, which `int` alone would accept.

    Raises:
        ProtocolError: the digits are not a number of that base.
    """
    try:
        if digits.isalnum():
            return int(digits, base)
    except ValueError:
        pass
    raise ProtocolError(f"{digits[:SHOWN_BYTES]!r} is not a length in bytes")


class ResponseReader:
    """Reads the responses of one connection, one after another."""

    def __init__(self, max_chunks: int = MAX_CHUNKS) -> None:
        self.max_chunks = max_chunks
        self.status = 0
        self.keep_alive = True
        """Whether the connection can carry another request after this response."""
        self.closes = False
        """Whether the server has said that it closes the connection after this response."""
        self.expects_no_body = False
        """Set by the caller: whether the request was one whose response has no body (HEAD)."""
        self.unread_bytes = 0
        """Bytes of the body, or of the current chunk, that are still to come."""
        self.chunk_lines_of_feed = 0
        """How many chunks began in the data that was fed last: the time that it took."""
        self.body_bytes = 0
        """Bytes of the last complete response's body, as it was framed."""
        self._start()

    def _start(self) -> None:
        self._pending = b""
        self._searched_bytes = self._chunks = 0
        self._head_bytes = self._body_bytes = 0
        self._in_body = self._chunked = self._in_trailers = False
        self._ends_with_connection = False
        self._before_size = b""

    def feed(self, data: bytes) -> bool:
        """Whether the response is complete with these bytes.

        Raises:
            ProtocolError: it is not HTTP/1.
            ResponseTooLarge: it exceeds a limit.
        """
        if len(data) < self.unread_bytes:
            self.unread_bytes -= len(data)
            return False
        # What is pending holds no end of a head, but may hold the beginning of one.
        self._searched_bytes = len(self._pending) - len(HEAD_END)
        if self._pending:
            data, self._pending = self._pending + data, b""
        chunks, offset = self._chunks, 0
        if not self._in_body:
            offset = self._read_head(data)
            if offset == INCOMPLETE:
                return False
        if not self._chunked:
            return self._read_body(data, offset)
        complete = self._read_chunks(data, offset)
        self.chunk_lines_of_feed = self._chunks - chunks
        return complete

    def skip(self, count: int) -> int:
        """Count bytes of the body that were read elsewhere; returns how many are still to come."""
        self.unread_bytes -= count
        return self.unread_bytes

    @property
    def has_head(self) -> bool:
        """Whether the head of a response was read, and its body is not yet complete."""
        return self._in_body

    def end(self) -> bool:
        """Whether the end of the connection is the proper end of this response."""
        ended = self._in_body and self._ends_with_connection
        if ended:
            self.body_bytes = MAX_BODY_BYTES + 1 - self.unread_bytes
        return ended

    def _keep(self, data: bytes, offset: int, most_bytes: int) -> bool:
        """Keep the beginning of a head, line or trailer; always False, for `feed` to return."""
        self._pending = data[offset:]
        if len(self._pending) > most_bytes:
            raise ResponseTooLarge(f"no end of a head or line after {most_bytes:,} bytes")
        return False

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise ResponseTooLarge(f"heads and trailers of more than {MAX_HEAD_BYTES:,} bytes")

    def _count_body(self, size: int) -> None:
        self._body_bytes += size
        if self._body_bytes > MAX_BODY_BYTES:
            raise ResponseTooLarge(f"a body of more than {MAX_BODY_BYTES:,} bytes")

    def _read_head(self, data: bytes) -> int:
        """The offset of the body, behind any interim responses; or INCOMPLETE."""
        offset = 0
        while (end := data.find(HEAD_END, max(offset, self._searched_bytes))) != -1:
            self._count_head(end + len(HEAD_END) - offset)
            self._parse_head(data[offset:end])
            offset = end + len(HEAD_END)
            if not 100 <= self.status < 200:
                self._in_body = True
                return offset
        if not PREFIX.startswith(data[offset : offset + len(PREFIX)]):
            raise ProtocolError(repr(data[offset : offset + SHOWN_BYTES]))
        self._keep(data, offset, MAX_HEAD_BYTES - self._head_bytes)
        return INCOMPLETE

    def _parse_head(self, head: bytes) -> None:
        status = head[9:12]
        if not (head.startswith(PREFIX) and status.isdigit()):
            raise ProtocolError(repr(head[:SHOWN_BYTES]))
        self.status = int(status)
        fields: dict[bytes, bytes] = dict(FRAMING_FIELD.findall(head.lower()))
        connection = fields.get(b"connection", b"").rstrip()
        is_http_1_0 = head.startswith(b"HTTP/1.0")
        self.keep_alive = connection == b"keep-alive" if is_http_1_0 else connection != b"close"
        self.closes = not self.keep_alive
        if 100 <= self.status < 200:
            return
        length = fields.get(b"content-length")
        self.unread_bytes = 0
        if self.expects_no_body or self.status in STATUS_WITHOUT_BODY:
            return
        if fields.get(b"transfer-encoding", b"").rstrip().endswith(b"chunked"):
            self._chunked = True
        elif length is not None:
            self.unread_bytes = parse_length(length.rstrip(), 10)
            self._count_body(self.unread_bytes)
        else:
            self._ends_with_connection = True
            self.unread_bytes = MAX_BODY_BYTES + 1

    def _read_body(self, data: bytes, offset: int) -> bool:
        end = offset + self.unread_bytes
        if len(data) < end:
            self.unread_bytes = end - len(data)
            return False
        if self._ends_with_connection:
            self._count_body(self.unread_bytes + MAX_BODY_BYTES)
        return self._complete(data, end)

    def _read_chunks(self, data: bytes, offset: int) -> bool:
        while not self._in_trailers:
            end = offset + self.unread_bytes
            if len(data) < end:
                self.unread_bytes = end - len(data)
                return False
            self.unread_bytes = 0
            offset = self._read_chunk_line(data, end)
            if offset == INCOMPLETE:
                return self._keep(data, end, MAX_CHUNK_LINE_BYTES)
        end = data.find(HEAD_END, max(offset, self._searched_bytes))
        if end == -1:
            return self._keep(data, offset, MAX_HEAD_BYTES - self._head_bytes)
        self._count_head(end + len(HEAD_END) - offset)
        return self._complete(data, end + len(HEAD_END))

    def _read_chunk_line(self, data: bytes, offset: int) -> int:
        """The offset of the chunk's data; of the last chunk, of the line end before the trailers.

        INCOMPLETE when the line has not arrived whole.
        """
        start = offset + len(self._before_size)
        end = data.find(LINE_END, start)
        if end == -1:
            return INCOMPLETE
        line = data[start:end]
        if not data.startswith(self._before_size, offset):
            raise ProtocolError("a chunk is longer than its size says")
        self.unread_bytes = parse_length(line.partition(b";")[0].strip(), 16)
        self._count_body(self.unread_bytes + end - offset)
        self._chunks += 1
        if self._chunks > self.max_chunks:
            raise ResponseTooLarge(f"a body of more than {self.max_chunks:,} chunks")
        self._before_size = LINE_END
        if self.unread_bytes == 0:
            self._in_trailers = True
            return end
        return end + len(LINE_END)

    def _complete(self, data: bytes, end: int) -> bool:
        """True; a connection on which more was sent than the response carries no other request."""
        if end < len(data):
            self.keep_alive = self.closes = False
        self.unread_bytes, self.body_bytes = 0, self._body_bytes
        self._start()
        return True
