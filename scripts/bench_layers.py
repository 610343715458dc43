"""What `make layers` says of two apps whose middleware keeps memory, in one file.

    .venv/bin/python scripts/bench_layers.py [APP ...]

Four minutes for both. Writes results/layers.json; the runs stand in results/layers.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench_bisections import json_text
from lab.files import write_file
from lab.records.codec import decode, encode
from lab.records.experiment import Experiment
from lab.records.layers import LayersAnswer
from lab.store.json_file import read_record

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ROOT / "results" / "layers.json"
RUNS = ROOT / "results" / "layers"
FASTAPI = """from fastapi import FastAPI

KEPT = []
app = FastAPI()


@app.middleware("http")
async def keep(request, call_next):
    KEPT.append(bytearray(20_000))
    return await call_next(request)


@app.get("/")
async def root():
    return {}
"""
AIOHTTP = """import os

from aiohttp import web

KEPT = []


@web.middleware
async def keep(request, handler):
    KEPT.append(bytearray(20_000))
    return await handler(request)


async def root(request):
    return web.Response(text="done")


app = web.Application(middlewares=[keep])
app.router.add_get("/", root)
web.run_app(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), print=None)
"""
APPS: Mapping[str, Mapping[str, str]] = {
    "fastapi-middleware": {
        "app.py": FASTAPI,
        "lab.toml": 'python = "3.12"\nrequirements = ["fastapi==0.116.1", "uvicorn==0.35.0"]\n'
        'command = "python -m uvicorn app:app --host $HOST --port $PORT"\n',
    },
    "aiohttp-middleware": {
        "app.py": AIOHTTP,
        "lab.toml": 'python = "3.12"\nrequirements = ["aiohttp==3.12.15"]\n'
        'command = "python app.py"\n',
    },
}
"""The files of each app."""


@dataclass(frozen=True, slots=True)
class KeptLayers:
    """One run of `make layers`."""

    run: str
    """The run's id, which begins with its start in UTC."""
    commit: str | None
    """The lab's commit; None: not known."""
    load: float
    """Processes that ran or waited at its end, a mean over a minute."""
    answer: LayersAnswer


def layers(name: str, runs: Path = RUNS) -> KeptLayers | None:
    """The layers of an app, typed as a user types it; None where there is no answer.

    Args:
        runs: the folder that the run is written to.
    """
    before = set(runs.iterdir())
    with tempfile.TemporaryDirectory(prefix="memlab-layers-") as folder:
        app = Path(folder) / name
        app.mkdir()
        for file, text in APPS[name].items():
            (app / file).write_text(text, encoding="utf-8")
        line = [f"APP={app}", "ENGINE=process", f"RESULTS={runs}"]
        subprocess.run(["make", "--no-print-directory", "layers", *line], cwd=ROOT, check=False)
    made = (each for each in runs.iterdir() if each not in before and not each.is_symlink())
    folder_made = next(made, None)
    if folder_made is None or not (folder_made / "layers.json").exists():
        return None
    return KeptLayers(
        run=folder_made.name,
        commit=read_record(folder_made / "experiment.json", Experiment).git_commit,
        load=os.getloadavg()[0],
        answer=read_record(folder_made / "layers.json", LayersAnswer),
    )


def read_layers(text: bytes) -> dict[str, KeptLayers]:
    """The runs of a file that an earlier call wrote, by their apps."""
    return dict(decode(Mapping[str, KeptLayers], json.loads(text)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("apps", nargs="*", choices=[[], *APPS], help="none: both")
    RUNS.mkdir(parents=True, exist_ok=True)
    runs = {name: layers(name) for name in parser.parse_args().apps or APPS}
    found = {name: kept for name, kept in runs.items() if kept is not None}
    write_file(WRITTEN, json_text(encode(found), 3) + "\n")


if __name__ == "__main__":
    main()
