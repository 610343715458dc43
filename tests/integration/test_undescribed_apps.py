"""What `make try APP=folder` says of apps that do not come to a verdict."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.bad_app import bad_app
from support.lab_commands import ROOT, Lab
from support.marks import needs_processes

APPS = ROOT / "tests" / "apps"
pytestmark = needs_processes


@pytest.fixture
def processes(tmp_path: Path) -> Lab:
    """The lab without an engine."""
    return Lab("no-project", tmp_path / "results", engine="process")


def test_a_login_that_is_refused_is_one_line_with_the_next_step(
    processes: Lab, tmp_path: Path
) -> None:
    app = tmp_path / "jwt_login"
    shutil.copytree(APPS / "jwt_login", app)
    file = app / "lab.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("=ann&", "=bob&"), encoding="utf-8")

    done = processes.try_app(app)

    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert "lab.toml: login: POST /token" in last
    assert '401 (it said: {"detail": "wrong name or password"}): correct its path' in last


def test_a_service_that_is_not_there_is_one_line_with_the_next_step(
    processes: Lab, tmp_path: Path
) -> None:
    app = tmp_path / "missing_redis"
    shutil.copytree(APPS / "missing_redis", app)

    done = processes.try_app(app)

    last = done.stderr.splitlines()[-1]
    assert done.returncode == 3
    assert "it needs Redis, and none answers" in last
    assert f"`make init APP={app}` writes the guess" in last
    assert not (app / "lab.toml").exists()


def test_an_app_that_is_never_healthy_is_told_in_one_line(processes: Lab, tmp_path: Path) -> None:
    done = processes.try_app(bad_app(tmp_path / "bad", "never", ready=3))

    lines = done.stderr.splitlines()
    (said,) = [line for line in lines if "did not answer" in line and " 3 s" in line]
    assert done.returncode == 3
    assert "`ready_seconds`" in said
    assert "Traceback" not in done.stderr


def test_a_folder_of_something_else_is_told(processes: Lab, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>", encoding="utf-8")

    done = processes.try_app(tmp_path)

    assert done.returncode == 64
    assert "holds no Python" in done.stderr.splitlines()[-1]


def test_check_alone_writes_the_guess_that_works_and_measures_nothing(
    processes: Lab, tmp_path: Path
) -> None:
    app = tmp_path / "docker_entrypoint"
    shutil.copytree(APPS / "docker_entrypoint", app)

    done = processes.try_app(app, CHECK="1")

    assert done.returncode == 0, done.stderr
    assert (app / "lab.toml").exists()
    assert not processes.results.exists()
