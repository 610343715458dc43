"""A socket in front of the engine's, which lets some calls fail or be late."""

from __future__ import annotations

import contextlib
import select
import shutil
import socket
import socketserver
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ENGINE = "/var/run/docker.sock"
ON_FIRE = b'{"message":"the engine is on fire"}'


@dataclass
class EngineProxy:
    """What is done to the calls that come through the socket."""

    socket: Path
    fails: Callable[[str], bool] = lambda _: False
    """Whether a call, such as `POST /v1.41/containers/x/start`, is answered by 500."""
    delay_seconds: float = 0.0
    """Before each call is passed on."""
    calls: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def answer(self, client: socket.socket) -> None:
        """Pass one call on, as the gate makes one a connection."""
        head = b""
        while b"\r\n\r\n" not in head:
            if not (part := client.recv(65_536)):
                return
            head += part
        call = head.split(b" HTTP/", 1)[0].decode()
        self.calls.append(call)
        time.sleep(self.delay_seconds)
        if self.fails(call):
            self.refused.append(call)
            length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(ON_FIRE)
            client.sendall(b"HTTP/1.1 500 Internal Server Error\r\n" + length + ON_FIRE)
            return
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(ENGINE)
            engine.sendall(head)
            self.pass_on(engine, client)

    def pass_on(self, engine: socket.socket, client: socket.socket) -> None:
        """The engine's answer, until one of both sides has gone."""
        while True:
            for ready in select.select([engine, client], [], [])[0]:
                if not (part := ready.recv(65_536)):
                    return
                if ready is engine:
                    client.sendall(part)


@contextlib.contextmanager
def engine_proxy() -> Iterator[EngineProxy]:
    """A socket that whoever may open it reaches the engine by."""
    folder = Path(tempfile.mkdtemp(prefix="memlab-engine-"))
    folder.chmod(0o755)
    proxy = EngineProxy(folder / "docker.sock")

    class ProxyHandler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                proxy.answer(self.request)

    server = socketserver.ThreadingUnixStreamServer(str(proxy.socket), ProxyHandler)
    server.daemon_threads, server.block_on_close = True, False
    proxy.socket.chmod(0o666)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        shutil.rmtree(folder)
