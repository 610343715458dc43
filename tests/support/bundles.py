"""A bundle that is unpacked and run by Compose alone: what it is run with, and what comes out."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from support.lab_commands import ROOT, Lab, composes

CODES = {"agrees": 0, "differs": 1, "undecided": 2}


def outcome(results: Path) -> str:
    (written,) = results.glob("verify-*.json")
    return str(json.loads(written.read_text(encoding="utf-8"))["outcome"])


def bases(**settings: str) -> dict[str, str]:
    """The base images: official ones, or the stand-ins of a machine without a registry."""
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


def bundle(lab: Lab) -> Path:
    """The file that `make bundle` wrote of the lab's latest run."""
    done = run([ROOT / "scripts" / "bundle"], env=lab.env())
    assert done.returncode == 0, done.stderr
    (archive,) = lab.results.glob("*.zip")
    return archive


def check_by_compose_alone(lab: Lab, archive: Path, folder: Path) -> None:
    """Unpacks a bundle, reruns it as a reader does: it ends with the code of its outcome."""
    assert run(["unzip", "-q", archive, "-d", folder]).returncode == 0
    (top,) = folder.iterdir()
    compose = composes()[0].split()
    env = {**os.environ, **bases(), "COMPOSE_PROJECT_NAME": lab.project}
    try:
        up = [*compose, "up", "--build", "--exit-code-from", "driver"]
        done = run(up, cwd=top, env=env)
        assert done.returncode == CODES[outcome(top / "results")], done.stdout[-3000:]
        assert "there | here" in done.stdout
    finally:
        run([*compose, "down", "--volumes", "--remove-orphans"], cwd=top, env=env)
    assert lab.left_behind() == []
