"""Gates for the tests: the gate's own image, listening on a Unix socket in a shared folder."""

from __future__ import annotations

import io
import socket
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from support.paths import ROOT
from support.polling import wait_until

LABELS = {"memlab": "test"}
READY_SECONDS = 15
CONFIG = "/etc/haproxy/haproxy.cfg"
ANSWER_SECONDS = 10

# As compose.yaml runs it; `network none`, because the tests speak to a Unix socket.
HARDENED = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "read_only": True,
    "tmpfs": {"/tmp": ""},
    "pids_limit": 32,
    "mem_limit": "64m",
    "memswap_limit": "64m",
    "network_mode": "none",
}


def build_image(base: str, tag: str) -> None:
    """Build the gate from its two files alone, however large the repository has grown."""
    command = ["docker", "build", "-f", "images/gate.Dockerfile", "-t", tag]
    command += ["--build-arg", f"DEBIAN_IMAGE={base}", "--label", "memlab=test", "-"]
    done = subprocess.run(command, input=_context(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def _context() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in ("images/gate.Dockerfile", "images/gate"):
            archive.add(ROOT / name, name)
    return buffer.getvalue()


@contextmanager
def container(client: docker.DockerClient, image: str, **options: Any) -> Iterator[Any]:
    """A labelled, hardened container that is gone afterwards."""
    made = client.containers.create(image, labels=LABELS, **(HARDENED | options))
    try:
        made.start()
        yield made
    finally:
        made.remove(force=True, v=True)


@dataclass(frozen=True)
class Gate:
    """A running gate and the path of its socket on this side."""

    path: Path
    container: Any

    def status(self, request: bytes) -> int:
        """The status with which the gate answers these bytes."""
        return int(self.answer(request).split(b" ", 2)[1])

    def answer(self, request: bytes) -> bytes:
        """All that the gate sends back before it closes the connection."""
        return exchange(self.path, request)

    def log(self) -> list[str]:
        """The lines of its log on standard output."""
        return self.container.logs(stdout=True, stderr=False).decode().splitlines()

    def log_until(self, end: str) -> list[str]:
        """Its log, once a line has `end` in it: the engine takes lines up a little later."""
        await_that(lambda: any(end in line for line in self.log()), self.log)
        return self.log()


@contextmanager
def running_gate(
    client: docker.DockerClient,
    image: str,
    folder: Path,
    engine: str,
    project: str,
    config: Path | None = None,
) -> Iterator[Gate]:
    """A gate for `project` in front of the socket `engine`; with its own configuration or this."""
    folder.chmod(0o777)
    options = {
        "environment": {"LAB_PROJECT": project, "LAB_GATE_BIND": "unix@/shared/gate.sock"},
        "volumes": {
            engine: {"bind": "/var/run/docker.sock", "mode": "ro"},
            str(folder): {"bind": "/shared", "mode": "rw"},
            **({str(config): {"bind": CONFIG, "mode": "ro"}} if config else {}),
        },
    }
    with container(client, image, **options) as made:
        gate = Gate(folder / "gate.sock", made)
        await_that(gate.path.exists, lambda: made.logs().decode())
        yield gate


def await_that(holds: Callable[[], bool], explain: Callable[[], object]) -> None:
    """Wait until it holds; an explanation when it does not in time."""
    if not wait_until(holds, READY_SECONDS, step_seconds=0.05):
        raise AssertionError(explain())


def exchange(path: Path, request: bytes) -> bytes:
    """Send bytes as they are, and read until the other side closes."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(str(path))
        with suppress(BrokenPipeError):
            connection.sendall(request)
        return _read_all(connection)


def _read_all(connection: socket.socket) -> bytes:
    received = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


@dataclass
class RecordingEngine:
    """Stands where the engine's socket would be, answers all with 200, and keeps what it read."""

    path: Path
    received: list[bytes] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[RecordingEngine]:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.path))
            self.path.chmod(0o666)
            listener.listen()
            thread = threading.Thread(target=self._serve, args=(listener,))
            thread.start()
            try:
                yield self
            finally:
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(ANSWER_SECONDS)
        self.received.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
