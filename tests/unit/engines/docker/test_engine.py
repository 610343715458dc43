"""The stream of an engine's readings, against a server on loopback; no engine is asked."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from docker.errors import DockerException, NotFound
from lab.engines.docker.app_services import ServicesBeside, VariantServices
from lab.engines.docker.engine import AppFolders, DockerEngine, Lifecycle
from lab.engines.docker.patient_client import PatientClient
from lab.engines.docker.stats_stream import MOST_PAYLOAD_BYTES, StatsStream
from lab.engines.protocol import ServerFailed
from lab.engines.written_files import WriteLimits
from lab.errors import VariantError
from lab.records.app_services import ServiceAsked, ServiceKind
from lab.records.observations import Sample
from support.polling import wait_until

PAYLOAD = {
    "read": "2026-01-01T00:00:00.5Z",
    "memory_stats": {"usage": 5 << 20, "stats": {"inactive_file": 1 << 20}},
    "cpu_stats": {"cpu_usage": {"total_usage": 10}},
}


class Streams:
    """Sends payloads to whoever listens, and counts who came and who is still there."""

    def __init__(self, pace_seconds: float) -> None:
        self.pace_seconds = pace_seconds
        self.statuses: list[int] = []
        """What the next ones who come are answered; then 200."""
        self.first_lines: list[bytes] = []
        """What is sent before the payloads, to whoever comes first."""
        self.paths: list[str] = []
        self.listeners = 0

    def handler(self) -> type[BaseHTTPRequestHandler]:
        streams = self

        class EngineHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                streams.paths.append(self.path)
                if streams.statuses:
                    self.send_error(streams.statuses.pop(0))
                    return
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                streams.listeners += 1
                try:
                    self.send_payloads()
                except OSError:
                    self.close_connection = True
                finally:
                    streams.listeners -= 1

            def send_payloads(self) -> None:
                line = json.dumps(PAYLOAD).encode() + b"\n"
                if streams.first_lines:
                    first = streams.first_lines.pop(0)
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(first), first))
                while True:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
                    time.sleep(streams.pace_seconds)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return EngineHandler


@pytest.fixture
def streams() -> Streams:
    return Streams(0.01)


@pytest.fixture
def url(streams: Streams) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), streams.handler())
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class SoonStream(StatsStream):
    retry_seconds = 0.01


def open_stream(url: str, samples: list[Sample | None]) -> StatsStream:
    client = PatientClient(base_url=url, version="1.41")
    stream = SoonStream(client, "memlab-one-1", samples.append)
    stream.resume()
    return stream


def test_a_stream_brings_readings_of_its_container(streams: Streams, url: str) -> None:
    samples: list[Sample | None] = []
    stream = open_stream(url, samples)
    assert wait_until(lambda: len(samples) >= 2)
    stream.stop()

    assert streams.paths == ["/v1.41/containers/memlab-one-1/stats"]
    assert samples[0] is not None
    assert samples[0].memory_bytes == 4 << 20


def test_a_paused_stream_is_closed_and_opened_again(streams: Streams, url: str) -> None:
    samples: list[Sample | None] = []
    stream = open_stream(url, samples)
    assert wait_until(lambda: len(samples) >= 2)
    stream.pause()
    assert wait_until(lambda: streams.listeners == 0)
    count = len(samples)
    stream.resume()
    assert wait_until(lambda: len(samples) > count)
    stream.stop()

    assert len(streams.paths) == 2


def test_a_pause_does_not_wait_for_the_next_payload(streams: Streams, url: str) -> None:
    streams.pace_seconds = 60.0
    samples: list[Sample | None] = []
    stream = open_stream(url, samples)
    assert wait_until(lambda: len(samples) == 1)
    stream.stop()
    stream.thread.join(10)

    assert not stream.thread.is_alive()


def test_a_stream_that_is_refused_is_asked_for_again(streams: Streams, url: str) -> None:
    streams.statuses = [500, 503]
    samples: list[Sample | None] = []
    stream = open_stream(url, samples)
    assert wait_until(lambda: len(samples) >= 1)
    stream.stop()

    assert len(streams.paths) == 3


NO_READINGS = {
    "list": b"[]\n",
    "error": b'{"message":"on fire"}\n',
    "text": b"not JSON\n",
    "deep": b"[" * 100_000 + b"\n",
    "large": json.dumps(PAYLOAD).replace("10}", f"{10**400}}}").encode() + b"\n",
    "endless": b" " * (2 * MOST_PAYLOAD_BYTES),
}


@pytest.mark.parametrize("line", NO_READINGS.values(), ids=NO_READINGS.keys())
def test_a_line_that_is_no_reading_ends_its_stream_and_not_the_readings(
    streams: Streams, url: str, line: bytes
) -> None:
    streams.first_lines = [line]
    samples: list[Sample | None] = []
    stream = open_stream(url, samples)
    assert wait_until(lambda: len(samples) >= 1)
    stream.stop()

    assert len(streams.paths) == 2


class Inspected:
    """A client that knows containers by one of their two names, and counts the questions."""

    def __init__(self, container: str) -> None:
        self.container = container
        self.asked: list[str] = []

    def inspect_container(self, name: str) -> dict[str, Any]:
        self.asked.append(name)
        if name != self.container:
            raise NotFound("no such container")
        return {"Name": f"/{name}"}


def test_a_name_that_was_found_is_not_looked_for_again() -> None:
    client: Any = Inspected("lab_py37-flask_1")
    engine = DockerEngine(client, "lab", Lifecycle.DRIVER, Path("/nowhere"))
    variant = raw.variant("py37-flask")
    engine.inspect(variant)
    engine.inspect(variant)

    assert engine.name(variant.name) == "lab_py37-flask_1"
    assert client.asked == ["lab-py37-flask-1", "lab_py37-flask_1", "lab_py37-flask_1"]


class Started(Inspected):
    """A container that runs until it is stopped."""

    def __init__(self, container: str) -> None:
        super().__init__(container)
        self.stopped: list[str] = []

    def inspect_container(self, name: str) -> dict[str, Any]:
        state = {"Running": False, "ExitCode": 137 * bool(self.stopped)}
        inspected = super().inspect_container(name)
        return {
            **inspected,
            "State": state,
            "Config": {"Labels": {}, "Hostname": "h"},
            "Image": "i",
        }

    def start(self, _: str) -> None:
        """As the engine does."""

    def stop(self, name: str, timeout: int) -> None:
        self.stopped.append(name)


def test_an_app_that_writes_too_much_is_stopped_and_its_state_says_why(tmp_path: Path) -> None:
    variant, client = raw.variant("own-app"), Started("lab-own-app-1")
    homes, logs, sockets = (tmp_path / name for name in ("homes", "logs", "probes"))
    for folder in (homes, logs, sockets):
        (folder / variant.name).mkdir(parents=True)
    engine = DockerEngine(
        client,  # type: ignore[arg-type]
        "lab",
        Lifecycle.DRIVER,
        logs,
        AppFolders(sockets, homes, logs, has_probes=True),
        WriteLimits(most_bytes=1 << 20, least_free_bytes=0, pace_seconds=0.001),
    )
    assert engine.start(variant).sockets == sockets / variant.name
    (homes / "another").mkdir()
    (homes / "another" / "x").write_bytes(bytes(4 << 20))
    (homes / variant.name / "x").write_bytes(bytes(2 << 20))

    assert wait_until(lambda: client.stopped, step_seconds=0.002)
    assert client.stopped == ["lab-own-app-1"]
    state = engine.state(variant)
    assert state.reason.startswith("the lab ended it: ")
    assert " 2.00 MiB in 1 file" in state.reason
    assert (state.running, state.at_limit) == (False, False)
    engine.stop(variant)


class Halting(Started):
    """Knows all containers but one, and stops none of those that are named."""

    def __init__(self, missing: str, unstoppable: tuple[str, ...]) -> None:
        super().__init__(missing)
        self.missing, self.unstoppable = missing, unstoppable

    def inspect_container(self, name: str) -> dict[str, Any]:
        self.container = "nowhere" if self.missing in name else name
        inspected = super().inspect_container(name)
        shared = {"HostConfig": {"NetworkMode": "container:network"}}
        return {**inspected, **shared, "State": {"Running": False, "ExitCode": 3}}

    def stop(self, name: str, timeout: int) -> None:
        super().stop(name, timeout)
        if name.endswith(self.unstoppable):
            raise DockerException("it stands still")


def halting(tmp_path: Path, missing: str, *unstoppable: str) -> tuple[DockerEngine, Halting]:
    servers = (ServiceAsked(ServiceKind.REDIS), ServiceAsked(ServiceKind.POSTGRES))
    services = VariantServices(ServicesBeside(servers), tmp_path, lambda *_: False)
    folders = AppFolders(tmp_path, tmp_path, tmp_path, has_probes=False, beside=services)
    client = Halting(missing, unstoppable)
    engine = DockerEngine(client, "lab", Lifecycle.DRIVER, tmp_path, folders)  # type: ignore[arg-type]
    return engine, client


@pytest.mark.parametrize("still", ["own-a-1", "own-a-with-postgres-1"])
def test_one_that_cannot_be_stopped_keeps_no_other_from_it(tmp_path: Path, still: str) -> None:
    engine, client = halting(tmp_path, "own-a-with-redis", still)

    with pytest.raises(VariantError, match=f"{still[:-2]} cannot be stopped: it stands still"):
        engine.stop(raw.variant("own-a"))
    assert client.stopped == [
        "lab-own-a-1",
        "lab-own-a-with-postgres-1",
        "lab-own-a-with-network-1",
    ]


def test_nothing_is_to_be_stopped_of_what_was_never_created(tmp_path: Path) -> None:
    engine, client = halting(tmp_path, "own-a")
    engine.stop(raw.variant("own-a"))

    assert client.stopped == []


def test_why_a_server_does_not_start_is_told_though_it_cannot_be_stopped(tmp_path: Path) -> None:
    engine, client = halting(tmp_path, "nothing", "own-a-with-redis-1")

    with pytest.raises(ServerFailed, match="its redis does not start: it said nothing"):
        engine.start(raw.variant("own-a"))
    assert client.stopped[-1] == "lab-own-a-with-network-1"


def test_the_log_of_an_app_stands_in_a_folder_of_its_variant(tmp_path: Path) -> None:
    variant, client = raw.variant("own-app"), Started("lab-own-app-1")
    (tmp_path / variant.name).mkdir()
    (tmp_path / variant.name / "h.log").write_text("its own\n")
    (tmp_path / "h.log").write_text("another's\n")
    app_folders = AppFolders(tmp_path, tmp_path, tmp_path, has_probes=False)
    engine = DockerEngine(client, "lab", Lifecycle.DRIVER, tmp_path, app_folders)  # type: ignore[arg-type]

    assert engine.log_tail(variant) == ("its own",)
