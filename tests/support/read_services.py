"""The services of compose.yaml, and which of them are variants of which suite."""

from functools import cache
from typing import Any

from lab.matrix.compose_file import read_services
from support.paths import ROOT

COMPOSE = ROOT / "compose.yaml"


@cache
def services(**given: str) -> dict[str, dict[str, Any]]:
    return read_services(COMPOSE, given)


SERVICES = services()
VARIANTS = {name: service for name, service in SERVICES.items() if "labels" in service}


def suites(name: str) -> list[str]:
    return str(VARIANTS[name]["labels"]["lab.suite"]).split()
