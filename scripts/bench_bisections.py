"""What `make bisect` finds over the histories of real packages: twelve searches, in one file.

    .venv/bin/python scripts/bench_bisections.py [--more] [EXAMPLE ...]

Twenty minutes for all. A search that was made before in this checkout takes what it measured from
`.environments/points`, so a fresh clone is needed. Writes results/bisections.json after each, where
every search of an example is kept in its turn; the runs stand in results/bisections.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
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
    """All that it measured, without the links of its points."""


def search(example: str) -> KeptSearch | None:
    """The bisection of an example, typed as a user types it; None where it has no answer."""
    before = set(RUNS.iterdir())
    settings = {"EXAMPLE": example, **SEARCHES[example], "ENGINE": "process", "RESULTS": str(RUNS)}
    line = [f"{name}={value}" for name, value in settings.items()]
    subprocess.run(["make", "--no-print-directory", "bisect", *line], cwd=ROOT, check=False)
    folder = next((each for each in RUNS.iterdir() if each not in before), None)
    if folder is None:
        return None
    measured = read_record(folder / "points.json", MeasuredPoints)
    points = tuple(replace(point, link=None) for point in measured.points)
    return KeptSearch(folder.name, os.getloadavg()[0], replace(measured, points=points))


def read_searches(text: bytes) -> dict[str, tuple[KeptSearch, ...]]:
    """The bisections of a file that an earlier call wrote, by their examples, the first first."""
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


def searched(examples: list[str], found: dict[str, tuple[KeptSearch, ...]]) -> Iterator[str]:
    """Adds what each search found, and yields the example."""
    for example in examples:
        if kept := search(example):
            found[example] = (*found.get(example, ()), kept)
            yield example


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--more", action="store_true", help="add to the searches that are there")
    parser.add_argument("examples", nargs="*", choices=[[], *SEARCHES], help="none: all")
    given = parser.parse_args()
    is_added = given.more and WRITTEN.exists()
    found = read_searches(WRITTEN.read_bytes()) if is_added else {}
    RUNS.mkdir(parents=True, exist_ok=True)
    for _ in searched(given.examples or list(SEARCHES), found):
        write_file(WRITTEN, json_text(sparse(found)) + "\n")


if __name__ == "__main__":
    main()
