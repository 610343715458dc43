"""One conversation over a websocket in the check before measuring, and how it went."""

import socket
import time
from typing import Any

from lab.app.guess.asking import Answer
from lab.app.guess.guess_records import GuessedRequest
from lab.load.request import Request
from lab.load.response_reader import ProtocolError, ResponseTooLarge
from lab.load.target import site_of
from lab.load.websocket import SWITCHING, Conversation, WebSocketReader
from lab.records.variant import Connection

CONVERSATION_SECONDS = 3.0
MOST_READ_BYTES = 65_536


def converse(host: str, port: int, request: GuessedRequest, number: int) -> Answer:
    """How a conversation went: 101 when all was heard, else the server's status or closing code.

    It is endless where the server went on without saying as much as is listened for.
    """
    opened = opening_request(request, str(number))
    began = time.monotonic()
    try:
        with socket.create_connection((host, port), CONVERSATION_SECONDS) as connection:
            connection.sendall(opened.to_bytes(site_of(host), Connection.CLOSE))
            reader = WebSocketReader(opened.conversation or Conversation(), connection.sendall)
            is_over = conversation_ends(connection, reader, began + CONVERSATION_SECONDS)
    except (OSError, ProtocolError, ResponseTooLarge) as error:
        return Answer(None, fault=str(error) or type(error).__name__)
    if not is_over and not reader.has_head:
        return Answer(None, fault="it was closed, or was not answered")
    seconds = time.monotonic() - began
    goes_on = not is_over and reader.status == SWITCHING
    return Answer(reader.status, reader.last_message, is_endless=goes_on, seconds=seconds)


def opening_request(request: GuessedRequest, number: str) -> Request:
    """The request that opens it, with a number in the place of `{n}`."""
    values: dict[str, Any] = dict(request.values)
    texts = tuple(values.get("say", ()))
    listen = values.get("listen")
    said = Conversation(texts, len(texts) if listen is None else listen)
    headers = values.get("headers", {}).items()
    return Request(
        path=request.path.replace("{n}", number),
        headers=tuple((name, str(text).replace("{n}", number)) for name, text in headers),
        conversation=said.filled("{n}", number),
    )


def conversation_ends(connection: socket.socket, reader: WebSocketReader, deadline: float) -> bool:
    """Whether the conversation came to its end before the deadline."""
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            data = connection.recv(MOST_READ_BYTES)
        except TimeoutError:
            return False
        if not data:
            return reader.end()
        if reader.feed(data):
            return True
    return False
