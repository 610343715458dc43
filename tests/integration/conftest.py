"""The engine, the images and a project of its own for every real test."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = "py310-flask py310-fastapi-sync py39-flask"


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def composes() -> list[str]:
    """Both generations of Compose, as far as they are there."""
    commands = ("docker-compose", "docker compose")
    return [command for command in commands if answers(command)]


def answers(command: str) -> bool:
    try:
        words = [*command.split(), "version", "--short"]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def answers_docker() -> bool:
    try:
        done = subprocess.run(["docker", "version"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="session")
def engine() -> None:
    if not answers_docker():
        pytest.skip(
            "NO DOCKER ENGINE ANSWERS: nothing of the gate, the driver or Compose was tested"
        )


@pytest.fixture(scope="session")
def images(engine: None) -> None:
    """The images of VARIANTS, the driver and the gate."""
    env = {**os.environ, "VARIANTS": VARIANTS}
    done = subprocess.run(
        [ROOT / "scripts" / "images"], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-2000:]


@pytest.fixture(scope="session")
def debian_base(images: None) -> str:
    """The image that the gate is built from: official, or the stand-in."""
    done = subprocess.run(
        [ROOT / "scripts" / "bases"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    lines = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    return lines["BASE_DEBIAN"]


@dataclass
class Lab:
    """A project of its own on the engine, with a results folder of its own."""

    project: str
    results: Path
    root: Path = ROOT
    settings: dict[str, str] = field(default_factory=dict)

    def env(self, **settings: str) -> dict[str, str]:
        own = {"COMPOSE_PROJECT_NAME": self.project, "RESULTS": str(self.results)}
        return {**os.environ, **own, **self.settings, **settings}

    def repro(self, **settings: str) -> subprocess.CompletedProcess[str]:
        words = [self.root / "scripts" / "repro"]
        return subprocess.run(
            words, env=self.env(**settings), capture_output=True, text=True, check=False
        )

    def start_repro(self, **settings: str) -> subprocess.Popen[str]:
        """In a process group of its own, as a terminal gives it."""
        return subprocess.Popen(
            [self.root / "scripts" / "repro"],
            env=self.env(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def left_behind(self) -> list[str]:
        """Containers, networks and volumes of the project."""
        label = f"label=com.docker.compose.project={self.project}"
        kinds = (
            ("ps", "--all", "--quiet"),
            ("network", "ls", "--quiet"),
            ("volume", "ls", "--quiet"),
        )
        return [name for kind in kinds for name in docker(*kind, "--filter", label).split()]

    def container(self, service: str) -> str:
        return docker(
            "ps", "--quiet",
            "--filter", f"label=com.docker.compose.project={self.project}",
            "--filter", f"label=com.docker.compose.service={service}",
        )  # fmt: skip

    def wait_for_blocks(self, variant: str, blocks: int, deadline_seconds: float = 120) -> None:
        """Until a variant has finished that many blocks."""
        deadline = time.monotonic() + deadline_seconds
        while time.monotonic() < deadline:
            found = sorted(self.results.glob(f"*/samples/{variant}/1.jsonl"))
            if found and found[-1].read_text().count('"record":"block"') >= blocks:
                return
            time.sleep(0.2)
        raise AssertionError(f"{variant} did not finish {blocks} blocks in {deadline_seconds} s")


@pytest.fixture
def lab(images: None, tmp_path: Path) -> Iterator[Lab]:
    # The driver is not root: its folder must be reachable for the user that it runs as.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    results = tmp_path / "results"
    results.mkdir(mode=0o777)
    results.chmod(0o777)
    made = Lab(f"memlab-test-{uuid.uuid4().hex[:8]}", results)
    yield made
    own = f"label=com.docker.compose.project={made.project}"
    for name in docker("ps", "-aq", "--filter", own).split():
        docker("rm", "--force", "--volumes", name)


@pytest.fixture
def interrupt() -> Callable[[subprocess.Popen[str]], str]:
    """Ctrl-C: SIGINT to the whole foreground group; gives what was printed."""

    def send(process: subprocess.Popen[str]) -> str:
        os.killpg(process.pid, signal.SIGINT)
        printed, _ = process.communicate(timeout=60)
        return printed

    return send
