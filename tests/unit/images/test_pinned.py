"""What is installed and run is named by its content: packages by hashes, actions by a commit."""

import re
from pathlib import Path

import pytest
from lab.yaml_file import read_yaml
from support.paths import ROOT

LOCKS = sorted((ROOT / "images" / "locks").glob("*.txt"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_package_of_every_lock_has_a_version_and_hashes(lock: Path) -> None:
    """Those of the driver, of memray and of the checks as well."""
    text = lock.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]

    assert lines
    assert [line for line in lines if not re.match(r"[\w.-]+(\[[\w,-]+\])?==[^\s;]+", line)] == []
    entries = re.split(r"\n(?=\w)", text)
    named = [entry for entry in entries if re.match(r"\w", entry)]
    assert [each for each in named if "--hash=sha256:" not in each] == []


def test_memray_and_the_driver_are_among_them() -> None:
    assert {"memray", "driver", "latest", "thread"} <= {path.stem for path in LOCKS}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_alone_and_its_actions_are_commits(workflow: Path) -> None:
    stated = read_yaml(workflow)
    jobs = stated["jobs"].values()
    uses = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]

    assert stated["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in jobs)
    assert uses
    assert [each for each in uses if not COMMIT.fullmatch(each)] == []
