"""What an app waits for before its server starts, and how it ends."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from support.imported_apps import app
from support.paths import ROOT

pytestmark = pytest.mark.usefixtures("fresh_pools")


def test_the_database_is_where_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg2", reason="psycopg2 is in the stacks with a database alone")
    monkeypatch.setenv("LAB_DATABASE", "db:1234")

    assert app("workloads_database").address() == "postgresql+psycopg2://lab@db:1234/lab"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [(None, ("postgres", 5432)), ("db", ("db", 5432)), ("db:1234", ("db", 1234))],
)
def test_the_address_of_the_database(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, expected: tuple[str, int]
) -> None:
    if setting:
        monkeypatch.setenv("LAB_DATABASE", setting)

    assert app("await_database").address() == expected


def test_a_database_that_listens_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("LAB_DATABASE", f"127.0.0.1:{server.getsockname()[1]}")

        assert app("await_database").main() == 0


def test_a_database_that_does_not_come_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await_database = app("await_database")
    monkeypatch.setenv("LAB_DATABASE", "127.0.0.1:1")

    assert await_database.main(0.02, 0.01) == await_database.NO_DATABASE
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no database at 127.0.0.1:1" in said
    assert "LAB_DATABASE" in said


@pytest.mark.parametrize(("waited", "served"), [(3, ""), (0, "served\n")])
def test_the_entry_starts_no_server_without_its_database(
    tmp_path: Path, waited: int, served: str
) -> None:
    (tmp_path / "await_database.py").write_text(f"raise SystemExit({waited})", encoding="utf-8")
    subprocess.run(
        [str(ROOT / "images" / "entry"), "echo", "served"],
        env={
            **os.environ,
            "LAB_APPS": str(tmp_path),
            "LAB_WORK": str(tmp_path),
            "LAB_LOG": str(tmp_path / "server.log"),
            "LAB_WORKLOAD": "db-merged",
            "LAB_PROBES": "0",
            "LAB_LIFECYCLE": "driver",
        },
        capture_output=True,
        check=False,
        timeout=30,
    )
    log = (tmp_path / "server.log").read_text(encoding="utf-8")

    assert log.endswith(f"the server ended with status {waited}\n")
    assert served in log
    assert ("served" in log) == bool(served)


def entered(work: Path, *command: str) -> str:
    """The log of a server that the entry ran."""
    log = work / "server.log"
    environment = {
        **os.environ,
        "LAB_APPS": str(work),
        "LAB_WORK": str(work),
        "LAB_LOG": str(log),
        "LAB_WORKLOAD": "lists",
        "LAB_PROBES": "0",
        "LAB_LIFECYCLE": "driver",
    }
    subprocess.run(
        [str(ROOT / "images" / "entry"), *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=30,
    )
    return log.read_text(encoding="utf-8")


def test_the_last_lines_of_a_server_come_before_the_word_on_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "tee"
    once = f'mkdir "{tmp_path}/used" 2> /dev/null && sleep 0.3'
    slow.write_text(f'#!/bin/sh\n{once}\nexec {shutil.which("tee")} "$@"\n', encoding="utf-8")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    lines = entered(tmp_path, "echo", "served").splitlines()
    assert lines == ["served", "the server ended with status 0"]


def test_what_a_server_left_behind_does_not_hold_its_end_up(tmp_path: Path) -> None:
    assert entered(tmp_path, "sh", "-c", "sleep 5 & echo served").splitlines() == [
        "served",
        "the server ended with status 0",
    ]
