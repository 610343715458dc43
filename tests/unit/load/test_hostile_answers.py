"""Answers to the requests before the load: whatever an app sends, its time and bytes end."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException

import pytest
from lab.app.guess.guess_records import GuessedRequest
from lab.commands.checks.app_check import ask
from lab.load.login import MOST_LOGIN_BYTES, answer_of

SECONDS = 0.02
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
Parts = Callable[[], Iterator[bytes]]


def dripped(text: bytes) -> Parts:
    """A byte now and then, without end: each comes before the socket's own limit."""
    return lambda: (paced(bytes((byte,))) for byte in itertools.cycle(text))


def paced(part: bytes) -> bytes:
    time.sleep(SECONDS / 10)
    return part


def once(part: bytes) -> Parts:
    return lambda: iter((part,))


def after(head: bytes, rest: Parts) -> Parts:
    return lambda: itertools.chain((head,), rest())


def without_end(part: bytes) -> Parts:
    return lambda: itertools.repeat(part)


HOSTILE: Mapping[str, Parts] = {
    "nothing": lambda: iter(()),
    "silence": dripped(b""),
    "a dripped status": dripped(b"H"),
    "a dripped version": after(b"HTTP/1.1 ", dripped(b"2")),
    "dripped fields": after(OK, dripped(b"a: b\r\n")),
    "a dripped field": after(OK + b"a: ", dripped(b"x")),
    "100 without end": without_end(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "100 dripped": dripped(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "fields without end": after(OK, without_end(b"a: b\r\n" * 50)),
    "a field without end": after(OK + b"a: ", without_end(b"x" * 4096)),
    "a dripped size of a chunk": after(CHUNKED, dripped(b"0")),
    "a chunk of no size": after(CHUNKED, without_end(b"zz\r\n")),
    "a chunk of negative size": after(CHUNKED, without_end(b"-5\r\n")),
    "dripped chunks": after(CHUNKED, dripped(b"1\r\nx\r\n")),
    "a dripped trailer": after(CHUNKED + b"0\r\n", dripped(b"a: b\r\n")),
    "trailers without end": after(CHUNKED + b"0\r\n", without_end(b"a: b\r\n" * 50)),
    "a dripped body": after(OK + b"Content-Length: 99999999\r\n\r\n", dripped(b"x")),
    "a body without end": after(OK + b"\r\n", without_end(b"x" * 65_536)),
    "a length of thousands of digits": after(
        OK + b"Content-Length: " + b"9" * 6_000 + b"\r\n\r\n", without_end(b"x" * 65_536)
    ),
    "a negative length": after(OK + b"Content-Length: -1\r\n\r\n", without_end(b"x" * 65_536)),
    "a status of thousands of digits": once(b"HTTP/1.1 " + b"2" * 5_000 + b" OK\r\n\r\n"),
    "no HTTP": without_end(b"\0" * 65_536),
}


@contextmanager
def serving(parts: Parts) -> Iterator[int]:
    """The port of a server that sends these parts to whoever connects."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                for part in parts():
                    if done.is_set():
                        return
                    connection.sendall(part) if part else time.sleep(SECONDS / 10)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        done.set()
        listener.close()
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_answer_to_a_login_has_an_end(kind: str) -> None:
    with serving(HOSTILE[kind]) as port:
        began, body = time.monotonic(), b""
        with suppress(OSError, HTTPException, ValueError):
            _, _, body = answer_of("127.0.0.1", port, b"GET / HTTP/1.1\r\n\r\n", SECONDS)
        assert time.monotonic() - began < 2
    assert len(body) < MOST_LOGIN_BYTES + 70_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_answer_to_a_guessed_request_has_an_end(kind: str) -> None:
    request = GuessedRequest({"path": "/"}, "a test")
    with serving(HOSTILE[kind]) as port:
        began = time.monotonic()
        answer = ask("127.0.0.1", port, request, 1, SECONDS, SECONDS)
        assert time.monotonic() - began < 2
    assert answer.status in (None, 200)
    assert "\n" not in answer.fault
