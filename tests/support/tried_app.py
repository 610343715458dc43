"""An app as `make try` is given it."""

from pathlib import Path
from typing import Any

from lab.app.spec import AppSpec, RequestSpec
from lab.units import MIB


def app(**changes: Any) -> AppSpec:
    fields: dict[str, Any] = {
        "file": Path("/app/lab.toml"),
        "name": "shop",
        "command": "serve",
        "count": 80,
        "warmup": 4,
        "concurrency": 4,
        "requests": (RequestSpec(path="/own/own"),),
        "memory_bytes": 64 * MIB,
        "ready_seconds": 0.5,
    }
    return AppSpec(**{**fields, **changes})
