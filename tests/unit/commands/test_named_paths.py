"""A path that a setting names may be anything: one line that names it, 64, and nothing is changed.

A user's own path may lead through symlinks; what stands at its end is what counts.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.errors import ExitCode


def make_link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def led_to_a_pipe(path: Path) -> None:
    os.mkfifo(f"{path}.pipe")
    path.symlink_to(f"{path}.pipe")


KINDS: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "device": (make_link("/dev/zero"), "a device"),
    "pipe": (os.mkfifo, "a named pipe"),
    "pipe behind a symlink": (
        lambda path: (os.mkfifo(f"{path}.p"), path.symlink_to(f"{path}.p")),
        "",
    ),
    "nothing": (lambda path: None, "not there"),
    "dangling": (make_link("nowhere"), "not there"),
    "loop": (lambda path: path.symlink_to(path), "not there"),
    "a file that fails when it is read": (make_link("/proc/self/mem"), ""),
    "empty file": (Path.touch, ""),
    "short file": (lambda path: path.write_bytes(b"x\0y"), ""),
    "folder": (Path.mkdir, ""),
}
Refused = Callable[[str], str]
"""From a command to the one line that it says."""
APP_COMMANDS = ("init", "layers", "bisect")
RESULT_COMMANDS = (
    *("compare", "bundle", "reproduce", "resume-settings", "check-settings", "repro"),
    "verify",
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("APP", "EXAMPLE", "RUN", "WITH", "RESUME", "BUNDLE", "RESULTS", "GIT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENGINE", "process")
    return inside / "named"


@pytest.fixture
def refused(path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Runs a command that has to refuse what it is given, and to leave everything as it is."""

    def refusal(command: str) -> str:
        before = sorted(path.parent.iterdir())
        assert main([command]) == ExitCode.USAGE
        said = capsys.readouterr().err
        assert said.count("\n") == 1, said
        assert "Traceback" not in said
        assert sorted(path.parent.iterdir()) == before
        return said

    return refusal


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle(path: Path, kind: str, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, said = KINDS[kind]
    plant(path)
    monkeypatch.setenv("BUNDLE", str(path))

    line = refused("verify")
    assert said in line
    assert line.startswith(f"lab: BUNDLE={path}: ")
    assert "remove it" not in line


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        *((kind, "check-app") for kind in KINDS if kind != "folder"),
        *(("loop", c) for c in APP_COMMANDS),
    ],
)
def test_an_app(
    path: Path,
    kind: str,
    command: str,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant, said = KINDS[kind]
    plant(path)
    monkeypatch.setenv("APP", str(path))
    monkeypatch.setenv("PACKAGE", "flask")

    line = refused(command)
    assert said in line
    assert f"APP={path}: " in line


@pytest.mark.parametrize("command", [*APP_COMMANDS, "verify"])
def test_a_name_that_no_file_can_have(
    path: Path, command: str, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("APP", "BUNDLE"):
        monkeypatch.setenv(name, f"{path}/{'a' * 300}")
    monkeypatch.setenv("PACKAGE", "flask")

    assert refused(command)


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        *((kind, "report") for kind in KINDS if kind not in ("nothing", "folder")),
        *(("pipe", c) for c in RESULT_COMMANDS),
    ],
)
def test_results(
    path: Path,
    kind: str,
    command: str,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant, said = KINDS[kind]
    plant(path)
    monkeypatch.setenv("RESULTS", str(path))
    monkeypatch.setenv("BUNDLE", str(path.parent))
    for name in ("RUN", "WITH", "RESUME"):
        monkeypatch.setenv(name, "20261126-000000-core")

    line = refused(command)
    assert said in line
    assert line.startswith(f"lab: RESULTS={path} is ")


@pytest.mark.parametrize("setting", ["RUN", "WITH", "RESUME"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run(
    path: Path,
    kind: str,
    setting: str,
    refused: Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    KINDS[kind][0](path)
    monkeypatch.setenv("RESULTS", str(path.parent))
    monkeypatch.setenv(setting, path.name)
    command = {"RUN": "bundle", "WITH": "compare", "RESUME": "resume-settings"}[setting]

    line = refused(command)
    assert line.startswith("lab: ")
