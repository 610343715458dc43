"""A websocket as the load's clients use one (RFC 6455): open, say, listen, close.

It is read where a response is, so that the rest of a client knows nothing of it.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from lab.load.response_reader import (
    HEAD_END,
    MAX_HEAD_BYTES,
    ProtocolError,
    ResponseReader,
    ResponseTooLarge,
)
from lab.units import MIB

SWITCHING = 101
"""How a handshake is answered that opens a websocket."""
KEY = base64.b64encode(b"worker-memorylab").decode()
"""The handshake's key, equal in every run: it protects from proxies, and there is none."""
ACCEPTED = base64.b64encode(
    hashlib.sha1(KEY.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
)
MASK = b"\x05\x96\x0d\x1f"
MAX_MESSAGE_BYTES = 64 * MIB
MAX_FRAMES = 1_000_000
"""The most frames of one conversation."""
MAX_PINGS = 1_000
"""The most pings of one: each is answered, and a server need not read the answers."""
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FIN = 0x80
NORMAL, NO_CODE = 1000, 1005


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a client says once the connection is open, and how much it listens."""

    texts: tuple[str, ...] = ()
    listen: int = 0
    """The messages for which it waits before it closes."""

    def filled(self, mark: str, value: str) -> "Conversation":
        """The conversation with a value in place of a mark."""
        return Conversation(tuple(text.replace(mark, value) for text in self.texts), self.listen)

    def said(self) -> bytes:
        """All that the client says, in frames."""
        return b"".join(frame(TEXT, text.encode()) for text in self.texts)


HANDSHAKE = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
)


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole frame of a client, whose payload is masked."""
    size = len(payload)
    if size < 126:
        head = bytes((FIN | opcode, 0x80 | size))
    elif size < 65_536:
        head = bytes((FIN | opcode, 0x80 | 126)) + size.to_bytes(2)
    else:
        head = bytes((FIN | opcode, 0x80 | 127)) + size.to_bytes(8)
    mask = MASK * (size // 4 + 1)
    masked = int.from_bytes(payload) ^ int.from_bytes(mask[:size])
    return head + MASK + masked.to_bytes(size)


class WebSocketReader(ResponseReader):
    """Reads one conversation, and says the client's part as it goes on.

    Its status is 101 when all was heard; the code with which the server closed it before; else that
    of the response in the place of the handshake.
    """

    def __init__(self, conversation: Conversation, write: Callable[[bytes], None]) -> None:
        """
        Args:
            write: sends bytes to the server.
        """
        super().__init__()
        self.conversation, self.write = conversation, write
        self.messages = 0
        """How many came."""
        self.last_message = b""
        """The beginning of the last one's first frame."""
        self._is_open = self._is_closing = False
        self._frames = self._pings = self._payload_left = self._message_bytes = 0
        self._buffer = b""

    @property
    def has_head(self) -> bool:
        """Whether the connection is open for messages, or a response in its place has begun."""
        return self._is_open or super().has_head

    def feed(self, data: bytes) -> bool:
        """Whether the conversation is over with these bytes.

        Raises:
            ProtocolError: it is not a websocket.
            ResponseTooLarge: it exceeds a limit.
        """
        if super().has_head:
            return super().feed(data)
        self._buffer += data
        if not self._is_open:
            end = self._buffer.find(HEAD_END)
            if end == -1 and len(self._buffer) <= MAX_HEAD_BYTES:
                return False
            if self._buffer[9:12] != b"101" or end == -1:
                rest, self._buffer = self._buffer, b""
                return super().feed(rest)
            self._open(self._buffer[:end])
            self._buffer = self._buffer[end + len(HEAD_END) :]
        return self._read_frames()

    def end(self) -> bool:
        """Whether the end of the connection is the proper end of the conversation."""
        return self._is_closing or (not self._is_open and super().end())

    def _open(self, head: bytes) -> None:
        if ACCEPTED not in head:
            raise ProtocolError("the answer is to another handshake")
        self.status, self.keep_alive, self._is_open = SWITCHING, False, True
        self.body_bytes = 0
        self.write(self.conversation.said())
        self._close_when_heard()

    def _close_when_heard(self) -> None:
        if self.messages >= self.conversation.listen and not self._is_closing:
            self._is_closing = True
            self.write(frame(CLOSE, NORMAL.to_bytes(2)))

    def _read_frames(self) -> bool:
        buffer = self._buffer
        offset = min(self._payload_left, len(buffer))
        self._payload_left -= offset
        is_over = False
        while not is_over:
            whole = None if self._payload_left else frame_head(buffer, offset)
            if whole is None:
                break
            opcode, is_last, start, size = whole
            if opcode >= CLOSE and len(buffer) < start + size:
                break
            self._count(0 if opcode >= CLOSE else size)
            if opcode >= CLOSE:
                is_over = self._control(opcode, buffer[start : start + size])
                offset = start + size
                continue
            offset = min(start + size, len(buffer))
            self._payload_left = start + size - offset
            self._data(opcode, is_last, buffer[start : start + 4096])
        self._buffer = buffer[offset:]
        return is_over

    def _count(self, size: int) -> None:
        self._frames += 1
        self._message_bytes += size
        if self._message_bytes > MAX_MESSAGE_BYTES or self._frames > MAX_FRAMES:
            raise ResponseTooLarge("a message, or the whole conversation, is too long")

    def _data(self, opcode: int, is_last: bool, beginning: bytes) -> None:
        if opcode:
            self.last_message = beginning
        if not is_last:
            return
        self.body_bytes += self._message_bytes
        self.messages, self._message_bytes = self.messages + 1, 0
        self._close_when_heard()

    def _control(self, opcode: int, payload: bytes) -> bool:
        """Whether the conversation is over with this frame."""
        if opcode == PING:
            self._pings += 1
            if self._pings > MAX_PINGS:
                raise ResponseTooLarge(f"more than {MAX_PINGS:,} pings")
            self.write(frame(PONG, payload))
        if opcode != CLOSE:
            return False
        if not self._is_closing:
            self.status = int.from_bytes(payload[:2]) if len(payload) > 1 else NO_CODE
            self.last_message = payload[2:]
            self.write(frame(CLOSE, payload[:2]))
        return True


def frame_head(data: bytes, offset: int) -> tuple[int, bool, int, int] | None:
    """Opcode, whether it ends its message, where the payload begins, its size; None: not whole.

    Raises:
        ProtocolError: it is not a frame of a server.
    """
    if len(data) < offset + 2:
        return None
    first, second = data[offset], data[offset + 1]
    opcode, is_last, size = first & 0x0F, bool(first & FIN), second & 0x7F
    if first & 0x70 or second & 0x80 or opcode not in (0x0, TEXT, 0x2, CLOSE, PING, PONG):
        raise ProtocolError("not a websocket frame")
    if opcode >= CLOSE and (size > 125 or not is_last):
        raise ProtocolError("a control frame in fragments")
    extra = {126: 2, 127: 8}.get(size, 0)
    start = offset + 2 + extra
    if len(data) < start:
        return None
    return opcode, is_last, start, int.from_bytes(data[offset + 2 : start]) if extra else size
