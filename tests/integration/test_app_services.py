"""Apps with what stands beside them in containers: they come up, and nothing of it stays."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.lab_commands import ROOT, Lab
from support.polling import wait_until

APPS = ROOT / "tests" / "apps"
WAIT_SECONDS = 240.0
needs_time = pytest.mark.skipif(
    os.environ.get("SLOW") != "1", reason="SET SLOW=1 FOR THE RUNS OF MINUTES EACH"
)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """PostgreSQL, Redis, and what prepares their data."""
    return copied("postgres_and_redis", tmp_path)


def copied(name: str, folder: Path) -> Path:
    shutil.copytree(APPS / name, folder / name)
    return folder / name


def test_an_app_with_servers_comes_up_and_leaves_nothing(lab: Lab, app: Path) -> None:
    done = lab.try_app(app, CHECK="1")

    assert done.returncode == 0, done.stderr
    assert "answers: GET /visits" in done.stderr
    assert (app / "lab.toml").exists()
    assert lab.left_behind() == []


@pytest.mark.slow
@needs_time
@pytest.mark.parametrize(
    "service",
    ["own-postgres-and-redis-with-redis", "own-postgres-and-redis"],
)
def test_ctrl_c_while_one_of_them_starts_or_is_loaded_leaves_nothing(
    lab: Lab, app: Path, interrupt: Callable[[subprocess.Popen[str]], str], service: str
) -> None:
    process = lab.start_try(app)
    wait_until(lambda: bool(lab.container(service)), WAIT_SECONDS, step_seconds=0.1)
    interrupt(process)

    assert process.returncode == 130
    assert lab.left_behind() == []


@pytest.fixture
def python_base(images: None) -> str:
    """An image with CPython 3.12: official, or the stand-in."""
    done = subprocess.run(
        [ROOT / "scripts" / "shell" / "bases"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "LAB_PYTHONS": "3.12"},
    )
    return dict(line.partition("=")[::2] for line in done.stdout.splitlines())["BASE_PY312"]


@pytest.mark.slow
@needs_time
def test_what_its_compose_file_starts_besides_is_there(
    lab: Lab, tmp_path: Path, python_base: str
) -> None:
    app = copied("compose_companions", tmp_path)
    for file in app.rglob("Dockerfile"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("FROM python:3.12-slim", f"FROM {python_base}"), "utf-8")
    (app / "lab.toml").write_text(
        'compose = "compose.yaml"\nservice = "web"\n'
        '[[requests]]\npath = "/orders"\n[[requests]]\npath = "/reminders"\n'
    )

    done = lab.try_app(app, CHECK="1")

    assert done.returncode == 0, done.stderr
    assert "GET /orders: 200" in done.stderr
    assert "GET /reminders: 200" in done.stderr
    assert lab.left_behind() == []


@pytest.mark.parametrize("right", ["privileged: true", "cap_add: [ALL]", "pid: host"])
def test_a_service_that_asks_for_rights_is_refused_before_anything_is_built(
    lab: Lab, tmp_path: Path, right: str
) -> None:
    app = copied("compose_companions", tmp_path)
    file = app / "compose.yaml"
    file.write_text(
        file.read_text().replace("    build: ./mail\n", f"    build: ./mail\n    {right}\n")
    )
    (app / "lab.toml").write_text('compose = "compose.yaml"\nservice = "web"\n')

    done = lab.try_app(app)

    key = right.partition(":")[0]
    assert done.returncode == 64
    assert f"compose.yaml: mail asks for {key}, which the lab gives to" in done.stderr
    assert "building" not in done.stderr
