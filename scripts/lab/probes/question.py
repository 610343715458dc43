"""One question to a probe, over TCP or a Unix socket; its answer is JSON or a gap.

The app under test may answer in the probe's place, so an answer has a limit of bytes and a
question one of time, connecting included.
"""

import json
import os
import re
import socket
import time
from pathlib import Path
from typing import Any

from lab.units import MIB

QUESTION_SECONDS = 5.0
"""The time limit of a whole question, shorter than a gap between readings."""
MAX_ANSWER_BYTES = 4 * MIB
"""The largest honest answer, a trace of memray's, has about 0.4 MiB."""
REQUEST = "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
STATUS_200 = re.compile(rb"HTTP/1\.[01] 200[ \r]")
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*(\d{1,10})[ \t]*(?:\r\n|$)")


class QuestionError(Exception):
    """A probe's answer is too large or takes too long."""


def remaining_seconds(deadline: float) -> float:
    """Seconds until a deadline of `time.monotonic`.

    Raises:
        QuestionError: it is over.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise QuestionError("the question took too long")
    return seconds


def receive(
    connection: socket.socket, deadline: float, enough_bytes: int = MAX_ANSWER_BYTES + 1
) -> bytes:
    """The bytes until the other side closes the connection, or until these are enough.

    Raises:
        QuestionError: the answer is too large, or not complete by the deadline.
        OSError: the connection broke.
    """
    answer = bytearray()
    while len(answer) < enough_bytes:
        connection.settimeout(remaining_seconds(deadline))
        part = connection.recv(65_536)
        if not part:
            break
        answer += part
        if len(answer) > MAX_ANSWER_BYTES:
            raise QuestionError(f"the answer has more than {MAX_ANSWER_BYTES:,} bytes")
    return bytes(answer)


def parse_json(answer: bytes) -> Any:
    """The JSON of an answer; None when it is none, or is nested too deeply."""
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return None


def body_of(response: bytes) -> bytes:
    """The body of a complete HTTP response with status 200; empty of any other."""
    head, _, body = response.partition(b"\r\n\r\n")
    if not STATUS_200.match(head):
        return b""
    length = CONTENT_LENGTH.search(head.lower())
    return b"" if length and int(length[1]) != len(body) else body


def ask_port(address: str, port: int, path: str, seconds: float = QUESTION_SECONDS) -> Any:
    """The answer of a probe that listens on a port; None when there is none."""
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection((address, port), seconds) as connection:
            connection.sendall(REQUEST.format(path=path, host=address).encode())
            return parse_json(body_of(receive(connection, deadline)))
    except (OSError, QuestionError):
        return None


def ask_socket(path: Path, question: str, seconds: float = QUESTION_SECONDS) -> Any:
    """The answer of a probe that listens on a Unix socket; None when there is none."""
    deadline = time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connect_below_folder(connection, path)
            connection.sendall(question.encode() + b"\n")
            answer = parse_json(receive(connection, deadline))
    except (OSError, QuestionError):
        return None
    return None if isinstance(answer, dict) and "error" in answer else answer


def connect_below_folder(connection: socket.socket, path: Path) -> None:
    """Connect by the descriptor of the folder, because a path may be too long for an address."""
    if not hasattr(os, "O_PATH"):
        connection.connect(str(path))
        return
    folder = os.open(path.parent, os.O_PATH)
    try:
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def first_bytes(
    address: tuple[str, int],
    path: str,
    host: str,
    count: int,
    seconds: float = QUESTION_SECONDS,
) -> bytes:
    """The first bytes of a server's response to a GET; empty when it does not respond."""
    deadline = time.monotonic() + seconds
    try:
        with socket.create_connection(address, seconds) as connection:
            connection.sendall(REQUEST.format(path=path, host=host).encode())
            return receive(connection, deadline, count)[:count]
    except (OSError, QuestionError):
        return b""
