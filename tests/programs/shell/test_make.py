"""What make's line and the environment hold reaches a recipe as it was typed, and runs nothing."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lab.settings import declared
from support.paths import ROOT
from support.shell_scripts import SHELL_SCRIPTS

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SETTINGS = (*(setting.name for setting in declared.SETTINGS), "LAB_UID")
TEXTS = {
    "make's shell": "$(shell touch ran)",
    "make's shell in braces": "${shell touch ran}",
    "make's error": "$(error stopped)",
    "make's variable": "$(HOME) ${PATH} $@ $(RUN)",
    "dollars": "a$b $$ $$$ $$(shell touch ran) $",
    "the shell's own": "`touch ran` $(touch ran) ; touch ran & | > ran",
    "quotes": "it's \"so\" '' \"",
    "comment": "a #b \\# c",
    "newlines": "a\nb\n\ttouch ran\n$(shell touch ran)",
    "blanks": "a  b\tc  ",
    "backslashes": "a\\b \\n \\\\ \\\nc \\",
    "an option": "-n --eval=$(shell touch ran)",
    "an assignment": "x=$(shell touch ran) y:=1",
    "brackets": "a) (b , $(call c,",
    "not ASCII": "caf\u00e9 \N{SNOWMAN}",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile, and in the place of the lab's scripts one that writes its environment down."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("repro", "report", "try"):
        (scripts / name).write_text("#!/bin/sh\nenv -0 > environment\n", encoding="utf-8")
        (scripts / name).chmod(0o755)
    return tmp_path


def clean_environment() -> dict[str, str]:
    """Without settings, and without what a make that runs the tests tells those below it."""
    makes_own = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")
    left_out = {*SETTINGS, *makes_own}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def received(checkout: Path) -> dict[str, str]:
    entries = (checkout / "environment").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


def run_make(checkout: Path, words: list[str], environment: dict[str, str]) -> dict[str, str]:
    ended = subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=checkout,
        env={**clean_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(path.name for path in checkout.iterdir()) == [
        "Makefile",
        "environment",
        "scripts",
    ]
    return received(checkout)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("source", ["line", "environment", "environment with -e"])
def test_every_setting_reaches_the_recipe_as_typed(checkout: Path, source: str, text: str) -> None:
    given = dict.fromkeys(SETTINGS, text)
    if source == "line":
        done = run_make(checkout, ["report", *(f"{n}={v}" for n, v in given.items())], {})
    else:
        options = ["-e"] if source.endswith("-e") else []
        done = run_make(checkout, [*options, "report"], given)

    assert {name: done.get(name) for name in SETTINGS} == given


def test_the_line_comes_before_the_environment(checkout: Path) -> None:
    done = run_make(checkout, ["report", "RUN=$$line"], {"RUN": "environment", "SEED": "1"})

    assert (done["RUN"], done["SEED"]) == ("$$line", "1")


def test_make_below_make_passes_on_what_was_typed(checkout: Path) -> None:
    (checkout / "scripts" / "report").write_text("#!/bin/sh\nmake repro\n", encoding="utf-8")

    done = run_make(checkout, ["report", "RUN=$(shell touch ran) $$ 'a' #"], {})

    assert done["RUN"] == "$(shell touch ran) $$ 'a' #"


def recorded(words: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [ROOT / "scripts" / "shell" / "command-line", *words],
        env={**clean_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ["SUITE", "ID", "VARIANTS", "HOST_CPUS", "MEMORY_BUDGET"]),
        (["try"], ["APP", "EXAMPLE", "HOST_CPUS"]),
    ],
)
def test_the_recorded_line_typed_again_gives_the_same_settings(
    checkout: Path, words: list[str], names: list[str], text: str
) -> None:
    given = dict.fromkeys(names, text)
    line = recorded(words, given)

    subprocess.run(
        ["sh", "-c", line], cwd=checkout, env=clean_environment(), timeout=30, check=True
    )

    assert not (checkout / "ran").exists()
    assert {name: received(checkout).get(name) for name in names} == given


@pytest.mark.parametrize(
    ("words", "environment", "line"),
    [
        ([], {}, "make repro"),
        ([], {"VARIANTS": "py37-*", "SEED": "1"}, "make repro VARIANTS='py37-*' SEED=1"),
        (["try"], {"APP": "../my app/$x"}, "make try APP='../my app/$x'"),
        (["try"], {"EXAMPLE": "ujson-failing/mended"}, "make try EXAMPLE=ujson-failing/mended"),
        (["try"], {"APP": "it's"}, "make try APP='it'\\''s'"),
    ],
)
def test_the_recorded_line(words: list[str], environment: dict[str, str], line: str) -> None:
    assert recorded(words, environment) == line + "\n"


ENTRY_POINTS = set(re.findall(r"^\t@.*scripts/([a-z]+)", MAKEFILE, re.MULTILINE))


def test_what_make_calls_stands_apart_from_what_is_sourced_or_called_by_it() -> None:
    entries = {path.name for path in SHELL_SCRIPTS if path.parent.name == "scripts"}

    assert entries == ENTRY_POINTS


@pytest.mark.parametrize("code", [1, 2, 3, 64, 130])
def test_a_script_keeps_the_exit_code_that_make_flattens(tmp_path: Path, code: int) -> None:
    """As scripts/repro and scripts/report end: with what `python -m lab` ends with."""
    shutil.copytree(ROOT / "scripts" / "shell", tmp_path / "scripts" / "shell")
    for name in ("report", "repro", "try"):
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")
    program(tmp_path / "scripts" / "shell" / "venv", "exit 0")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    program(python, f"exit {code}")
    program(tmp_path / "python3", 'case "$*" in *check-app*) echo; echo "$PWD/lab.toml" ;; esac')
    shutil.copy(ROOT / "Makefile", tmp_path)
    path = f"{tmp_path}:{os.environ['PATH']}"
    given = {**clean_environment(), "PATH": path, "ENGINE": "process", "APP": "."}

    for name in ("report", "repro", "try"):
        words = ([tmp_path / "scripts" / name], ["make", name])
        ended = [
            subprocess.run(
                each, cwd=tmp_path, env=given, capture_output=True, timeout=60, check=False
            ).returncode
            for each in words
        ]
        assert ended == [code, 2]


def program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
