"""Compose files of few variants, as the whole of compose.yaml is long to read."""

import json
from functools import cache

from lab.matrix.compose_file import read_services
from support.paths import ROOT


@cache
def compose_of(*names: str, suite: str = "core") -> str:
    """The services with these names as compose.yaml has them by default, in a suite of choice."""
    services = read_services(ROOT / "compose.yaml", {})
    chosen = {name: dict(services[name]) for name in names}
    for service in chosen.values():
        service["labels"] = {**service["labels"], "lab.suite": suite}
    return json.dumps({"services": chosen})
