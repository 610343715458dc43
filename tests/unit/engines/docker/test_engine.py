"""The stream of an engine's readings, against a server on loopback; no engine is asked."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from lab.engines.docker.patient_client import PatientClient
from lab.engines.docker.stats_stream import MOST_PAYLOAD_BYTES, StatsStream
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
