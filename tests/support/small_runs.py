"""A small run of the whole lab on a real engine, and what it wrote."""

import json
from pathlib import Path
from typing import Any

from support.lab_commands import Lab, docker
from support.shell_scripts import sourced

TINY = {"REQUESTS": "40", "CONCURRENCY": "4"}


def summary_of(lab: Lab) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((lab.results / "latest" / "summary.json").read_text())
    return data


def variant(summary: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in summary["variants"] if item["name"] == name)


def assert_whole(trial: dict[str, Any]) -> None:
    """All was answered; a trial whose verdict asks for more goes on to three times the load."""
    blocks = len(trial["troughs_bytes"]) - 1
    assert trial["requests"]["failed"] == 0
    assert trial["requests"]["ok"] == blocks * (40 // 8)
    assert 8 <= blocks <= 24


def images_of(clone: Path) -> str:
    """The images of a clone, by their tag."""
    tag = sourced(clone, "echo $LAB_TAG")
    return docker("images", "--format", "{{.Repository}}:{{.Tag}}", f"--filter=reference=*{tag}")
