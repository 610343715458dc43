"""The runs that the documents quote: raw files under docs/runs, with what was derived from them."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.commands.rebuild import rebuild
from lab.records.summary import Summary
from lab.store.layout import EXPERIMENT, SAMPLES
from lab.store.run_folder import RunFolder
from support.paths import ROOT

RUNS = ROOT / "docs" / "runs"
RUN_IDS = tuple(sorted(path.parent.name for path in RUNS.glob(f"*/{EXPERIMENT}")))
DOCKER_RUN = "20261124-030233-core"
THREAD_RUN = "20261125-041223-thread"
TRY_RUN = "20261126-223730-try-ujson-failing"
RAW_FILES = (EXPERIMENT, "comparison.json", "own.json")


def copy_raw(run_id: str, results: Path) -> RunFolder:
    """A copy of the run's raw files alone, as a folder of `results`."""
    copy = results / run_id
    shutil.copytree(RUNS / run_id / SAMPLES, copy / SAMPLES)
    for name in RAW_FILES:
        if (RUNS / run_id / name).exists():
            shutil.copy2(RUNS / run_id / name, copy / name)
    return RunFolder(copy)


@cache
def rebuilt(run_id: str) -> tuple[Summary, dict[str, bytes]]:
    """The summary of a run and its derived files by name, from its raw files alone."""
    with TemporaryDirectory() as results:
        folder = copy_raw(run_id, Path(results))
        summary = rebuild(folder)
        derived = {
            path.name: path.read_bytes()
            for path in folder.path.iterdir()
            if path.is_file() and path.name not in RAW_FILES
        }
    return summary, derived
