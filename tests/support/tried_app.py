"""An app as `make try` is given it, and a whole try of it on the scripted engine."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.app.interventions import NO_ALLOCATORS
from lab.app.spec import AppSpec, RequestSpec
from lab.app.workdir import write_services
from lab.causes.diagnosis import Diagnosis
from lab.commands.app_runs.input import app_settings
from lab.commands.app_runs.plan import plan_of
from lab.commands.app_runs.run import AppRunInput, run_app
from lab.measure.cooldown_rules import Waits
from lab.store.run_folder import RunFolder
from lab.units import MIB
from rich.console import Console
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine

BASE = "own-shop"


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


def leaking_bytes(served: int) -> int:
    return 30 * MIB + served * 100_000


def tried(
    tmp_path: Path,
    scripts: Mapping[str, Script],
    description: AppSpec,
    console: Console | None = None,
    trials: int = 1,
    waits: Waits = WAITS,
) -> tuple[RunFolder, Diagnosis, list[str]]:
    """The folder, the diagnosis and the names of what was started."""
    file = tmp_path / "compose.yaml"
    write_services(description, None, NO_ALLOCATORS, file)
    plan = plan_of(description, file, {}, NO_ALLOCATORS)
    console = console or Console(file=io.StringIO(), width=120)
    with ScriptedEngine(scripts, 0.002) as engine:
        settings = app_settings({"MEMORY_BUDGET": "8g", "TRIALS": str(trials)})
        given = AppRunInput(plan, settings, engine, tmp_path / "results", waits)
        folder, diagnosis = run_app(given, console)
        return folder, diagnosis, list(engine.started)
