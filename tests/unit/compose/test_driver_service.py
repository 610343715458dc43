"""The driver's service in compose.yaml."""

import re
from typing import Any

import pytest
from lab.settings import parse_settings
from lab.settings.declared import SETTINGS
from lab.settings.setting import Setting
from support.read_services import COMPOSE, SERVICES, services

NOT_THE_DRIVERS = frozenset({"OFFLINE"})
"""Checked before anything is built; it says where the images come from."""


class Reads(dict[str, str]):
    """Settings that remember which of them are read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.names.add(name)
        return default


def names_of_settings() -> set[str]:
    """What the driver reads."""
    reads = Reads()
    parse_settings(reads)
    assert {"SUITE", "VARIANTS", "HOST_CPUS", "SEED", "LAB_PROBES", "LANES"} <= reads.names
    return reads.names - NOT_THE_DRIVERS


def test_the_driver_is_given_every_setting() -> None:
    assert names_of_settings() <= SERVICES["driver"]["environment"].keys()


@pytest.mark.parametrize("name", sorted(names_of_settings()))
def test_a_setting_reaches_the_driver_as_it_was_given(name: str) -> None:
    driver = services(**{name: "given"})["driver"]

    assert driver["environment"][name] == "given"


def test_the_defaults_that_the_driver_is_given_are_those_of_the_lab() -> None:
    given = {key: str(value) for key, value in SERVICES["driver"]["environment"].items()}

    assert parse_settings(given) == parse_settings({})


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_default_of_compose_is_the_settings_own(setting: Setting[Any]) -> None:
    """Whatever else stands there is a variant's own, whose label says so, too."""
    text = COMPOSE.read_text(encoding="utf-8")
    defaults = set(re.findall(rf"\$\{{{setting.name}:-([^}}]*)\}}", text))
    own = {"REQUESTS", "CONCURRENCY", "WORKERS", "HOST_CPUS", "BLOCKS"}

    assert setting.name in own or defaults <= {"", setting.default}
    assert not defaults or defaults & {"", setting.default}


def test_the_driver_waits_for_the_gate_and_ends_in_time() -> None:
    assert SERVICES["driver"]["depends_on"] == ["gate"]
    assert SERVICES["driver"]["init"] is True
