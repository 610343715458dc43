"""Servers beside an app in containers: what their services may and may not."""

from pathlib import Path
from typing import Any

import pytest
from lab.app.container import recipe
from lab.app.container_servers import script, shell, with_servers
from lab.app.services import Service
from lab.app.spec import AppSpec
from lab.records.beside import ServiceAsked, ServiceKind

WORK = Path("/w")
REDIS = ServiceAsked(ServiceKind.REDIS, passwords=("it's",), hosts=("cache",))
BOTH = (ServiceAsked(ServiceKind.POSTGRES, databases=("shop",)), REDIS)
VARIANT: Service = {
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


def found(**more: Any) -> dict[str, Service]:
    spec = AppSpec(Path("/a/lab.toml"), "a", command="x", services=BOTH, **more)
    return with_servers(VARIANT, "own-a", spec, WORK)


def test_the_first_makes_the_network_and_answers_as_the_variant() -> None:
    services = found()
    first = services["own-a-with-postgres"]
    assert first["networks"] == {"lab": {"aliases": ["own-a"]}}
    assert "cache:127.0.0.1" in first["extra_hosts"]
    for name in ("own-a", "own-a-with-redis"):
        assert services[name]["network_mode"] == "service:own-a-with-postgres"
        assert not {"networks", "dns", "dns_opt"} & set(services[name])


def test_a_server_has_no_rights_no_port_and_no_disk() -> None:
    for name in ("own-a-with-postgres", "own-a-with-redis"):
        service = found()[name]
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"]
        assert service["mem_limit"] == service["memswap_limit"] == 1 << 30
        assert service["volumes"] == ["/w/logs/own-a:/var/log/lab"]
        assert not {"ports", "labels", "privileged"} & set(service)


def test_what_prepares_has_the_variants_files_and_none_of_its_labels() -> None:
    service = found(prepare="seed $HOME")["own-a-with-prepare"]
    assert service["command"] == ["sh", "-c", "seed $$HOME"]
    assert service["volumes_from"] == ["own-a"]
    assert "labels" not in service
    assert "LAB_PROBE_SOCKETS" not in service["environment"]


def test_without_servers_a_variant_is_as_it_was() -> None:
    spec = AppSpec(Path("/a/lab.toml"), "a", command="x")
    assert with_servers(VARIANT, "own-a", spec, WORK) == {"own-a": VARIANT}


def test_names_are_quoted_in_a_servers_script() -> None:
    assert "--requirepass 'it'\"'\"'s'" in script(REDIS, "s")
    assert shell(("mariadbd", "-x")) == '"$(command -v mariadbd || command -v mysqld)" -x'


@pytest.mark.parametrize("url", [None, "https://${A}:${B}@example.com/simple"])
def test_what_an_index_needs_is_not_in_the_image_that_is_measured(url: str | None) -> None:
    spec = AppSpec(Path("/a/lab.toml"), "a", command="x", requirements=("y",), index_url=url)
    *_, last = recipe(spec).split("FROM ${PYTHON_IMAGE}")
    assert "index.txt" not in last
    assert ("--from=packages" in last) == (url is not None)
