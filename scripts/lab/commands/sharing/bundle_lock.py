"""Asks the package index for the hashes of a run's packages, once, and keeps them with the run."""

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.app.environment import ENVIRONMENTS
from lab.engines.process.uv import Uv
from lab.errors import LabError
from lab.files import read_bytes, write_file
from lab.paths import ROOT
from lab.records.trial import Environment
from lab.share.lock import LockText, hashes_of, lock_of, pins_of
from lab.store.run_folder import RunFolder
from lab.text.packages import LOCK
from lab.units import MIB

MOST_LOCK_BYTES = 4 * MIB
COMPILE_SECONDS = 120.0
COMPILE_ATTEMPTS = 3


def lock_of_run(folder: RunFolder, environment: Environment | None) -> LockText | None:
    """The lock of the app's environment; None where no probe reported it, or it has no package.

    Kept in the run's folder once it has hashes, as an index gets new files for old releases.
    """
    if environment is None or not environment.packages:
        return None
    pins = pins_of(environment.packages)
    kept = folder.path / LOCK
    if os.path.lexists(kept):
        compiled = read_bytes(kept, MOST_LOCK_BYTES).decode("utf-8", "replace")
        return lock_of(pins, hashes_of(compiled), environment.python)
    lock = lock_of(pins, indexed_hashes(pins, environment.python), environment.python)
    if "--hash=" in lock.text:
        with contextlib.suppress(LabError):
            write_file(kept, lock.text)
    return lock


def indexed_hashes(pins: Mapping[str, str], python: str) -> Mapping[str, tuple[str, ...]]:
    """The hashes that the index has; empty where none answers, or where there is no uv."""
    root, wanted = ROOT / ENVIRONMENTS, dict(pins)
    try:
        root.mkdir(parents=True, exist_ok=True)
        uv = Uv(root)
        for _ in range(COMPILE_ATTEMPTS):
            text, failed = compiled(uv, wanted, python)
            if not failed:
                return hashes_of(text)
            # What the index lacks, such as the app itself, keeps the others from their hashes.
            lacking = [name for name in wanted if is_named(name, failed)]
            if not lacking:
                return {}
            wanted = {name: each for name, each in wanted.items() if name not in lacking}
    except (LabError, OSError):
        return {}
    return {}


def is_named(package: str, said: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(package)}(?![\w-])", said, re.IGNORECASE) is not None


def compiled(uv: Uv, pins: Mapping[str, str], python: str) -> tuple[str, str]:
    """What `uv pip compile` wrote for exact versions, and what it said where it failed."""
    minor = ".".join(python.split(".")[:2])
    with tempfile.TemporaryDirectory(prefix="memlab-lock-") as work:
        wanted, written = Path(work) / "wanted.in", Path(work) / "written.txt"
        lines = (f"{name}=={version}\n" for name, version in pins.items())
        wanted.write_text("".join(lines), encoding="utf-8")
        options = ("--generate-hashes", "--no-deps", "--no-header", "--no-annotate", "--quiet")
        failed = uv.run(
            *("pip", "compile", *options, "--python-version", minor),
            *("--output-file", written, wanted),
            timeout_seconds=COMPILE_SECONDS,
        )
        return ("" if failed else written.read_text(encoding="utf-8")), failed
