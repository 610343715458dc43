"""Apps with what stands beside them in containers: they come up, and nothing of it stays."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bundles import bases, bundle, check_by_compose_alone
from support.lab_commands import ROOT, Lab
from support.marks import needs_time
from support.polling import wait_until

APPS = ROOT / "tests" / "apps"
WAIT_SECONDS = 240.0


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """PostgreSQL, Redis, and what prepares their data."""
    return copied("postgres_and_redis", tmp_path)


def copied(name: str, folder: Path, base: str | None = None) -> Path:
    """A copy of an app, its own images on another base where one is named."""
    app = folder / name
    shutil.copytree(APPS / name, app)
    for file in app.rglob("Dockerfile") if base else ():
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("FROM python:3.12-slim", f"FROM {base}"), "utf-8")
    return app


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
    return bases(LAB_PYTHONS="3.12")["BASE_PY312"]


@pytest.mark.slow
@needs_time
def test_what_its_compose_file_starts_besides_is_there(
    lab: Lab, tmp_path: Path, python_base: str
) -> None:
    app = copied("compose_companions", tmp_path, python_base)
    (app / "lab.toml").write_text(
        'compose = "compose.yaml"\nservice = "web"\n'
        '[[requests]]\npath = "/orders"\n[[requests]]\npath = "/reminders"\n'
    )

    done = lab.try_app(app, CHECK="1")

    assert done.returncode == 0, done.stderr
    assert "GET /orders: 200" in done.stderr
    assert "GET /reminders: 200" in done.stderr
    assert lab.left_behind() == []


@pytest.mark.slow
@needs_time
def test_code_that_its_compose_file_mounts_is_there_and_can_be_written_beside(
    lab: Lab, tmp_path: Path, python_base: str
) -> None:
    app = copied("compose_mounted", tmp_path, python_base)

    done = lab.try_app(app, CHECK="1")

    assert done.returncode == 0, done.stderr
    assert "/etc/localtime lies outside" in done.stderr
    assert "the Dockerfile, which" not in done.stderr
    assert "answers: GET /rate" in done.stderr
    assert "answers: GET /visits" in done.stderr
    assert not (app / "shop" / "last.txt").exists()
    assert lab.left_behind() == []


WRITER = """
import http.server, os, sqlite3
class Visits(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with sqlite3.connect("visits.db") as db:
            db.execute("insert into visits values (1)")
        self.send_response(200)
        self.end_headers()
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Visits).serve_forever()
"""


@pytest.mark.slow
@needs_time
@pytest.mark.parametrize("workdir", ["WORKDIR /srv/shop", ""])
def test_an_image_of_its_own_writes_where_it_works(
    lab: Lab, tmp_path: Path, python_base: str, workdir: str
) -> None:
    app = tmp_path / "shop"
    app.mkdir()
    recipe = f'FROM {python_base}\n{workdir}\nCOPY . .\nCMD ["python3", "web.py"]\n'
    (app / "Dockerfile").write_text(recipe, encoding="utf-8")
    (app / "web.py").write_text(WRITER, encoding="utf-8")
    table = "import sqlite3; sqlite3.connect('visits.db').execute('create table visits (n)')"
    (app / "lab.toml").write_text(f'prepare = """python3 -c "{table}" """\n', encoding="utf-8")

    done = lab.try_app(app, CHECK="1")

    assert done.returncode == 0, done.stderr
    assert "GET /: 200" in done.stderr
    assert not (app / "visits.db").exists()
    assert lab.left_behind() == []


@pytest.mark.slow
@needs_time
def test_mongodb_is_there_with_a_registry_and_without(lab: Lab, tmp_path: Path) -> None:
    done = lab.try_app(copied("mongo_notes", tmp_path), CHECK="1")

    assert done.returncode == 0, done.stderr
    assert "answers: GET /notes" in done.stderr
    assert lab.left_behind() == []


@pytest.mark.slow
@needs_time
@pytest.mark.parametrize("traffic", ["access.log", "visit.har"])
def test_requests_that_people_sent_are_sent_again(lab: Lab, tmp_path: Path, traffic: str) -> None:
    app = copied("traffic_mix", tmp_path)
    file = app / "lab.toml"
    file.write_text(file.read_text().replace("access.log", traffic))

    done = lab.try_app(app, CHECK="1")

    assert done.returncode == 0, done.stderr
    assert "GET /orders: 200" in done.stderr
    assert lab.left_behind() == []


@pytest.mark.slow
@needs_time
def test_its_bundle_brings_the_servers_and_runs_by_compose_alone(
    lab: Lab, app: Path, tmp_path: Path
) -> None:
    tried = lab.try_app(app, REQUESTS="1000", BUDGET="60s")
    assert tried.returncode in (0, 2), tried.stderr[-3000:]
    check_by_compose_alone(lab, bundle(lab), tmp_path / "unpacked")


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
