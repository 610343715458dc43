"""The whole lab without an engine, small: local processes, their endings, what is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.lab_commands import END_SECONDS, ROOT, wait_for_blocks
from support.marks import needs_processes
from support.polling import wait_until

TINY = {"VARIANTS": "py310-flask", "REQUESTS": "40", "CONCURRENCY": "4"}
NOWHERE = "unix:///nonexistent/docker.sock"
CLEAN_SECONDS = 60

pytestmark = needs_processes


@dataclass
class ProcessLab:
    """Runs of `make repro ENGINE=process` whose processes can be told from all others."""

    results: Path
    work: Path
    root: Path = ROOT

    def env(self, **settings: str) -> dict[str, str]:
        own = {"ENGINE": "process", "RESULTS": str(self.results), "TMPDIR": str(self.work)}
        return {**os.environ, **own, **settings}

    def start(self, **settings: str) -> subprocess.Popen[str]:
        """In a process group of its own, as a terminal gives it."""
        return subprocess.Popen(
            [self.root / "scripts" / "repro"],
            env=self.env(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def repro(self, **settings: str) -> tuple[int, str]:
        process = self.start(**settings)
        printed, _ = process.communicate(timeout=END_SECONDS)
        return process.returncode, printed

    def summary(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.results / "latest/summary.json").read_text())
        return data

    def record(self, kind: str) -> dict[str, Any]:
        """The first record of that kind of the newest run."""
        raw = (self.results / "latest" / "samples" / "py310-flask" / "1.jsonl").read_text()
        found = (json.loads(line) for line in raw.splitlines())
        return next(line for line in found if line["record"] == kind)

    def left_behind(self) -> list[str]:
        """Processes that know this lab's folder, and the folders of variants."""
        marker = str(self.work).encode()
        found = [path.name for path in self.work.glob("memlab-*")]
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if marker in told and int(entry.name) != os.getpid():
                found.append(told.replace(b"\0", b" ").decode(errors="replace")[:200])
        return found

    def wait_until_clean(self) -> list[str]:
        wait_until(lambda: not self.left_behind(), CLEAN_SECONDS, step_seconds=0.1)
        return self.left_behind()

    def wait_for_blocks(self, blocks: int, process: subprocess.Popen[str], run: int = 1) -> None:
        """Until that run has finished that many blocks."""

        def files() -> list[Path]:
            found = sorted(self.results.glob("2*/samples/py310-flask/1.jsonl"))
            return found if len(found) >= run else []

        wait_for_blocks(process, blocks, files)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[ProcessLab]:
    made = ProcessLab(tmp_path / "results", tmp_path / "work")
    made.results.mkdir()
    made.work.mkdir()
    yield made
    assert made.wait_until_clean() == []


def variant(lab: ProcessLab, name: str = "py310-flask") -> dict[str, Any]:
    return next(item for item in lab.summary()["variants"] if item["name"] == name)


def test_repro_measures_and_reports_without_an_engine(lab: ProcessLab) -> None:
    code, printed = lab.repro(ENGINE="auto", DOCKER_HOST=NOWHERE, HOST_CPUS="40", **TINY)
    found, run = variant(lab), lab.summary()["run"]

    assert "local processes, as no Docker Engine answers" in printed
    assert (code, run["engine"]["kind"]) == (run["exit_code"], "process"), printed
    assert code in (0, 2), printed
    requests, blocks = found["requests"], len(found["trials"][0]["troughs_bytes"]) - 1
    # 40 in 8 blocks of 5; a trial that is undecided goes on by up to twice as many again
    assert blocks in range(8, 25)
    assert requests == {"sent": 5 * blocks, "ok": 5 * blocks, "failed": 0, "failures": {}}
    assert found["prediction"]["growth_bytes"] > 0
    assert found["memory_bytes"]["peak"] >= found["memory_bytes"]["settled"]
    assert found["versions"]["flask"] == "2.0.3"
    assert [base["kind"] for base in run["bases"]] == ["local"]
    assert len(run["engine"]["notes"]) == 5
    report = (lab.results / "latest" / "report.md").read_text()
    assert all(note.split(":")[0] in report for note in run["engine"]["notes"])
    assert lab.record("environment")["cpu_count"] == 40


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_measured(lab: ProcessLab, number: int) -> None:
    process = lab.start(**{**TINY, "REQUESTS": "800"})
    lab.wait_for_blocks(2, process)
    os.killpg(process.pid, number)
    printed, _ = process.communicate(timeout=END_SECONDS)

    assert process.returncode == 130, printed
    assert lab.left_behind() == []
    assert lab.summary()["run"]["partial"] is True
    assert variant(lab)["trials"][0]["end"] == "interrupted"
    assert variant(lab)["requests"]["ok"] >= 200


def driver_of(process: subprocess.Popen[str]) -> int:
    """The driver's process, a child of the script."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[-1])


def test_a_killed_script_ends_its_driver(lab: ProcessLab) -> None:
    process = lab.start(**{**TINY, "REQUESTS": "800"})
    lab.wait_for_blocks(1, process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=END_SECONDS)

    assert lab.wait_until_clean() == []
    assert lab.summary()["run"]["partial"] is True


def test_a_run_that_was_interrupted_goes_on_by_its_name_alone(lab: ProcessLab) -> None:
    both = {**TINY, "VARIANTS": "py310-flask py310-fastapi-async", "LANES": "1"}
    process = lab.start(**both)
    wait_until(
        lambda: len(list(lab.results.glob("*/samples/*/1.jsonl"))) == 2,
        END_SECONDS,
        step_seconds=0.1,
    )
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=END_SECONDS)
    name = lab.summary()["run"]["id"]

    code, printed = lab.repro(RESUME=name)
    run = lab.summary()["run"]

    assert code in (0, 2), printed
    assert f"resuming {name}, of which 1 trial was kept" in printed
    assert (run["id"], run["partial"], len(run["sittings"])) == (name, False, 2)


def test_a_killed_driver_leaves_no_process_and_the_next_run_works_at_once(lab: ProcessLab) -> None:
    process = lab.start(**{**TINY, "REQUESTS": "800"})
    lab.wait_for_blocks(1, process)
    os.kill(driver_of(process), signal.SIGKILL)
    printed, _ = process.communicate(timeout=END_SECONDS)
    assert process.returncode == 3, printed
    assert "(exit code 137)" in printed
    assert lab.summary()["run"]["partial"] is True
    assert variant(lab)["trials"][0]["end"] == "cut off"
    assert lab.wait_until_clean() == []

    process = lab.start(**TINY)
    lab.wait_for_blocks(1, process, run=2)
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=END_SECONDS)
    assert process.returncode == 130, printed
    assert variant(lab)["requests"]["failed"] == 0


def test_a_python_that_cannot_be_had_costs_its_variants_only(
    lab: ProcessLab, tmp_path: Path
) -> None:
    pythons = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    known = sorted(pythons.glob("3.10.*"))
    if not known:
        pytest.skip("NO CPYTHON 3.10 OF PYENV HERE: a missing Python was not tested")
    versions = tmp_path / "pyenv" / "versions"
    versions.mkdir(parents=True)
    (versions / known[-1].name).symlink_to(known[-1])
    home = {"PYENV_ROOT": str(tmp_path / "pyenv"), "HOME": str(tmp_path), "UV_OFFLINE": "1"}
    code, printed = lab.repro(**{**TINY, **home, "VARIANTS": "py310-flask py37-flask"})

    assert code == 3, printed
    assert variant(lab)["requests"]["ok"] >= 40
    assert variant(lab)["requests"]["failed"] == 0
    (missing,) = lab.summary()["run"]["missing"]
    assert missing["name"] == "py37-flask"
    assert "no CPython 3.7 " in missing["reason"]


def copy_of_the_lab(folder: Path, limit: str) -> Path:
    """The same lab with less memory for Flask."""
    skipped = shutil.ignore_patterns("results", ".*", "__pycache__", "tests")
    shutil.copytree(ROOT, folder, ignore=skipped)
    for name in (".venv", ".environments"):
        (folder / name).symlink_to(ROOT / name)
    text = (ROOT / "compose.yaml").read_text()
    (folder / "compose.yaml").write_text(
        re.sub(r"(mem_limit|memswap_limit): 1g", rf"\1: {limit}", text)
    )
    return folder


def test_a_memory_limit_is_kept(lab: ProcessLab, tmp_path: Path) -> None:
    lab.root = copy_of_the_lab(tmp_path / "small", "60m")
    code, printed = lab.repro(**{**TINY, "REQUESTS": "80", "CONCURRENCY": "8"})
    summary = variant(lab)

    assert code in (2, 3), printed
    assert summary["verdict"] == "inconclusive"
    assert summary["memory_limit_bytes"] == 60 << 20
    peak = summary["memory_bytes"]["peak"] if summary["memory_bytes"] else 0
    assert (peak or 0) <= 62 << 20


def test_docker_is_insisted_on_and_does_not_answer(lab: ProcessLab) -> None:
    code, printed = lab.repro(ENGINE="docker", DOCKER_HOST=NOWHERE, **TINY)

    assert code == 3
    assert printed.count("\n") == 1
    assert "no Docker Engine answers" in printed


@pytest.mark.engine
def test_both_engines_stand_side_by_side_in_the_second_report(
    images: None, lab: ProcessLab
) -> None:
    for folder in (lab.results, *lab.results.parents[:3]):
        folder.chmod(0o777)
    project = f"memlab-test-{os.getpid()}"
    code, printed = lab.repro(ENGINE="docker", COMPOSE_PROJECT_NAME=project, **TINY)
    assert code in (0, 2), printed
    docker = variant(lab)
    lab.repro(**TINY)
    comparison = lab.summary()["run"]["comparison"]

    assert comparison["engine"]["kind"] == "docker"
    (row,) = comparison["variants"]
    assert row["settled_bytes"] == docker["memory_bytes"]["settled"]
    assert "## Both engines" in (lab.results / "latest" / "report.md").read_text()
