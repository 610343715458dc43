"""Whole runs on the scripted engine, from compose.yaml on."""

import io
from collections.abc import Mapping
from pathlib import Path

from builders import raw
from lab.commands.decider import RunDecider
from lab.commands.rebuild import summarise_anew
from lab.engines.protocol import Engine
from lab.measure.decider import Decider
from lab.measure.run import SuiteRun, measure_suite
from lab.records.summary import Summary
from lab.store.run_folder import RunFolder
from rich.console import Console
from support.paths import ROOT
from support.scripted_engine import WAITS

COMPOSE = ROOT / "compose.yaml"


def conducted(
    engine: Engine,
    results: Path,
    unbuilt: Mapping[str, str] | None = None,
    decider: Decider | None = None,
    compose: Path = COMPOSE,
    **given: str,
) -> tuple[RunFolder, Summary, str]:
    console = Console(file=io.StringIO(), width=120)
    chosen = {"REQUESTS": "80", "CONCURRENCY": "4", "VARIANTS": "py37-*", "MEMORY_BUDGET": "8g"}
    settings = raw.settings(**{**chosen, **given})
    run = SuiteRun(settings, engine, compose, results, unbuilt or {}, WAITS)
    folder = measure_suite(run, console, decider or RunDecider())
    assert isinstance(console.file, io.StringIO)
    return folder, summarise_anew(folder), console.file.getvalue()
