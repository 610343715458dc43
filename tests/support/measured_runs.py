"""Small runs on the scripted engine, measured to their end."""

import io
from pathlib import Path

from builders import raw
from lab.commands.decider import RunDecider
from lab.measure.cooldown_rules import Waits
from lab.measure.run import SuiteRun, measure_suite
from lab.store.run_folder import RunFolder
from lab.units import MIB
from rich.console import Console
from support.paths import ROOT
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine

SYNC, FLASK = "py37-fastapi-sync", "py37-flask"
LEVEL = Script((30 * MIB,))
LEVELS = {SYNC: LEVEL, FLASK: LEVEL}


def measured(
    engine: ScriptedEngine, results: Path, *, waits: Waits = WAITS, **given: str
) -> RunFolder:
    chosen = {"REQUESTS": "16", "CONCURRENCY": "2", "MEMORY_BUDGET": "8g"}
    settings = raw.settings(**{**chosen, "VARIANTS": " ".join(LEVELS), **given})
    run = SuiteRun(settings, engine, ROOT / "compose.yaml", results, {}, waits)
    return measure_suite(run, Console(file=io.StringIO(), width=120), RunDecider())


def written(results: Path, mark: str) -> int:
    return sum(path.read_text().count(mark) for path in results.glob("*/samples/*/1.jsonl"))
