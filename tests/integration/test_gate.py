"""The gate lets five calls through, on this project's variants, and refuses everything else."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError
from support import gate as gate_support
from support.gate import Gate, RecordingEngine
from support.gate_calls import ALLOWED, HOSTILE, OWN, PROJECT, STRANGER, VARIANT, call, get, post
from support.paths import ROOT

pytestmark = pytest.mark.engine
IMAGE = f"memlab-gate:test-{uuid.uuid4().hex[:8]}"
ENGINE_SOCKET = os.environ.get("DOCKER_HOST", "/var/run/docker.sock").removeprefix("unix://")
KILLED = 137


@pytest.fixture(scope="module")
def client(engine: None) -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="module")
def image(client: docker.DockerClient, debian_base: str) -> Iterator[str]:
    gate_support.build_image(debian_base, IMAGE)
    yield IMAGE
    client.images.remove(IMAGE)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Its path is short: a Unix socket's may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def recorder(folder: Path) -> Iterator[RecordingEngine]:
    with RecordingEngine(folder / "engine.sock").listening() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def fenced(
    client: docker.DockerClient, image: str, folder: Path, recorder: RecordingEngine
) -> Iterator[Gate]:
    """A gate with nothing but a recorder behind it."""
    shared = folder / "fenced"
    shared.mkdir()
    with gate_support.running_gate(client, image, shared, str(recorder.path), PROJECT) as gate:
        yield gate


@pytest.fixture(scope="module")
def gate(client: docker.DockerClient, image: str, folder: Path) -> Iterator[Gate]:
    """A gate in front of the real engine."""
    shared = folder / "real"
    shared.mkdir()
    with gate_support.running_gate(client, image, shared, ENGINE_SOCKET, PROJECT) as gate:
        yield gate


@pytest.fixture
def api(gate: Gate) -> Iterator[docker.APIClient]:
    """The driver's client, pointed at the gate."""
    client = docker.APIClient(base_url=f"unix://{gate.path}", version="auto")
    yield client
    client.close()


@pytest.fixture
def variant(client: docker.DockerClient, debian_base: str) -> Iterator[Any]:
    with sleeper(client, debian_base, VARIANT) as container:
        yield container


@pytest.fixture
def stranger(client: docker.DockerClient, debian_base: str) -> Iterator[Any]:
    with sleeper(client, debian_base, STRANGER) as container:
        yield container


def sleeper(client: docker.DockerClient, image: str, name: str) -> Any:
    return gate_support.container(client, image, name=name, command=["sleep", "300"], init=True)


@pytest.mark.parametrize("request_bytes", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_call_is_refused_and_never_reaches_the_engine(
    fenced: Gate, recorder: RecordingEngine, request_bytes: bytes
) -> None:
    recorder.received.clear()

    assert fenced.status(request_bytes) in {400, 403}
    assert recorder.received == []


@pytest.mark.parametrize("line", ALLOWED)
def test_a_call_of_the_driver_reaches_the_engine_as_it_was_made(
    fenced: Gate, recorder: RecordingEngine, line: str
) -> None:
    recorder.received.clear()

    assert fenced.status(call(*line.split(" "), "Content-Length: 0")) == 200
    assert [head.split(b"\r\n")[0].decode() for head in recorder.received] == [f"{line} HTTP/1.1"]


def test_none_of_the_callers_headers_reach_the_engine(
    fenced: Gate, recorder: RecordingEngine
) -> None:
    recorder.received.clear()

    fenced.status(post(f"{OWN}/start", "X-Registry-Auth: e30=", "Cookie: x", "Content-Length: 0"))

    sent = {line.lower() for line in recorder.received[0].split(b"\r\n")[1:] if line}
    assert sent == {b"host: docker", b"content-length: 0", b"connection: close"}


def test_a_second_call_on_the_connection_is_never_served(
    fenced: Gate, recorder: RecordingEngine
) -> None:
    recorder.received.clear()

    answer = fenced.answer(get("/version") + post(f"{OWN}/stop"))

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"stop" not in b"".join(recorder.received)


def test_one_log_line_a_refused_call_and_none_for_others(fenced: Gate) -> None:
    for target in ("/first", "/version", "/second", "/version", "/last"):
        fenced.status(get(target))

    lines = fenced.log_until("GET /last ")
    first = next(number for number, line in enumerate(lines) if "GET /first " in line)
    assert [line.split(" ")[:2] for line in lines[first:]] == [["gate:", "403"]] * 3
    assert "GET /second HTTP/1.1" in lines[first + 1]


def test_calls_without_end_do_not_fill_the_log(
    client: docker.DockerClient, image: str, folder: Path, recorder: RecordingEngine
) -> None:
    """With a lower limit, as no test on a busy machine makes 1,000 calls in a second."""
    shared, config = folder / "flooded", folder / "haproxy.cfg"
    shared.mkdir()
    text = (ROOT / "images" / "gate" / "haproxy.cfg").read_text(encoding="utf-8")
    assert "sc_http_req_rate(0) gt 1000" in text
    config.write_text(text.replace("gt 1000", "gt 10"), encoding="utf-8")
    config.chmod(0o644)
    engine = str(recorder.path)
    with gate_support.running_gate(client, image, shared, engine, PROJECT, config) as gate:
        began = time.monotonic()
        assert {gate.status(get("/many")) for _ in range(400)} == {403}
        seconds = time.monotonic() - began
        time.sleep(2.5)  # the rate is that of two seconds, the earlier one less and less
        gate.status(get("/last"))
        lines = [line for line in gate.log_until("GET /last ") if "GET /many " in line]

    assert 1 <= len(lines) < min(400, 11 * (seconds + 2))


def test_a_project_name_is_no_pattern(
    client: docker.DockerClient, image: str, folder: Path, recorder: RecordingEngine
) -> None:
    shared = folder / "pattern"
    shared.mkdir()
    recorder.received.clear()

    with gate_support.running_gate(client, image, shared, str(recorder.path), ".*") as gate:
        assert gate.status(get("/version")) == 403
        assert gate.status(get(f"{OWN}/json")) == 403

    assert recorder.received == []


def test_without_a_project_the_gate_does_not_start(client: docker.DockerClient, image: str) -> None:
    with gate_support.container(client, image) as container:
        assert container.wait(timeout=10)["StatusCode"] != 0
        assert b"LAB_PROJECT is empty" in container.logs()


def test_an_engine_out_of_reach_is_said_so(
    client: docker.DockerClient, image: str, folder: Path
) -> None:
    shared = folder / "dead"
    shared.mkdir()
    dead = folder / "dead.sock"
    with RecordingEngine(dead).listening():
        pass

    with gate_support.running_gate(client, image, shared, str(dead), PROJECT) as gate:
        answer = gate.answer(get("/version"))
        assert b" 503 " in answer
        assert b"cannot open the Docker socket" in answer
        (line,) = gate.log_until("GET /version ")
        assert line.startswith("gate: 503 ")


def test_the_gate_listens_on_its_port_as_it_is_shipped(
    client: docker.DockerClient, image: str, recorder: RecordingEngine
) -> None:
    volumes = {str(recorder.path): {"bind": "/var/run/docker.sock", "mode": "ro"}}
    environment = {"LAB_PROJECT": PROJECT}

    with gate_support.container(client, image, volumes=volumes, environment=environment) as gate:
        gate_support.await_that(
            lambda: inside(gate, "/version") == "HTTP/1.1 200 OK", lambda: inside(gate, "/version")
        )
        assert inside(gate, "/info") == "HTTP/1.1 403 Forbidden"


def inside(gate: Any, target: str) -> str:
    """The status line that a caller inside the gate's own network gets."""
    lines = f"GET {target} HTTP/1.1\\r\\nHost: gate\\r\\n\\r\\n"
    script = f"exec 3<>/dev/tcp/127.0.0.1/2375; printf '{lines}' >&3; head -n 1 <&3"
    return gate.exec_run(["bash", "-c", script]).output.decode().strip()


def test_the_gate_ends_in_time_with_a_stream_open(
    client: docker.DockerClient, image: str, folder: Path
) -> None:
    shared = folder / "ending"
    shared.mkdir()
    with (
        gate_support.running_gate(client, image, shared, ENGINE_SOCKET, PROJECT) as gate,
        gate_support.container(client, image, name=VARIANT, command=["sleep", "60"]),
        closing(docker.APIClient(base_url=f"unix://{gate.path}", version="auto")) as api,
    ):
        stream = api.stats(VARIANT, stream=True, decode=True)
        next(stream)
        gate.container.stop(timeout=10)
        stream.close()
        assert gate.container.wait()["StatusCode"] != KILLED


def test_version_passes(api: docker.APIClient, client: docker.DockerClient) -> None:
    expected = client.version()["ApiVersion"]

    assert api.version(api_version=False)["ApiVersion"] == expected
    assert api.version()["ApiVersion"] == expected


def test_inspect_passes(api: docker.APIClient, variant: Any) -> None:
    assert api.inspect_container(VARIANT)["Id"] == variant.id


def test_one_reading_of_stats_passes(api: docker.APIClient, variant: Any) -> None:
    assert api.stats(VARIANT, stream=False)["id"] == variant.id
    assert api.stats(VARIANT, stream=False, one_shot=True)["id"] == variant.id


def test_a_stream_of_stats_passes(api: docker.APIClient, variant: Any) -> None:
    stream = api.stats(VARIANT, stream=True, decode=True)

    readings = list(islice(stream, 3))
    stream.close()

    assert [reading["id"] for reading in readings] == [variant.id] * 3


def test_stop_and_start_pass(api: docker.APIClient, variant: Any) -> None:
    api.stop(VARIANT, timeout=5)
    assert not api.inspect_container(VARIANT)["State"]["Running"]

    api.start(VARIANT)
    assert api.inspect_container(VARIANT)["State"]["Running"]


@pytest.mark.parametrize("verb", ["inspect_container", "start", "stop", "kill", "logs", "top"])
def test_another_projects_container_is_out_of_reach(
    api: docker.APIClient, stranger: Any, verb: str
) -> None:
    with pytest.raises(APIError) as refused:
        getattr(api, verb)(STRANGER)

    assert refused.value.status_code == 403
    assert "refused by the gate" in refused.value.explanation
    stranger.reload()
    assert stranger.status == "running"
