"""The CPUs that a variant is shown: how it is asked for, tried out, and said."""

import ast
import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from lab.engines.process.cpus import ONLINE, CpuWay, ShownCpus, Shows, namespace, show, shows
from support.paths import ROOT

IMAGES, APPS = ROOT / "images", ROOT / "apps"
NAMESPACES = [CpuWay.MOUNT, CpuWay.USER_MOUNT]
COUNTS = "import multiprocessing, os; print(os.cpu_count(), multiprocessing.cpu_count())"
UNSHARE = """#!/bin/sh
echo "unshare" "$1" "$2" "$3" >> "$SAID"
while case $1 in --*) ;; *) false ;; esac; do shift; done
exec "$@"
"""
MOUNT = """#!/bin/sh
echo "mount$(printf ' <%s>' "$@")" >> "$SAID"
exit "$MOUNT_STATUS"
"""


def run(words: Sequence[str], **given: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **given}
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was said to an unshare and a mount that only write it down."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in (("unshare", UNSHARE), ("mount", MOUNT)):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    monkeypatch.setenv("MOUNT_STATUS", "0")
    return tmp_path / "said"


@pytest.mark.parametrize(
    ("way", "options"),
    [(CpuWay.MOUNT, "--mount sh -c"), (CpuWay.USER_MOUNT, "--user --map-root-user --mount")],
)
def test_a_namespace_binds_the_file_and_then_becomes_the_command(
    said: Path, tmp_path: Path, way: CpuWay, options: str
) -> None:
    file = tmp_path / "a folder" / "40"
    ended = run([*namespace(way, file), "printf", "<%s>", "a b", "$HOME"])

    assert said.read_text(encoding="utf-8").splitlines() == [
        f"unshare {options}",
        f"mount <--bind> <{file}> <{ONLINE}>",
    ]
    assert ended.stdout == "<a b><$HOME>"


@pytest.mark.parametrize("way", NAMESPACES)
def test_where_the_bind_fails_the_command_is_not_run(
    said: Path, monkeypatch: pytest.MonkeyPatch, way: CpuWay
) -> None:
    monkeypatch.setenv("MOUNT_STATUS", "32")
    ended = run([*namespace(way, Path("40")), "echo", "it ran"])

    assert (ended.returncode, ended.stdout) == (32, "")


@pytest.mark.parametrize("printed", ["40", "16", "", "none"])
def test_a_prefix_shows_what_an_interpreter_behind_it_counts(printed: str) -> None:
    assert shows(("sh", "-c", f"echo {printed}"), 40) is (printed == "40")


def test_an_interpreter_without_a_prefix_counts_the_machines_own() -> None:
    own = os.cpu_count() or 1

    assert shows(("env",), own)
    assert not shows(("env",), own + 1)


def test_a_prefix_that_cannot_be_started_shows_nothing(tmp_path: Path) -> None:
    assert not shows((str(tmp_path / "unshare"),), 40)


def test_a_prefix_that_hangs_shows_nothing() -> None:
    assert not shows(("sh", "-c", "echo 40; exec sleep 60"), 40, seconds=0.05)


def working(*ways: CpuWay) -> Shows:
    """These ways are the only ones that work."""
    prefixes = [namespace(way, IMAGES / "cpus" / "40") for way in ways]
    return lambda prefix, cpus: prefix in prefixes and cpus == 40


@pytest.mark.parametrize(
    ("ways", "best"),
    [
        (NAMESPACES, CpuWay.MOUNT),
        ([CpuWay.MOUNT], CpuWay.MOUNT),
        ([CpuWay.USER_MOUNT], CpuWay.USER_MOUNT),
    ],
)
def test_the_first_namespace_that_works_is_used(ways: list[CpuWay], best: CpuWay) -> None:
    shown = show(40, IMAGES, APPS, working(*ways))

    assert shown == ShownCpus(best, namespace(best, IMAGES / "cpus" / "40"))


def test_where_no_namespace_works_a_shim_is_used() -> None:
    shown = show(40, IMAGES, APPS, working())

    assert (shown.way, shown.prefix) == (CpuWay.SHIM, ())
    assert counted(shown.environment) == "40 40"


def test_as_many_as_there_are_need_no_way() -> None:
    shown = show(None, IMAGES, APPS, lambda *_: pytest.fail("nothing is to be tried"))

    assert shown == ShownCpus(CpuWay.AS_IT_IS, (), {})


def counted(environment: Mapping[str, str], *prefix: str) -> str:
    return run([*prefix, sys.executable, "-c", COUNTS], **environment).stdout.strip()


def test_what_works_on_this_machine_shows_the_cpus() -> None:
    shown = show(4, IMAGES, APPS)

    assert counted(shown.environment, *shown.prefix) == "4 4"


def test_the_shim_shows_the_cpus_to_whatever_asks_python() -> None:
    given = {"PYTHONPATH": str(APPS / "shim"), "LAB_SHOWN_CPUS": "40"}

    assert counted(given) == "40 40"
    assert counted({}) == f"{os.cpu_count()} {multiprocessing.cpu_count()}"


@pytest.mark.skipif(sys.version_info < (3, 13), reason="os.process_cpu_count is new in 3.13")
def test_the_shim_shows_the_cpus_of_the_process_too() -> None:
    given = {"PYTHONPATH": str(APPS / "shim"), "LAB_SHOWN_CPUS": "40"}
    ended = run([sys.executable, "-c", "import os; print(os.process_cpu_count())"], **given)

    assert ended.stdout == "40\n"


def test_the_shim_is_in_the_syntax_of_3_7() -> None:
    ast.parse((APPS / "shim" / "sitecustomize.py").read_text("utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("way", "cpus", "said"),
    [
        (CpuWay.AS_IT_IS, None, "this machine's own"),
        (
            CpuWay.MOUNT,
            40,
            "40 are shown by the same bind as in the containers, in a mount namespace",
        ),
        (CpuWay.USER_MOUNT, 40, "40 are shown .*, in a user and mount namespace"),
        (CpuWay.SHIM, 40, "40 are shown by a shim .* because no mount namespace can be made here"),
    ],
)
def test_the_report_says_how_they_are_shown(way: CpuWay, cpus: int | None, said: str) -> None:
    note = ShownCpus(way).note(cpus)

    assert re.fullmatch(f"CPUs: [^.]*{said}[^.]*\\.", note.replace("os.cpu", "cpu")), note


def test_what_a_prefix_says_may_be_of_any_bytes() -> None:
    assert not shows(("sh", "-c", "printf 'caf\\303' >&2; exit 1", "sh"), 4)
    assert not shows(("sh", "-c", "printf 'caf\\303'", "sh"), 4)
