"""What the real tests start and ask: the engine, Compose, and a project of the lab's own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from support.paths import ROOT
from support.polling import wait_until
from support.shell_scripts import sourced

END_SECONDS = 600
"""Within which a command comes to its end or to a state. Nothing is asked of the time it takes: all
real tests share two CPUs with each other, and with the images that are built."""
VARIANTS = "py310-flask py310-fastapi-sync"
"""The variants that nearly all real tests measure, of one image, which is built before the first of
them. What one test alone measures it builds itself."""


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


@dataclass
class Lab:
    """A project of its own on the engine, with a results folder of its own."""

    project: str
    results: Path
    root: Path = ROOT
    settings: dict[str, str] = field(default_factory=dict)
    engine: str = "docker"
    """What an app of one's own is measured on."""

    def env(self, **settings: str) -> dict[str, str]:
        own = {
            "COMPOSE_PROJECT_NAME": self.project,
            "LAB_TAG": sourced(self.root, "echo $LAB_TAG"),
            "RESULTS": str(self.results),
        }
        return {**os.environ, **own, **self.settings, **settings}

    def repro(self, **settings: str) -> subprocess.CompletedProcess[str]:
        words = [self.root / "scripts" / "repro"]
        return subprocess.run(
            words, env=self.env(**settings), capture_output=True, text=True, check=False
        )

    def try_app(self, app: Path, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "scripts" / "try"],
            env=self.env(ENGINE=self.engine, APP=str(app), **settings),
            capture_output=True,
            text=True,
            check=False,
        )

    def start_try(self, app: Path) -> subprocess.Popen[str]:
        return self.start("try", ENGINE=self.engine, APP=str(app))

    def start_repro(self, **settings: str) -> subprocess.Popen[str]:
        return self.start("repro", **settings)

    def start(self, script: str, **settings: str) -> subprocess.Popen[str]:
        """In a process group of its own and with SIGINT heeded, as a terminal gives it.

        Tests that are themselves run in the background inherit SIGINT as ignored, and a shell
        that starts so cannot trap it.
        """
        return subprocess.Popen(
            [self.root / "scripts" / script],
            env=self.env(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """A line in a shell that knows what the scripts know of containers."""
        words = ["sh", "-c", f". scripts/shell/containers.sh; {line}"]
        return subprocess.run(
            words, env=self.env(), cwd=self.root, capture_output=True, text=True, check=False
        )

    def left_behind(self) -> list[str]:
        """Containers, networks and volumes of the project, and its lock."""
        label = f"label=com.docker.compose.project={self.project}"
        kinds = (
            ("ps", "--all", "--quiet"),
            ("network", "ls", "--quiet"),
            ("volume", "ls", "--quiet"),
        )
        found = [name for kind in kinds for name in docker(*kind, "--filter", label).split()]
        return (
            found + docker("volume", "ls", "--quiet", f"--filter=name={self.project}-lock").split()
        )

    def container(self, service: str) -> str:
        return docker(
            "ps", "--quiet",
            "--filter", f"label=com.docker.compose.project={self.project}",
            "--filter", f"label=com.docker.compose.service={service}",
        )  # fmt: skip

    def wait_for_blocks(self, process: subprocess.Popen[str], variant: str, blocks: int) -> None:
        """Until a variant of a run under way has finished that many blocks."""
        wait_for_blocks(process, blocks, lambda: self.results.glob(f"2*/samples/{variant}/1.jsonl"))


def wait_for_blocks(
    process: subprocess.Popen[str], blocks: int, files: Callable[[], Iterable[Path]]
) -> None:
    """Until the newest of some raw files has that many blocks, however busy the machine is.

    Raises:
        AssertionError: the run ended before, or did not come so far; what it printed.
    """

    def is_there() -> bool:
        newest = max(files(), default=None)
        text = newest.read_text() if newest else ""
        return text.count('"record":"block"') >= blocks

    wait_until(lambda: is_there() or process.poll() is not None, END_SECONDS, step_seconds=0.1)
    if not is_there():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError(f"no {blocks} blocks: {process.communicate(timeout=60)[0]}")
