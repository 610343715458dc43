"""A run's raw files without what is private, and everything that is derived from them anew."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.commands.rebuild import JudgedRun, judge_anew
from lab.files import read_bytes, read_lines, write_file
from lab.share.archive import ArchiveEntry
from lab.share.redaction import Redactor
from lab.store.layout import COMPARISON, EXPERIMENT, OWN, SAMPLES
from lab.store.run_folder import RunFolder

DOCUMENTS = (EXPERIMENT, COMPARISON, OWN)
THERE = "there"
"""The folder of the run in a bundle."""


def copy_run(folder: RunFolder, redactor: Redactor, there: Path) -> RunFolder:
    """The run below `there`, its raw files without what is private.

    Raises:
        LabError: something in the folder cannot be read.
    """
    folder.check()
    copy = RunFolder(there / redactor.text(folder.id))
    copy.path.mkdir(parents=True)
    for name in DOCUMENTS:
        if os.path.lexists(folder.path / name):
            data = redactor.data(json.loads(read_bytes(folder.path / name)))
            write_file(copy.path / name, json.dumps(data, indent=2) + "\n")
    for path in folder.raw_files():
        target = copy.path / SAMPLES / redactor.text(path.parent.name)
        target.mkdir(parents=True, exist_ok=True)
        lines = (redacted_line(line, redactor) for line in whole_lines(path))
        write_file(target / path.name, "".join(lines))
    return copy


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a raw file, but for a last one that was cut off."""
    return (line for line in read_lines(path) if line.endswith(b"\n") and line.strip())


def redacted_line(line: bytes, redactor: Redactor) -> str:
    data: Any = redactor.data(json.loads(line))
    return json.dumps(data, separators=(",", ":")) + "\n"


def run_files(copy: RunFolder) -> tuple[JudgedRun, dict[str, ArchiveEntry]]:
    """What the copy says, judged anew, and all of its files by their names in a bundle."""
    judged = judge_anew(copy)
    files = {
        f"{THERE}/{path.relative_to(copy.path.parent).as_posix()}": ArchiveEntry(path.read_bytes())
        for path in sorted(copy.path.rglob("*"))
        if path.is_file()
    }
    top = f"{THERE}/{copy.id}"
    files |= {f"{top}/{name}": ArchiveEntry(text.encode()) for name, text in judged.files.items()}
    return judged, files
