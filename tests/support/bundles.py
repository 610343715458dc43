"""A bundle that is unpacked and run by Compose alone: what it is run with, and what comes out."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from support.lab_commands import ROOT

CODES = {"agrees": 0, "differs": 1, "undecided": 2}


def outcome(results: Path) -> str:
    (written,) = results.glob("verify-*.json")
    return str(json.loads(written.read_text(encoding="utf-8"))["outcome"])


def bases(**settings: str) -> dict[str, str]:
    """Of the images: official ones, or the stand-ins of a machine without a registry."""
    done = subprocess.run(
        [ROOT / "scripts" / "shell" / "bases"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **settings},
    )
    pairs = (line.partition("=")[::2] for line in done.stdout.splitlines())
    return {name: value.strip("'") for name, value in pairs}


def run(words: list[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]
