"""The hand-written compose.yaml keeps what the design promises of every service."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from lab import settings
from lab.matrix import read_services

COMPOSE = Path(__file__).parents[2] / "compose.yaml"
SERVICES = read_services(COMPOSE, {})
VARIANTS = {name: service for name, service in SERVICES.items() if "labels" in service}
SOCKET = "/var/run/docker.sock"
NOT_THE_DRIVERS = frozenset({"OFFLINE"})
"""Checked before anything is built; it says where the images come from."""

every_service = pytest.mark.parametrize("name", SERVICES)
every_variant = pytest.mark.parametrize("name", VARIANTS)


def volumes(service: dict[str, Any]) -> list[str]:
    return [str(volume) for volume in service.get("volumes", ())]


@every_service
def test_no_capability_and_no_new_privilege(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & SERVICES[name].keys()


@every_service
def test_nothing_is_written_but_to_memory(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["tmpfs"] == ["/tmp:size=64m"]


@every_service
def test_memory_and_processes_are_limited(name: str) -> None:
    service = SERVICES[name]

    assert service["mem_limit"] == service["memswap_limit"]
    assert 0 < int(service["pids_limit"]) <= 2048


@every_service
def test_the_network_is_internal_and_no_port_is_published(name: str) -> None:
    service = SERVICES[name]

    assert service["networks"] == ["lab"]
    assert not {"ports", "network_mode", "extra_hosts"} & service.keys()


def test_the_only_network_is_internal() -> None:
    document = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))

    assert document["networks"] == {"lab": {"internal": True}}


@every_service
def test_nobody_is_root(name: str) -> None:
    if name == "gate":
        dockerfile = COMPOSE.parent / SERVICES[name]["build"]["dockerfile"]
        users = re.findall(r"^USER (\S+)", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
        user = users[-1]
    else:
        user = str(SERVICES[name]["user"])

    assert user.partition(":")[0] not in ("", "0", "root")


@every_service
def test_the_socket_is_the_gates_alone(name: str) -> None:
    mounts = [volume for volume in volumes(SERVICES[name]) if SOCKET in volume]

    assert mounts == ([f"{SOCKET}:{SOCKET}:ro"] if name == "gate" else [])


def test_without_a_profile_there_is_the_core_suite_the_gate_and_the_driver() -> None:
    plain = {name for name, service in SERVICES.items() if not service.get("profiles")}
    core = {name for name, s in VARIANTS.items() if s["labels"]["lab.suite"] == "core"}

    assert len(core) == 12
    assert plain == core | {"gate", "driver"}


@every_variant
def test_a_variant_is_named_after_its_python_and_framework(name: str) -> None:
    labels = VARIANTS[name]["labels"]

    assert name.startswith(f"py{labels['lab.python'].replace('.', '')}-{labels['lab.framework']}")
    assert VARIANTS[name]["image"].startswith(f"memlab-{name.partition('-')[0]}-")


@every_variant
def test_a_variant_is_shown_its_cpus_and_nothing_else_of_the_host(name: str) -> None:
    assert volumes(VARIANTS[name]) == [
        "logs:/var/log/lab",
        "./images/cpus/16:/sys/devices/system/cpu/online:ro",
    ]
    assert VARIANTS[name]["environment"]["HOST_CPUS"] == "16"


@every_variant
def test_workers_reach_the_command(name: str) -> None:
    service = read_services(COMPOSE, {"WORKERS": "4"})[name]

    assert "--workers 4" in service["command"]
    assert service["labels"]["lab.workers"] == "4"


@every_variant
def test_a_variant_has_no_init_that_would_hide_what_is_measured(name: str) -> None:
    assert "init" not in VARIANTS[name]


def names_of_settings() -> set[str]:
    source = inspect.getsource(settings.Reader) + inspect.getsource(settings.parse_settings)
    found = set(re.findall(r'"([A-Z][A-Z_]+)"', source))
    assert {"SUITE", "VARIANTS", "HOST_CPUS", "SEED", "LAB_PROBES", "LANES"} <= found
    return found - NOT_THE_DRIVERS


def test_the_driver_is_given_every_setting() -> None:
    assert names_of_settings() <= SERVICES["driver"]["environment"].keys()


@pytest.mark.parametrize("name", sorted(names_of_settings()))
def test_a_setting_reaches_the_driver_as_it_was_given(name: str) -> None:
    driver = read_services(COMPOSE, {name: "given"})["driver"]

    assert driver["environment"][name] == "given"


def test_the_defaults_that_the_driver_is_given_are_those_of_the_lab() -> None:
    given = {key: str(value) for key, value in SERVICES["driver"]["environment"].items()}

    assert settings.parse_settings(given) == settings.parse_settings({})


def test_the_driver_waits_for_the_gate_and_ends_in_time() -> None:
    assert SERVICES["driver"]["depends_on"] == ["gate"]
    assert SERVICES["driver"]["init"] is True
