"""Servers beside an app in containers: what their services may and may not."""

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lab.app.compose_records import Build, Companion
from lab.app.container import recipe
from lab.app.container_companions import companion_images
from lab.app.container_servers import script, server_images, shell, with_servers
from lab.app.services import ServiceTable, container_port, environment
from lab.app.spec import AppSpec
from lab.engines.server_recipes import RECIPES
from lab.records.app_services import ServiceAsked, ServiceKind

WORK = Path("/w")
REDIS = ServiceAsked(ServiceKind.REDIS, passwords=("it's",), hosts=("cache",))
BOTH = (ServiceAsked(ServiceKind.POSTGRES, databases=("shop",)), REDIS)
SPEC = AppSpec(Path("/a/lab.toml"), "a", command="x")
API = Companion(
    "api",
    image="api:1",
    command=("serve", "$HOME"),
    environment={"SIGN": "$"},
    mounts={"/etc/api": Path("/a/conf")},
    in_memory=("/data",),
    port=8000,
    health=("CMD", "ok"),
)
VARIANT: ServiceTable = {
    "image": "i",
    "user": "1000:1000",
    "entrypoint": ["/lab/entry"],
    "command": ["sh", "-c", "serve"],
    "environment": {"A": "b", "LAB_PROBE_SOCKETS": "/s"},
    "networks": ["lab"],
    "dns": [],
    "dns_opt": [],
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "read_only": True,
    "tmpfs": ["/tmp"],
    "ulimits": {"fsize": 1},
    "logging": {},
    "pids_limit": 9,
    "mem_limit": 5,
    "labels": {"lab.suite": "try"},
}


def found(**more: Any) -> dict[str, ServiceTable]:
    spec = AppSpec(Path("/a/lab.toml"), "a", command="x", services=BOTH, **more)
    return with_servers(VARIANT, "own-a", spec, WORK)


def test_mongodb_is_the_official_image_or_a_stand_in_without_users() -> None:
    asked = ServiceAsked(ServiceKind.MONGODB, users=("keeper",), hosts=("store",))
    spec = replace(SPEC, services=(asked,), environment={"URL": "mongodb://keeper:k@store/notes"})

    service = with_servers(VARIANT, "own-a", spec, WORK)["own-a-with-mongodb"]

    assert list(server_images(spec)) == ["mongodb|mongo:7|mongodb||SecantusDB==0.7.0b3"]
    assert service["image"] == "${LAB_SERVER_MONGODB}"
    assert service["user"] == "mongodb"
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp:size=1073741824"]
    line = service["entrypoint"][-1].splitlines()[-1].replace("$$", "$")
    (*_, folder, address, port) = shlex.split(line)
    assert (folder, address, port) == ("/tmp/data", "0.0.0.0", "27017")
    assert 'exec mongod --dbpath "$1" --bind_ip "$2" --port "$3"' in line
    assert environment(spec)["URL"] == "mongodb://${LAB_BESIDE_AT:-127.0.0.1}:27017/notes"


@pytest.mark.parametrize("there", ["mongod", "secantusd-py"])
def test_mongodb_is_served_by_what_is_there(tmp_path: Path, there: str) -> None:
    program = tmp_path / there
    program.write_text(f'#!/bin/sh\necho {there} "$@"\n')
    program.chmod(0o755)
    words = RECIPES[ServiceKind.MONGODB].command(ServiceAsked(ServiceKind.MONGODB), "/d", "::1")

    said = subprocess.run(
        words, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True
    ).stdout.split()

    assert said[0] == there
    assert {"::1", "27017"} < set(said)


def test_one_holds_the_network_and_answers_as_the_variant() -> None:
    services = found(companions=(API,), prepare="seed")
    holder = services.pop("own-a-with-network")
    assert holder["networks"] == {"lab": {"aliases": ["own-a"]}}
    assert {"cache:127.0.0.1", "api:127.0.0.1"} <= set(holder["extra_hosts"])
    assert len(services) == 5
    for service in services.values():
        assert service["network_mode"] == "service:own-a-with-network"
        assert not {"networks", "dns", "dns_opt"} & set(service)


def test_a_server_has_no_rights_no_port_and_no_disk() -> None:
    for name in ("own-a-with-postgres", "own-a-with-redis"):
        service = found()[name]
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"]
        assert service["mem_limit"] == service["memswap_limit"] == 1 << 30
        assert service["volumes"] == ["/w/logs/own-a:/var/log/lab"]
        assert not {"ports", "labels", "privileged"} & set(service)


@pytest.mark.parametrize(("user", "own"), [("70:71", "uid=70,gid=71"), ("70", "uid=70,gid=0")])
def test_a_folder_in_memory_is_its_users_whenever_it_is_started(user: str, own: str) -> None:
    service = found(companions=(replace(API, user=user),))["own-a-with-companion-1"]

    assert all(each.endswith(f",mode=1777,{own}") for each in service["tmpfs"])


def test_another_service_of_its_compose_file_has_neither_rights_nor_its_files_to_write() -> None:
    service = found(companions=(API,))["own-a-with-companion-1"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    assert service["user"] == "${LAB_UID:-1000}:${LAB_GID:-1000}"
    assert service["volumes"] == ["/w/app/conf:/etc/api:ro"]
    owner = "uid=${LAB_UID:-1000},gid=${LAB_GID:-1000}"
    assert f"/data:size=1073741824,mode=1777,{owner}" in service["tmpfs"]
    assert service["command"] == ["serve", "$$HOME"]
    assert service["environment"]["SIGN"] == "$$"
    assert "entrypoint" not in service
    assert service["healthcheck"]["test"] == ["CMD", "ok"]
    assert not {"ports", "labels", "privileged", "restart"} & set(service)


def test_a_port_beside_it_is_not_the_apps() -> None:
    alone, beside = SPEC, replace(SPEC, companions=(API, replace(API, port=8001)))
    assert (container_port(alone), container_port(beside)) == (8000, 8002)
    assert environment(beside)["PORT"] == "${LAB_PORT:-8002}"


def test_a_shell_learns_how_it_comes_to_their_images() -> None:
    build = Build(Path("/a/api"), Path("/a/api/Docker file"), "run", {"A": "b c"})
    built = replace(API, image=None, build=build)
    lines = tuple(companion_images(replace(SPEC, companions=(API, built))))
    assert lines == (
        "own_companions='1 2'",
        "own_companion_1_name=api",
        "own_companion_1_image=api:1",
        "own_companion_1_build=''",
        "own_companion_2_name=api",
        "own_companion_2_image=''",
        "own_companion_2_build="
        + shlex.quote("--file '/a/api/Docker file' --build-arg 'A=b c' --target run /a/api"),
    )


def test_what_prepares_has_the_variants_files_and_none_of_its_labels() -> None:
    service = found(prepare="seed $HOME")["own-a-with-prepare"]
    assert service["command"] == ["sh", "-c", "seed $$HOME"]
    assert service["volumes_from"] == ["own-a"]
    assert "labels" not in service
    assert "LAB_PROBE_SOCKETS" not in service["environment"]


def test_without_servers_a_variant_is_as_it_was() -> None:
    assert with_servers(VARIANT, "own-a", SPEC, WORK) == {"own-a": VARIANT}


def test_names_are_quoted_in_a_servers_script() -> None:
    assert "--requirepass 'it'\"'\"'s'" in script(REDIS, "s")
    assert shell(("mariadbd", "-x")) == '"$(command -v mariadbd || command -v mysqld)" -x'


@pytest.mark.parametrize("url", [None, "https://${A}:${B}@example.com/simple"])
def test_what_an_index_needs_is_not_in_the_image_that_is_measured(url: str | None) -> None:
    spec = AppSpec(Path("/a/lab.toml"), "a", command="x", requirements=("y",), index_url=url)
    *_, last = recipe(spec).split("FROM ${PYTHON_IMAGE}")
    assert "index.txt" not in last
    assert ("--from=packages" in last) == (url is not None)
