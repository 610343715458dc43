"""The engine, the images and a project of its own for every real test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import image_builds
from support.lab_commands import END_SECONDS, ROOT, Lab, answers_docker, docker


@pytest.fixture(scope="session")
def engine() -> None:
    if not answers_docker():
        pytest.skip(
            "NO DOCKER ENGINE ANSWERS: nothing of the gate, the driver or Compose was tested"
        )


@pytest.fixture(scope="session")
def images(engine: None, testrun_uid: str) -> None:
    """The images of VARIANTS, the driver and the gate; one worker builds, the others wait."""
    missing = image_builds.ensure(testrun_uid)
    assert not missing, missing


@pytest.fixture(scope="session")
def debian_base(images: None) -> str:
    """The image that the gate is built from: official, or the stand-in."""
    done = subprocess.run(
        [ROOT / "scripts" / "shell" / "bases"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    lines = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    return lines["BASE_DEBIAN"]


@pytest.fixture
def lab(images: None, tmp_path: Path) -> Iterator[Lab]:
    with lab_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared_lab(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The lab of runs that all tests of a file look at."""
    with lab_in(tmp_path_factory.mktemp("shared")) as made:
        yield made


@contextlib.contextmanager
def lab_in(folder: Path) -> Iterator[Lab]:
    # The driver is not root: its folder must be reachable for the user that it runs as.
    for each in (folder, *folder.parents[:2]):
        each.chmod(0o755)
    results = folder / "results"
    results.mkdir(mode=0o777)
    results.chmod(0o777)
    made = Lab(f"memlab-test-{uuid.uuid4().hex[:8]}", results)
    yield made
    own = f"label=com.docker.compose.project={made.project}"
    for name in docker("ps", "-aq", "--filter", own).split():
        docker("rm", "--force", "--volumes", name)


@pytest.fixture
def copy(lab: Lab, tmp_path: Path) -> Path:
    """A clone of its own, whose images have a tag of its own."""
    lab.root = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".git", ".venv", ".environments", "results", "__pycache__")
    shutil.copytree(ROOT, lab.root, ignore=ignored, symlinks=True)
    return lab.root


@pytest.fixture
def interrupt() -> Callable[[subprocess.Popen[str]], str]:
    """Ctrl-C: SIGINT to the whole foreground group; gives what was printed."""

    def send(process: subprocess.Popen[str]) -> str:
        os.killpg(process.pid, signal.SIGINT)
        printed, _ = process.communicate(timeout=END_SECONDS)
        return printed

    return send
