"""Servers beside the variants of a user app, as far as they need no program of a server."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lab.engines import server_recipes
from lab.engines.accepting import accepts
from lab.engines.process import app_servers, debian, wheels
from lab.engines.process.app_servers import (
    NoServer,
    Template,
    address_of,
    new_servers,
    running_template,
    started_servers,
)
from lab.engines.process.debian import Programs
from lab.engines.process.process_group import end_supervisor
from lab.engines.process.wheels import wheel_programs
from lab.engines.server_recipes import RECIPES, Recipe
from lab.errors import LabError
from lab.records.app_services import ServiceAsked, ServiceKind

REDIS = ServiceAsked(ServiceKind.REDIS, hosts=("cache",))
SERVE = """\
import socket, sys, time
listening = socket.create_server((sys.argv[1], int(sys.argv[2])))
open("seen", "a").write("x")
time.sleep(60)
"""
HERE = Programs(("/usr/bin",))


def serve(asked: ServiceAsked, folder: str, address: str) -> list[str]:
    line = f"cd {folder} && exec python3 -c '{SERVE}' {address} {asked.port}"
    return ["sh", "-c", line]


def redis_by(command: Callable[[ServiceAsked, str, str], list[str]]) -> dict[ServiceKind, Recipe]:
    recipe = replace(RECIPES[ServiceKind.REDIS], program="sh", packages=(), command=command)
    return {ServiceKind.REDIS: recipe}


def template(tmp_path: Path) -> Template:
    return new_servers((REDIS,), tmp_path / "made", tmp_path / "cache", print, redis_by(serve))


def test_each_variant_has_an_address_of_its_own() -> None:
    assert address_of(18870) == "127.90.73.182"
    assert address_of(18871) != address_of(18870)


def test_a_client_of_postgres_is_led_to_it_whatever_host_its_code_names(tmp_path: Path) -> None:
    asked = (ServiceAsked(ServiceKind.POSTGRES),)
    led = app_servers.environment_of(asked, "127.90.0.7", tmp_path)
    assert (led["PGHOST"], led["PGHOSTADDR"]) == ("127.90.0.7", "127.90.0.7")
    assert "PGHOSTADDR" not in app_servers.environment_of((REDIS,), "127.90.0.7", tmp_path)


def test_a_copy_serves_at_its_address_and_leaves_the_first_data_alone(tmp_path: Path) -> None:
    first, work = template(tmp_path), tmp_path / "work"
    work.mkdir()
    servers = started_servers(first, work, address_of(20001))
    try:
        assert accepts(servers.address, 6379)
        assert servers.environment["LAB_BESIDE_NAMES"].split(",")[0] == "cache"
        assert (work / "beside" / "hosts").read_text().startswith("127.90.78.33 localhost cache ")
    finally:
        for each in servers.supervisors:
            end_supervisor(each)
    assert not (first.folder / "redis" / "seen").exists()


def test_what_cannot_be_copied_is_said_whatever_bytes_its_name_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a `cp` that quotes no name."""
    (tmp_path / "cp").write_text("#!/bin/sh\nprintf 'no caf\\303' >&2\nexit 1\n")
    (tmp_path / "cp").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(LabError, match="data cannot be copied: no caf\ufffd"):
        app_servers.copied_data(tmp_path, tmp_path / "copy")


def test_what_prepares_data_writes_into_the_first_data(tmp_path: Path) -> None:
    first = new_servers((REDIS,), tmp_path / "beside", tmp_path / "cache", print, redis_by(serve))
    with running_template(first, address_of(20002)) as servers:
        (process,) = servers.supervisors
    assert process.poll() is not None
    assert (first.folder / "redis" / "seen").exists()


def test_one_that_ends_is_told_with_its_last_line(tmp_path: Path) -> None:
    ends = redis_by(lambda *_: ["sh", "-c", "echo boom; exit 1"])
    first = replace(template(tmp_path), recipes=ends)
    (tmp_path / "work").mkdir()
    with pytest.raises(NoServer, match="its redis does not start: boom"):
        started_servers(first, tmp_path / "work", address_of(20003))


def test_one_that_cannot_be_had_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(app_servers, "wheel_programs", lambda *_: None)
    with pytest.raises(NoServer, match=r"no mongod; Debian .*, cannot be installed: install") as no:
        new_servers((ServiceAsked(ServiceKind.MONGODB),), tmp_path / "made", tmp_path, print)
    assert "mongodb" in str(no.value)


def test_a_wheel_is_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    monkeypatch.setattr(wheels.Uv, "run", lambda _, verb, *__: runs.append(verb) or make(tmp_path))

    def make(cache: Path) -> str:
        (cache / "server-1.0").mkdir(exist_ok=True)
        return ""

    first = wheel_programs("server==1.0", tmp_path, runs.append)
    second = wheel_programs("server==1.0", tmp_path, runs.append)

    assert runs[1:] == ["venv", "pip"]
    assert first == second
    assert first is not None
    assert first.folders == (str(tmp_path / "server-1.0" / "bin"),)


def test_a_wheel_that_cannot_be_installed_is_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels.Uv, "run", lambda *_: "error: no such release")

    assert wheel_programs("server==1.0", tmp_path, print) is None


def test_scripts_of_an_unpacked_erlang_are_led_to_its_programs(tmp_path: Path) -> None:
    script = tmp_path / "usr/lib/erlang/bin/erl"
    script.parent.mkdir(parents=True)
    script.write_text("ROOTDIR=/usr/lib/erlang\n", encoding="utf-8")
    debian.lead_erlang(tmp_path)
    assert script.read_text() == f"ROOTDIR={tmp_path}/usr/lib/erlang\n"


def test_each_user_of_a_broker_has_its_password_on_each_virtual_host() -> None:
    asked = ServiceAsked(ServiceKind.RABBITMQ, ("shop",), ("pw",), ("jobs",))
    definitions, settings = server_recipes.make_rabbitmq(asked, "/f")
    document = json.loads(definitions.said)
    assert [(each["name"], each["password"]) for each in document["users"]] == [
        ("guest", "guest"),
        ("shop", "pw"),
    ]
    assert {(each["user"], each["vhost"]) for each in document["permissions"]} == {
        (user, host) for user in ("guest", "shop") for host in ("/", "jobs")
    }
    assert settings.said.startswith("load_definitions = /f/definitions.json\n")


def test_packages_are_unpacked_and_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "'http://deb.example/redis.deb' redis-server_7_amd64.deb 1 SHA256:0\n"
    called: list[tuple[str, ...]] = []

    def output(*words: str, folder: Path | None = None) -> str:
        called.append(words[:2])
        if words[0] == "dpkg-deb":
            program = Path(words[3]) / "usr/bin/redis-server"
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text("#!/bin/sh\n")
            program.chmod(0o755)
        elif folder is not None:
            (folder / "redis-server_7_amd64.deb").touch()
        return said

    monkeypatch.setattr(debian, "output", output)
    monkeypatch.setattr(debian.shutil, "which", lambda name, path=None: path or name)
    debian.unpack(tmp_path, ("redis-server",))
    assert called == [("apt-get", "install"), ("apt-get", "download"), ("dpkg-deb", "-x")]
    programs = debian.unpacked_programs(tmp_path, ("redis-server",))
    assert programs is not None
    assert programs.folders == (str(tmp_path / "redis-server/usr/bin"),)
    assert "LD_LIBRARY_PATH" in programs.environment()


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(LabError, match="sh failed: no"):
        debian.output("sh", "-c", "echo no >&2; exit 1")


def test_names_that_are_none_of_a_role_are_left_out() -> None:
    assert server_recipes.plain(("shop", 'a"; DROP', "x"), "root") == ["shop", "x", "root"]


def test_the_names_lead_a_command_below_a_mount_namespace(tmp_path: Path) -> None:
    hosts = app_servers.hosts_file((REDIS,), "127.90.1.2", tmp_path)
    prefix = app_servers.prefix_for(hosts)
    if not prefix:
        pytest.skip("NO MOUNT NAMESPACE CAN BE MADE HERE")
    done = subprocess.run(
        [*prefix, "cat", "/etc/hosts"], capture_output=True, text=True, env=os.environ, check=True
    )
    assert done.stdout == hosts.read_text()
