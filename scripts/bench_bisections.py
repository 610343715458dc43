"""What `make bisect` finds over the histories of real packages: twelve searches, in one file.

    .venv/bin/python scripts/bench_bisections.py [--more] [SEARCH ...]

Half an hour for the twelve. What was measured before in this checkout stands in
`.environments/points` and is not measured again, so a fresh clone is needed. Writes
results/bisections.json after each, where every try of a search is kept in its turn; the runs stand
in results/bisections.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from lab.files import write_file
from lab.records.bisection import MeasuredPoints
from lab.records.codec import decode, encode
from lab.store.json_file import read_record

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ROOT / "results" / "bisections.json"
RUNS = ROOT / "results" / "bisections"
SEARCHES: Mapping[str, Mapping[str, str]] = {
    "ujson-failing": {"PACKAGE": "ujson"},
    "multidict-views": {"PACKAGE": "multidict"},
    "uvloop-timeouts": {"PACKAGE": "uvloop"},
    "orjson-default": {"PACKAGE": "orjson"},
    "protobuf-bytesize": {"PACKAGE": "protobuf"},
    "orjson-tzinfo": {"PACKAGE": "orjson"},
    "aiohttp-methods": {"PACKAGE": "aiohttp"},
    "numpy-recarray": {"PACKAGE": "numpy"},
    "pydantic-recursive": {"PACKAGE": "pydantic"},
    "aiohttp-cookies": {"PACKAGE": "aiohttp", "GOOD": "3.14.5"},
    "threads-unjoined": {"PYTHON": "3.7..3.13"},
    "msgpack-iteration": {"PACKAGE": "msgpack"},
}
"""What is searched, by the example that leaks."""
LONG: Mapping[str, Mapping[str, str]] = {
    "aiohttp-cookies from the oldest": {"EXAMPLE": "aiohttp-cookies", "PACKAGE": "aiohttp"},
}
"""Searches that take minutes for some points: only where it is named."""
BROKEN_DEPTH = 5
"""Levels of the file that stand on lines of their own: a point is one line, so are its runs."""


@dataclass(frozen=True, slots=True)
class KeptSearch:
    """One bisection."""

    run: str
    """The run's id, which begins with its end in UTC."""
    load: float
    """Processes that ran or waited at its end, a mean over a minute."""
    measured: MeasuredPoints
    """All that it measured, as `as_kept` leaves it."""


def typed(name: str) -> list[str]:
    """The settings of a search as a user types them."""
    settings = {"EXAMPLE": name, **{**SEARCHES, **LONG}[name], "ENGINE": "process"}
    return [f"{setting}={value}" for setting, value in settings.items()]


def search(name: str, runs: Path = RUNS) -> KeptSearch | None:
    """The answer of a search; None where it has none.

    Args:
        runs: the folder that the run is written to.
    """
    before = set(runs.iterdir())
    line = [*typed(name), f"RESULTS={runs}"]
    subprocess.run(["make", "--no-print-directory", "bisect", *line], cwd=ROOT, check=False)
    folder = next((each for each in runs.iterdir() if each not in before), None)
    if folder is None:
        return None
    measured = read_record(folder / "points.json", MeasuredPoints)
    return KeptSearch(folder.name, os.getloadavg()[0], as_kept(measured, ROOT))


Search = Callable[[str], KeptSearch | None]


def as_kept(measured: MeasuredPoints, checkout: Path) -> MeasuredPoints:
    """What was measured, without links, the path of the checkout, and days of untried points."""
    tried = {*measured.runs, *measured.faults}
    points = tuple(
        replace(point, link=None, date=point.date if point.label in tried else None)
        for point in measured.points
    )
    faults = {label: fault.replace(f"{checkout}/", "") for label, fault in measured.faults.items()}
    return replace(measured, points=points, faults=faults)


def read_searches(text: bytes) -> dict[str, tuple[KeptSearch, ...]]:
    """All tries of each search, the first first, of a file that an earlier call wrote."""
    return dict(decode(Mapping[str, tuple[KeptSearch, ...]], json.loads(text)))


def sparse(value: Any) -> Any:
    """A record as plain JSON data, without fields that have their default."""
    if is_dataclass(value):
        pairs = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.name: sparse(each) for field, each in pairs if each != field.default}
    if isinstance(value, Mapping):
        return {key: sparse(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [sparse(each) for each in value]
    return encode(value)


def json_text(value: Any, depth: int = BROKEN_DEPTH, indent: str = "") -> str:
    """JSON whose outer levels stand on lines of their own."""
    if not depth or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    inner = f"{indent} "
    if isinstance(value, list):
        items = [json_text(each, depth - 1, inner) for each in value]
    else:
        texts = ((name, json_text(each, depth - 1, inner)) for name, each in value.items())
        items = [f"{json.dumps(name)}: {text}" for name, text in texts]
    ends = "{}" if isinstance(value, dict) else "[]"
    lines = f",\n{inner}".join(items)
    return f"{ends[0]}\n{inner}{lines}\n{indent}{ends[1]}"


def searched(
    names: list[str], found: dict[str, tuple[KeptSearch, ...]], ask: Search = search
) -> Iterator[str]:
    """Adds what each search found, and yields its name."""
    for name in names:
        if kept := ask(name):
            found[name] = (*found.get(name, ()), kept)
            yield name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--more", action="store_true", help="add to the searches that are there")
    choices = [[], *SEARCHES, *LONG]
    parser.add_argument("searches", nargs="*", choices=choices, help="none: the twelve")
    given = parser.parse_args()
    is_added = given.more and WRITTEN.exists()
    found = read_searches(WRITTEN.read_bytes()) if is_added else {}
    RUNS.mkdir(parents=True, exist_ok=True)
    for _ in searched(given.searches or list(SEARCHES), found):
        write_file(WRITTEN, json_text(sparse(found)) + "\n")


if __name__ == "__main__":
    main()
