"""Apps as people have them, without a lab.toml: each comes up by `make try APP=folder` alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lab.app.spec_file import read_spec
from support.lab_commands import ROOT

APPS = ROOT / "tests" / "apps"
EXPECTED = {
    "poetry_src": ["/api/v1/notes"],
    "factory_blueprints": ["/orders/open"],
    "tornado_app": ["/hello"],
    "procfile_release": ["/orders"],
    "docker_entrypoint": ["/mode"],
    "sse_without_end": ["/page"],
    "postgres_and_redis": ["/visits"],
    "websocket_rooms": ["/rooms/{n}"],
}
"""In every run of the tests; the paths that are measured."""
EXPECTED_SLOWLY = {
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
    "bottle_script": ["/hello"],
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
}
DESCRIBED = {
    "jwt_login": ["/account", "/basket"],
    "expired_token": ["/notes"],
    "csrf_login": ["/notes", "/notes"],
    "traffic_mix": ["/orders/33", "/orders", "/search?q=mate", "/favicon.ico", "/login"],
}
"""Those that bring a lab.toml, as nothing tells a guess how to log in."""
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="LOCAL PROCESSES ARE TESTED ON LINUX ONLY"
)
needs_time = pytest.mark.skipif(
    os.environ.get("SLOW") != "1", reason="SET SLOW=1 FOR THE RUNS OF MINUTES EACH"
)


def try_it(app: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {"ENGINE": "process", "APP": str(app), "RESULTS": f"{app.parent}/results"}
    return subprocess.run(
        [ROOT / "scripts" / "try"],
        env={**os.environ, **own, **settings},
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )


def comes_up(name: str, folder: Path, paths: list[str]) -> None:
    app = folder / name
    shutil.copytree(APPS / name, app)

    done = try_it(app, CHECK="1")

    assert done.returncode == 0, done.stderr
    assert [request.path for request in read_spec(app).requests] == paths


@pytest.mark.parametrize("name", EXPECTED)
def test_an_app_comes_up_as_it_is(name: str, tmp_path: Path) -> None:
    comes_up(name, tmp_path, EXPECTED[name])


@pytest.mark.parametrize("name", DESCRIBED)
def test_an_app_comes_up_as_it_is_described(name: str, tmp_path: Path) -> None:
    comes_up(name, tmp_path, DESCRIBED[name])


def test_a_login_that_is_refused_is_one_line_with_the_next_step(tmp_path: Path) -> None:
    app = tmp_path / "jwt_login"
    shutil.copytree(APPS / "jwt_login", app)
    file = app / "lab.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("=ann&", "=bob&"), encoding="utf-8")

    done = try_it(app)

    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].endswith(
        "lab.toml: login: POST /token was answered with 401 (it said: "
        '{"detail": "wrong name or password"}): correct its path, headers or body, or expect'
    )


@pytest.mark.slow
@needs_time
@pytest.mark.parametrize("name", EXPECTED_SLOWLY)
def test_an_app_of_another_shape_comes_up_as_it_is(name: str, tmp_path: Path) -> None:
    comes_up(name, tmp_path, EXPECTED_SLOWLY[name])


def test_a_service_that_is_not_there_is_one_line_with_the_next_step(tmp_path: Path) -> None:
    app = tmp_path / "missing_redis"
    shutil.copytree(APPS / "missing_redis", app)

    done = try_it(app)

    last = done.stderr.splitlines()[-1]
    assert done.returncode == 3
    assert "it needs Redis, and none answers" in last
    assert f"`make init APP={app}` writes the guess" in last
    assert not (app / "lab.toml").exists()


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>", encoding="utf-8")

    done = try_it(tmp_path)

    assert done.returncode == 64
    assert "holds no Python that serves" in done.stderr.splitlines()[-1]


@pytest.mark.slow
@needs_time
def test_from_a_folder_to_a_verdict(tmp_path: Path) -> None:
    app = tmp_path / "factory_blueprints"
    shutil.copytree(APPS / "factory_blueprints", app)

    done = try_it(app)

    assert done.returncode == 0, done.stderr
    assert "factory-blueprints: " in done.stdout
