"""A results folder made to harm."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from support.quoted_runs import RUNS, TRY_RUN

NAME = "evil"
VARIANT = "py37-fastapi-sync"


def stating(**values: object) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        path.write_text(json.dumps({**data, **values}), encoding="utf-8")

    return plant


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8 << 30)


def linked(target: str) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return plant


def replaced_by(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        path.unlink(missing_ok=True)
        make(path)

    return plant


RAW = f"samples/{VARIANT}/2.jsonl"
DEEP = b"[" * 100_000 + b"]" * 100_000
PROGRAM = "../../program"


def trials(count: int) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        (path / VARIANT).mkdir(parents=True, exist_ok=True)
        for number in range(2, count + 2):
            (path / VARIANT / f"{number}.jsonl").touch()

    return plant


def large_trials(count: int) -> Callable[[Path], None]:
    def plant(path: Path) -> None:
        trials(count)(path)
        for number in range(2, count + 2):
            os.truncate(path / VARIANT / f"{number}.jsonl", 60 << 20)

    return plant


MANY_MISSING = [{"name": f"v{number}", "reason": "not built"} for number in range(300)]
OTHER_APP = (RUNS / TRY_RUN / "own.json").read_bytes().replace(b"own-ujson-failing", rb"\u001b[2J")


def holding(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


HOSTILE: list[tuple[str, Callable[[Path], None], str]] = [
    (".report.md.partial", linked(PROGRAM), "it is a symlink"),
    ("summary.json", linked(PROGRAM), "it is a symlink"),
    ("report.md", linked(PROGRAM), "it is a symlink"),
    ("report.html", linked("/dev/null"), "it is a symlink"),
    ("curves.svg", linked(PROGRAM), "it is a symlink"),
    ("experiment.json", linked("../../private/experiment.json"), "it is a symlink"),
    ("experiment.json", linked("nowhere"), "it is a symlink"),
    ("own.json", linked("nowhere"), "it is a symlink"),
    ("comparison.json", linked("/dev/zero"), "it is a symlink"),
    ("samples", linked("../../private"), "it is a symlink"),
    (f"samples/{VARIANT}", linked("../../../private"), "it is a symlink"),
    (RAW, linked("/dev/zero"), "it is a symlink"),
    (RAW, os.mkfifo, "it is a named pipe"),
    ("experiment.json", replaced_by(os.mkfifo), "it is a named pipe"),
    ("notes", os.mkfifo, "it is a named pipe"),
    (RAW, sparse, "it has 8,589,934,592 bytes"),
    ("experiment.json", sparse, "it has 8,589,934,592 bytes"),
    (RAW, Path.mkdir, "it is a folder"),
    ("experiment.json", replaced_by(Path.mkdir), "it is a folder"),
    ("own.json", Path.mkdir, "it is a folder"),
    ("summary.json", Path.mkdir, "it is a folder"),
    ("curves.svg", Path.mkdir, "it is a folder"),
    ("samples/stray", Path.touch, "it is a file, a folder is expected"),
    (RAW, holding(DEEP + b"\n"), "line 1 cannot be read: it is nested too deeply"),
    (RAW, holding(DEEP), "line 1 cannot be read: it is nested too deeply"),
    ("experiment.json", holding(DEEP), "experiment.json cannot be read: it is nested too deeply"),
    ("own.json", holding(DEEP), "own.json cannot be read: it is nested too deeply"),
    ("own.json", holding(b"5"), "own.json cannot be read"),
    ("comparison.json", holding(DEEP), "comparison.json cannot be read: it is nested too deeply"),
    (RAW, holding(b'{"record":"' + b"x" * 100_000 + b'"}\n'), "line 1 cannot be read: KeyError"),
    (RAW, holding(b"\n" * 300_000), "it has more than 100,000 lines"),
    ("samples", trials(1_001), "it holds more than 1,000 raw files"),
    ("samples", large_trials(1), "41,943,040 bytes in them"),
    ("experiment.json", stating(schema_version="99.0"), "'99.0': this lab reads '1.0'"),
    ("experiment.json", stating(schema_version="\x1b[2J"), "this lab reads '1.0'"),
    ("experiment.json", stating(schema_version="x" * 5000), "this lab reads '1.0'"),
    ("experiment.json", stating(variants=[VARIANT] * 2), "it names a variant twice"),
    ("experiment.json", stating(variants=[f"v{i}" for i in range(50_000)]), "50,000 variants"),
    ("experiment.json", stating(missing=MANY_MISSING), "301 variants, at most 300 are judged"),
    ("experiment.json", stating(command="x" * (1 << 20)), "at most 1,048,576 are read"),
    ("own.json", holding(OTHER_APP), "'\\x1b[2J' is not a variant of the run"),
    (RAW, holding(b"x" * (5 << 20)), "line 1 cannot be read: it has more than"),
]
