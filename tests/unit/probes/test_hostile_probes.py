"""Whatever answers in a probe's place: the question ends in time, and an odd answer is a gap."""

import contextlib
import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from lab.engines.protocol import Endpoint
from lab.load.request import Request
from lab.load.request_mix import UserApp, WeightedRequest
from lab.probes.channels import ProcessStatus, SocketChannel, socket_paths
from lab.probes.client import ProbeClient
from lab.probes.question import MAX_ANSWER_BYTES, ask_port, ask_socket, first_bytes
from lab.records.codec import encode
from lab.store.trial_reader import read_records
from lab.store.trial_writer import TrialWriter

APP = UserApp((WeightedRequest(Request("/")),))
HEAD = b"HTTP/1.0 200 OK\r\n\r\n"
SHORT_SECONDS = 0.3

SocketHandler = Callable[[socket.socket], None]


def send(data: bytes) -> SocketHandler:
    return lambda connection: connection.sendall(data)


def flood(data: bytes) -> SocketHandler:
    """The data again and again, until the other side hangs up."""

    def handle(connection: socket.socket) -> None:
        while True:
            connection.sendall(data)

    return handle


def drip(data: bytes) -> SocketHandler:
    """A byte at a time, each soon enough to reset a time limit of single reads."""

    def handle(connection: socket.socket) -> None:
        for byte in data * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(0.02)

    return handle


def hang(connection: socket.socket) -> None:
    connection.recv(1 << 20)
    connection.recv(1)  # until the other side hangs up


def serve_each(listener: socket.socket, handler: SocketHandler) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.recv(4096)
            handler(connection)


@contextmanager
def served(listener: socket.socket, handler: SocketHandler) -> Iterator[None]:
    thread = threading.Thread(target=serve_each, args=(listener, handler), daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@contextmanager
def port_with(handler: SocketHandler) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    with served(listener, handler):
        yield int(listener.getsockname()[1])


@contextmanager
def unix_socket_with(path: Path, handler: SocketHandler) -> Iterator[None]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    with served(listener, handler):
        yield


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a path short enough for a socket's address."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        yield Path(name)


HOSTILE = {
    "flood": flood(b"[" * 65_536),
    "flood-of-lines": flood(b"\r\n" * 32_768),
    "drip": drip(b"[1,"),
    "hang": hang,
    "nothing": send(b""),
    "too-large": send(HEAD + b" " * (MAX_ANSWER_BYTES + 10)),
    "deep": send(HEAD + b"[" * 200_000),
    "deep-objects": send(HEAD + b'{"a":' * 200_000),
    "huge-number": send(HEAD + b"9" * 100_000),
    "huge-length": send(b"HTTP/1.0 200 OK\r\nContent-Length: " + b"9" * 9000 + b"\r\n\r\n"),
    "cut": send(b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{}"),
    "500": send(b"HTTP/1.0 500 No\r\n\r\n{}"),
    "not-http": send(b"SSH-2.0-OpenSSH\r\n"),
    "not-text": send(HEAD + b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("handler", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_answer_on_a_port_is_a_gap_in_time(handler: SocketHandler) -> None:
    with port_with(handler) as port:
        started = time.monotonic()

        assert ask_port("127.0.0.1", port, "/_lab/worker", SHORT_SECONDS) is None
        assert time.monotonic() - started < 3


@pytest.mark.parametrize("name", ["flood", "drip", "hang", "nothing", "deep", "not-text"])
def test_a_hostile_answer_on_a_socket_is_a_gap_in_time(folder: Path, name: str) -> None:
    path = folder / "1.sock"
    with unix_socket_with(path, HOSTILE[name]):
        started = time.monotonic()

        assert ask_socket(path, "/_lab/worker", SHORT_SECONDS) is None
        assert time.monotonic() - started < 3


@pytest.mark.parametrize("name", ["hang", "drip", "flood"])
def test_whether_a_server_responds_is_known_in_time(name: str) -> None:
    with port_with(HOSTILE[name]) as port:
        started = time.monotonic()
        first_bytes(("127.0.0.1", port), "/", "one", 5, SHORT_SECONDS)

        assert time.monotonic() - started < 3


def answering(answer: Any) -> ProbeClient:
    """A client of one worker that answers every question so."""

    class OneAnswer:
        def answers(self, *_: Any, **__: Any) -> Iterator[Any]:
            return iter((answer,))

        def server_answers(self) -> bool:
            return True

        def all_answer(self) -> bool:
            return True

    return ProbeClient(OneAnswer())


PROCESS = {
    "pid": 10, "parent_pid": 1, "started_at_seconds": 1.0, "name": "app", "threads": 1,
    "rss_bytes": 1, "pss_bytes": 1, "descriptors": 3,
}  # fmt: skip
TREE = {"memory_bytes": 5, "peak_bytes": 6, "oom_kills": 0, "processes": [PROCESS]}
WORKER = encode(raw.worker())
READING = {**TREE, "worker": WORKER}
ODD: list[Any] = [
    None, [], {}, 1, "text", True, float("nan"), float("inf"), -1, 10**30, {"a": {"b": []}}, [[]],
    "\ud800", "x" * 2_000_000, ["x"] * 300_000,
]  # fmt: skip


def changed(value: Any, chance: random.Random) -> Any:
    """The value with something odd in one place."""
    if chance.random() < 0.3 or not isinstance(value, dict | list) or not value:
        return chance.choice(ODD)
    if isinstance(value, list):
        index = chance.randrange(len(value))
        return [*value[:index], changed(value[index], chance), *value[index + 1 :]]
    key = chance.choice(sorted(value))
    if chance.random() < 0.2:
        return {k: v for k, v in value.items() if k != key}
    if chance.random() < 0.2:
        return {**value, str(chance.choice(ODD))[:100]: 1}
    return {**value, key: changed(value[key], chance)}


def test_an_odd_answer_leaves_the_raw_file_readable(tmp_path: Path) -> None:
    for seed in range(60):
        chance = random.Random(seed)
        probes = answering(changed(READING, chance))
        environment = {"python": "3", "libc": "x", "cpu_count": 1, "packages": {"a": "1"}}
        calibration = encode(raw.calibration())
        records = (
            probes.reading(),
            probes.tree(),
            answering(changed(environment, chance)).environment(),
            answering(changed(calibration, chance)).calibration(),
        )
        path = tmp_path / f"{seed}.jsonl"
        writer = TrialWriter(path)
        writer.write(raw.start())
        readings = [record for record in records[:2] if record is not None]
        for index, reading in enumerate(readings, start=-1):
            writer.write(replace(raw.trough(index), probe=reading))
        for each in records[2:]:
            if each is not None:
                writer.write(each)
        writer.close()

        written = 1 + sum(record is not None for record in records)
        assert len(list(read_records(path))) == written, seed


def test_an_answer_of_the_right_shape_is_a_reading() -> None:
    reading = answering(READING).reading()

    assert reading is not None
    assert (reading.memory_bytes, reading.processes[0].pid, len(reading.workers)) == (5, 10, 1)


def test_a_worker_of_another_shape_is_left_out() -> None:
    reading = answering({**READING, "worker": {**WORKER, "pid": "10"}}).reading()

    assert reading is not None
    assert reading.workers == ()


@pytest.mark.parametrize(
    "answer",
    [
        {"pid": "../../run/other", "parent_pid": 1, "listens": True},
        {"pid": 1, "parent_pid": None, "listens": True},
        {"pid": 1, "listens": True},
        {"pid": 1, "parent_pid": 1, "listens": "yes"},
        [1],
    ],
)
def test_a_process_of_another_shape_is_none(folder: Path, answer: Any) -> None:
    channel = SocketChannel(Endpoint("127.0.0.1", 1, 1), 1, APP, folder)
    with unix_socket_with(folder / "1.sock", send(json.dumps(answer).encode())):
        assert channel.processes() == {}


def test_a_process_is_asked_on_the_socket_that_it_answered_on(folder: Path) -> None:
    status = {"pid": 99, "parent_pid": 1, "listens": True}
    channel = SocketChannel(Endpoint("127.0.0.1", 1, 1), 1, APP, folder)
    with unix_socket_with(folder / "1.sock", send(json.dumps(status).encode())):
        assert channel.processes() == {ProcessStatus(99, 1, True): folder / "1.sock"}
        assert list(channel.answers("/_lab/worker")) == [status]


def test_a_process_that_ends_meanwhile_hides_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = os.scandir

    @contextmanager
    def scandir(of: Path) -> Iterator[Iterator["os.DirEntry[str]"]]:
        with listed(of) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        (of / "1.sock").unlink()
        yield iter(found)

    with unix_socket_with(folder / "2.sock", send(b"")):
        with socket.socket(socket.AF_UNIX) as ends:
            ends.bind(str(folder / "1.sock"))
        monkeypatch.setattr(os, "scandir", scandir)

        assert socket_paths(folder) == [folder / "2.sock"]


def test_a_record_too_large_for_a_raw_file_is_a_gap() -> None:
    long_name = {**PROCESS, "name": "x" * 2_000_000}
    many = {"processes": [PROCESS] * 20_000}

    assert answering({**TREE, "processes": [long_name]}).tree() is None
    assert answering({**TREE, **many}).tree() is None
    assert answering({**READING, **many}).reading() is None
