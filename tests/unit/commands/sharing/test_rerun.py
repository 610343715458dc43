"""What runs a bundle again: this checkout's scripts with the run's settings, or the driver."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.commands.sharing.bundle_reader import open_bundle
from lab.commands.sharing.verify_rerun import Rerun, rerun
from lab.errors import LabError
from lab.share.manifest import BundleKind, LabFact, Manifest
from lab.store.run_folder import RunFolder
from support.planted import two_variants

MANIFEST = Manifest(
    *("1.0", "run", BundleKind.SUITE, None, LabFact("0.1.0", None, None), {}, "", {}, (), {})
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return two_variants(tmp_path / "there")


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the place of scripts/repro one that writes down what reached it, and ends with 3."""
    path = tmp_path / "script"
    path.write_text(f"#!/bin/sh\nenv > {tmp_path}/environment\nexit 3\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setattr(Rerun, "script", path)
    return path


def wanted(folder: RunFolder, work: Path) -> Rerun:
    return Rerun(MANIFEST, folder.read_experiment(), work, "process", {"BUDGET": "15m"})


def test_the_script_gets_the_runs_settings_and_no_others(
    folder: RunFolder, tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS", "99")
    monkeypatch.setenv("LANES", "1")
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    assert rerun(wanted(folder, tmp_path), dict(os.environ)) == 3

    lines = (tmp_path / "environment").read_text(encoding="utf-8").splitlines()
    environment = dict(line.split("=", 1) for line in lines if "=" in line)
    assert environment["VARIANTS"] == "py37-flask py310-fastapi-sync"
    assert environment["RESULTS"] == str(tmp_path / "here")
    assert (environment["ENGINE"], environment["LANES"]) == ("process", "1")
    assert "REQUESTS" not in environment
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_command_of_the_run_does_not_reach_the_host(
    folder: RunFolder, tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COMPOSE", "DOCKER_SOCKET", "TRUST"):
        monkeypatch.delenv(name, raising=False)
    experiment = folder.read_experiment()
    line = "make repro COMPOSE='touch ran' DOCKER_SOCKET=/x TRUST=1 SEED=7"
    folder.write_experiment(replace(experiment, command=line))

    rerun(wanted(folder, tmp_path), dict(os.environ))

    written = (tmp_path / "environment").read_text(encoding="utf-8")
    assert "\nSEED=7\n" in written
    assert not any(f"\n{name}=" in written for name in ("COMPOSE", "DOCKER_SOCKET", "TRUST"))


@pytest.mark.parametrize(("given", "budget"), [({}, "15m"), ({"BUDGET": "60s"}, "60s")])
def test_the_load_of_there_has_time_unless_the_reader_says_otherwise(
    folder: RunFolder, tmp_path: Path, script: Path, given: dict[str, str], budget: str
) -> None:
    rerun(wanted(folder, tmp_path), given)

    assert f"\nBUDGET={budget}\n" in (tmp_path / "environment").read_text(encoding="utf-8")


def test_what_cannot_be_started_is_one_line(
    folder: RunFolder, tmp_path: Path, script: Path
) -> None:
    script.write_text("#!/no/such/interpreter\n", encoding="utf-8")

    with pytest.raises(LabError, match="cannot be started here"):
        rerun(wanted(folder, tmp_path), {})


def test_the_drivers_command_is_none_for_a_user(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAB_THERE", str(folder.path.parent))
    monkeypatch.delenv("LAB_PROJECT", raising=False)

    assert main(["rerun"]) == 64
    assert "rerun is the driver of an unpacked bundle" in capsys.readouterr().err


def test_a_driver_without_a_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAB_THERE", str(tmp_path))

    assert main(["rerun"]) == 64
    assert "unpack the bundle whole" in capsys.readouterr().err


def test_a_bundle_that_is_a_link_or_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link.zip").symlink_to("/dev/zero")

    for path in (tmp_path, tmp_path / "link.zip"):
        with pytest.raises(LabError):
            open_bundle(path)
