"""The engine of containers keeps the contract of all engines."""

import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from lab.engines.docker.engine import DockerEngine, Lifecycle
from lab.engines.docker.patient_client import PatientClient
from lab.matrix.variants import read_matrix
from support.engine_contract import EngineCase, EngineContract
from support.engine_proxy import ENGINE
from support.lab_commands import ROOT, composes, docker
from support.shell_scripts import sourced

pytestmark = pytest.mark.engine


class DirectClient(PatientClient):
    """A client of the engine's own socket, without a gate."""

    def addressed(self, url: str) -> str:
        return url

    def connection(self, timeout_seconds: float) -> HTTPConnection:
        made = HTTPConnection("engine")
        made.sock = socket.socket(socket.AF_UNIX)
        made.sock.settimeout(timeout_seconds)
        made.sock.connect(ENGINE)
        return made


@pytest.fixture(scope="module")
def project(images: None) -> Iterator[str]:
    """What Compose creates once for all of them: each call of it takes a second of a core."""
    name = f"memlab-test-{uuid.uuid4().hex[:8]}"
    compose = composes()[-1].split()
    settings = {
        "COMPOSE_PROJECT_NAME": name,
        "LAB_LIFECYCLE": "driver",
        "LAB_TAG": sourced(ROOT, "echo $LAB_TAG"),
    }

    def call(*words: str) -> None:
        subprocess.run(
            [*compose, *words],
            cwd=ROOT,
            env={**os.environ, **settings},
            capture_output=True,
            check=True,
        )

    try:
        call("up", "--no-start", "--no-build", "py310-flask")
        yield name
    finally:  # also where `up` failed: it may have made networks
        call("down", "--volumes", "--timeout", "1")


class TestDocker(EngineContract):
    @pytest.fixture
    def case(self, project: str) -> Iterator[EngineCase]:
        volume = docker("volume", "inspect", "--format", "{{.Mountpoint}}", f"{project}_logs")
        for log in Path(volume).glob("*.log"):
            log.unlink()  # of the test before
        variants = {variant.name: variant for variant in read_matrix(ROOT / "compose.yaml", {})}
        flask = variants["py310-flask"]
        client = DirectClient(version="auto")
        engine = DockerEngine(client, project, Lifecycle.DRIVER, Path(volume))
        yield EngineCase(
            engine,
            flask,
            variants["py310-fastapi-sync"],
            lambda: client.kill(engine.name(flask.name)),
            "Listening at",
        )
        engine.stop(flask)
