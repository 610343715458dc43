"""Apps as people have them reach a verdict by `make try APP=folder` alone, on both engines."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.app.spec_file import read_spec
from support.lab_commands import ROOT, Lab
from support.marks import needs_processes, needs_time

APPS = ROOT / "tests" / "apps"
PATHS = {
    "poetry_src": ["/api/v1/notes"],
    "sse_without_end": ["/page"],
    "expired_token": ["/notes"],
}
"""In every run of the tests as local processes; the paths that are measured."""
PATHS_SLOWLY = {
    "postgres_and_redis": ["/visits"],
    "csrf_login": ["/notes", "/notes"],
    "procfile_release": ["/orders"],
    "docker_entrypoint": ["/mode"],
    "traffic_mix": ["/orders/33", "/orders", "/search?q=mate", "/favicon.ico", "/login"],
    "jwt_login": ["/account", "/basket"],
    "bottle_script": ["/hello"],
    "tornado_app": ["/hello"],
    "factory_blueprints": ["/orders/open"],
    "django_postgres": ["/visits/"],
    "compose_redis_worker": ["/jobs"],
    "uv_package": ["/about"],
    "django_migrations": ["/catalog/"],
    "quart_app": ["/hello"],
    "sanic_app": ["/things/all"],
    "litestar_app": ["/things/all"],
    "falcon_app": ["/things"],
    "nested_services": ["/greeting"],
    "env_required": ["/about", "/contact"],
    "websocket_rooms": ["/rooms/{n}"],
    "aiohttp_package": ["/polls"],
    "pyramid_app": ["/hello"],
    "openapi_bodies": ["/search?text=lab{n}", "/people", "/people/1"],
    "large_download": ["/report"],
    "csrf_form": ["/notes/new"],
    "flask_mariadb": ["/visits"],
    "routes_elsewhere": ["/orders", "/orders/about"],
    "rabbitmq_jobs": ["/jobs"],
    "mongo_notes": ["/notes"],
    "channels_chat": ["/rooms/", "/ws/rooms/{n}/"],
    "compose_mounted": ["/rate", "/visits"],
    "compose_companions": ["/orders", "/reminders"],
}
ON_DOCKER_ALONE = ("compose_mounted", "compose_companions")
"""What they need stands in a container alone; without one they end with one line."""
WITHOUT_ITS_SERVER = "missing_redis"
"""It needs a server that nothing describes, and ends with one line: test_undescribed_apps.py."""
VERDICT = re.compile(r"^[\w-]+: (flat|bounded|leak)\. ", re.MULTILINE)


@pytest.fixture
def measuring(request: pytest.FixtureRequest, tmp_path: Path) -> Lab:
    """The lab on one of its engines."""
    if request.param == "docker":
        on_docker: Lab = request.getfixturevalue("lab")
        return on_docker
    return Lab("no-project", tmp_path / "results", engine="process")


def runs() -> Iterator[Any]:
    """Each app on each engine; slow are those on Docker and those of PATHS_SLOWLY."""
    for engine in ("process", "docker"):
        for name, paths in {**PATHS, **PATHS_SLOWLY}.items():
            if engine == "process" and name in ON_DOCKER_ALONE:
                continue
            quick = engine == "process" and name in PATHS
            slow = () if quick else (pytest.mark.slow, needs_time)
            marks = (*slow, *((needs_processes,) if engine == "process" else ()))
            yield pytest.param(engine, name, paths, id=f"{engine}-{name}", marks=marks)


@pytest.mark.parametrize(("measuring", "name", "paths"), list(runs()), indirect=["measuring"])
def test_from_a_folder_to_a_verdict(
    measuring: Lab, tmp_path: Path, name: str, paths: list[str]
) -> None:
    app = tmp_path / name
    shutil.copytree(APPS / name, app)

    done = measuring.try_app(app)

    assert done.returncode == 0, done.stderr
    assert VERDICT.search(done.stdout), done.stdout
    assert [request.path for request in read_spec(app).requests] == paths


@pytest.mark.slow
@needs_time
@needs_processes
@pytest.mark.parametrize("name", ON_DOCKER_ALONE)
def test_what_stands_in_a_container_alone_is_one_line(tmp_path: Path, name: str) -> None:
    app = tmp_path / name
    shutil.copytree(APPS / name, app)

    done = Lab("no-project", tmp_path / "results", engine="process").try_app(app)

    assert done.returncode == 3
    assert re.search(r"ENGINE=docker|needs Docker", done.stderr.splitlines()[-1])
    assert not (app / "lab.toml").exists()


def test_each_app_is_tried() -> None:
    assert {*PATHS, *PATHS_SLOWLY, WITHOUT_ITS_SERVER} == {each.name for each in APPS.iterdir()}
