"""Behind each scripted variant a small server on loopback: it answers, counts, and dies as told."""

import asyncio
import json
import re
import socket
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, TypeAlias, cast

from lab.clock import now_seconds
from lab.engines.protocol import Endpoint, probe_ports
from lab.records.codec import encode
from lab.records.observations import ProcessReading, Sample, WorkerReading
from lab.records.trial import Environment
from lab.records.variant import Variant
from support.script import Orphans, Script, value_at

LOOPBACK = "127.0.0.1"
ACCEPTED_SECONDS = 0.005
MASTER_PID = 10
LEFT_BYTES = 1 << 20
"""What a container without its server shows."""

Responder: TypeAlias = Callable[[str], bytes | None]
"""A path to what is answered; None closes the connection without an answer."""


def bound_sockets(count: int) -> list[socket.socket]:
    """Sockets on consecutive free ports of loopback."""
    while True:
        sockets = [bound_socket(0)]
        try:
            while len(sockets) < count:
                sockets.append(bound_socket(port_of(sockets[-1]) + 1))
        except (OSError, OverflowError):
            for bound in sockets:
                bound.close()
        else:
            return sockets


def bound_socket(port: int) -> socket.socket:
    bound = socket.socket()
    try:
        bound.bind((LOOPBACK, port))
    except (OSError, OverflowError):
        bound.close()
        raise
    return bound


def port_of(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


def http_answer(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d Scripted\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def content_length(head: bytes) -> int:
    match = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return int(match[1]) if match else 0


NO_ANSWER = b""


class ServedConnection(asyncio.Protocol):
    """Answers one request after another, until the client or the script wants it closed."""

    def __init__(self, running: "ScriptedServer", answer: Responder) -> None:
        self.running, self.answer, self.opened = running, answer, running.opened
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.opened.add(self.transport)
        if self.running.dead:
            self.transport.abort()

    def connection_lost(self, _: Exception | None) -> None:
        self.opened.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (request := self.whole_request()) and not self.transport.is_closing():
            head, body = request
            self.running.body_bytes += len(body)
            path = head.split(b" ")[1].decode()
            answer, seconds = self.answer(path), self.running.seconds_of(path)
            if seconds:
                self.running.loop.call_later(seconds, self.reply, head, answer)
            else:
                self.reply(head, answer)

    def whole_request(self) -> tuple[bytes, bytes] | None:
        """The next request's head and body, taken from what has arrived; None before that."""
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        length = content_length(head)
        if not mark or len(rest) < length:
            return None
        self.buffer = rest[length:]
        return head, rest[:length]

    def reply(self, head: bytes, answer: bytes | None) -> None:
        if answer == NO_ANSWER:
            return
        if answer is None:
            self.transport.abort()
        elif b"connection: close" in head.lower():
            self.transport.write(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            self.transport.close()
        else:
            self.transport.write(answer)


class ScriptedServer:
    """One started variant."""

    def __init__(self, variant: Variant, script: Script, loop: asyncio.AbstractEventLoop) -> None:
        self.variant, self.script, self.loop = variant, script, loop
        self.served = self.readings = self.body_bytes = self.kills = 0
        self.trimmed = self.orphaned = False
        self.read_at_seconds = 0.0
        self.dead = script.dies_after_requests == 0
        self.opened: set[asyncio.Transport] = set()
        self.servers: list[asyncio.Server] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.worker_pids = [MASTER_PID + number for number in range(1, variant.axes.workers + 1)]
        (self.server_socket,) = bound_sockets(1)
        self.probe_sockets = bound_sockets(probe_ports(variant.axes.workers))

    def endpoint(self) -> Endpoint:
        port, probe_port = map(port_of, (self.server_socket, self.probe_sockets[0]))
        return Endpoint(LOOPBACK, port, probe_port, {"image": self.variant.image})

    async def open(self) -> None:
        if self.dead or self.script.never_ready:
            return
        await self.listen(self.server_socket, self.answer)
        for pid, bound in zip(self.worker_pids, self.probe_sockets, strict=False):
            await self.listen(bound, partial(self.probe, pid))

    async def listen(self, bound: socket.socket, answer: Responder) -> None:
        server = await self.loop.create_server(lambda: ServedConnection(self, answer), sock=bound)
        self.servers.append(server)

    async def close(self) -> None:
        self.end()
        # asyncio loses a connection that it is accepting when its server is closed.
        await asyncio.sleep(ACCEPTED_SECONDS)
        for server in self.servers:
            server.close()
        for bound in (self.server_socket, *self.probe_sockets):
            bound.close()

    def end(self) -> None:
        """What is left when the process is gone: closed connections, and readings of nothing."""
        self.dead = True
        for transport in tuple(self.opened):
            transport.abort()

    def seconds_of(self, path: str) -> float:
        """How long the answer to a path takes; what is asked from inside takes none."""
        own = path == self.variant.path or path.startswith("/_lab/")
        return 0.0 if own else self.script.companion_seconds

    def answer(self, path: str) -> bytes | None:
        if path != self.variant.path:
            return http_answer(200, b"{}")
        if self.served == self.script.dies_after_requests:
            self.end()
            return None
        if self.served == self.script.replaced_after_requests and not self.kills:
            self.kills = 1
            self.soon(self.replace_worker)
            return None
        if self.served == self.script.hangs_after_requests:
            return NO_ANSWER
        if self.script.status is None:
            return None
        self.served += 1
        return http_answer(self.script.status, b"{}")

    def probe(self, pid: int, path: str) -> bytes:
        answers: Mapping[str, Callable[[], Any]] = {
            "/_lab/health": lambda: {"pid": pid},
            "/_lab/tree": self.tree,
            "/_lab/worker": lambda: self.worker(pid),
            "/_lab/reading": lambda: {**self.tree(), "worker": self.worker(pid)},
            "/_lab/environment": lambda: Environment("3.10.0", "scripted", 1, {}),
            "/_lab/calibration": lambda: self.script.calibration,
            "/_lab/collect": lambda: {"collected": 0},
            "/_lab/trim": self.trim,
            "/_lab/kill-master": self.kill_master,
        }
        return http_answer(200, json.dumps(encode(answers[path]())).encode())

    def soon(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """In the loop's next turn: what is being answered is answered first."""
        task = self.loop.create_task(work())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def replace_worker(self) -> None:
        """The first worker is killed; the new one listens on the first port that was spare."""
        self.worker_pids[0] = self.worker_pids[-1] + 1
        _, first_probe, *_ = self.servers
        first_probe.close()
        spare = self.probe_sockets[self.variant.axes.workers]
        await self.listen(spare, partial(self.probe, self.worker_pids[0]))

    def kill_master(self) -> dict[str, int]:
        self.orphaned = True
        if self.script.orphans is not Orphans.STAY:
            self.soon(self.leave)
        return {"killed": MASTER_PID}

    async def leave(self) -> None:
        """Nobody listens any more; what stays is no server."""
        await asyncio.sleep(ACCEPTED_SECONDS)
        self.worker_pids.clear()
        for server in self.servers:
            server.close()
        if self.script.orphans is Orphans.END:
            self.end()

    def trim(self) -> dict[str, bool]:
        self.trimmed = True
        return {"trimmed": True}

    def tree(self) -> dict[str, Any]:
        master = 1 if self.orphaned else MASTER_PID
        processes = [self.process(pid, master) for pid in self.worker_pids]
        if not self.orphaned:
            processes.insert(0, self.process(MASTER_PID, 1))
        return {
            "memory_bytes": self.script.memory_inside_bytes,
            "peak_bytes": self.script.peak_bytes,
            "oom_kills": self.kills,
            "processes": processes,
        }

    def process(self, pid: int, parent_pid: int) -> ProcessReading:
        return ProcessReading(pid, parent_pid, 0.0, "scripted", 1, None, None, 5)

    def worker(self, pid: int) -> WorkerReading:
        in_use_bytes = self.memory_bytes() // self.variant.axes.workers
        return WorkerReading(pid, 0.0, in_use_bytes, 0, 0, self.pids(), 1000, (0, 0, 0))

    def memory_bytes(self) -> int:
        if not self.worker_pids:
            return LEFT_BYTES
        if self.trimmed and self.script.trimmed_bytes is not None:
            return self.script.trimmed_bytes
        return value_at(self.script.memory_bytes, self.readings, self.served)

    def pids(self) -> int:
        return value_at(self.script.pids, self.readings, self.served)

    def sample(self) -> Sample | None:
        """The next reading; None when no process is left."""
        if self.dead:
            return None
        self.read_at_seconds = max(now_seconds(), self.read_at_seconds + 1e-6)
        memory_bytes = self.memory_bytes()
        sample = Sample(
            read_at_seconds=self.read_at_seconds,
            memory_bytes=memory_bytes,
            usage_bytes=memory_bytes,
            limit_bytes=self.variant.memory_limit_bytes,
            anon_bytes=memory_bytes,
            file_bytes=0,
            inactive_file_bytes=0,
            kernel_bytes=None,
            shmem_bytes=None,
            peak_bytes=None,
            pids=self.pids(),
            cpu_seconds=0.0,
            cpu_user_seconds=0.0,
            cpu_system_seconds=0.0,
            source="scripted",
        )
        self.readings += 1
        return sample
