"""The one list of commands, and everything that holds to it."""

import argparse
import inspect
import re
from pathlib import Path

import pytest
from lab.commands import table
from lab.commands.table import COMMANDS, CommandEntry
from lab.errors import ExitCode, LabError
from support.paths import ROOT
from support.shell_scripts import SHELL_SCRIPTS

LAB = ROOT / "scripts" / "lab"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = dict(re.findall(r"^([a-z]+):.*## (.*)$", MAKEFILE, re.MULTILINE))
BY_NAME = {entry.name: entry for entry in COMMANDS}
RUN_BY_PATH = {"engines/process/supervisor.py", "__main__.py"}
"""What is started by its file's name: it is a program of its own."""


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_every_command_has_a_module_that_holds_to_the_protocol(entry: CommandEntry) -> None:
    command = entry.load()

    command.add_arguments(argparse.ArgumentParser())

    (parameter,) = inspect.signature(command.run).parameters.values()
    assert parameter.annotation is argparse.Namespace
    assert inspect.signature(command.run).return_annotation is ExitCode


def test_names_and_modules_are_there_once() -> None:
    assert len({entry.name for entry in COMMANDS}) == len(COMMANDS)
    assert len({entry.module for entry in COMMANDS}) == len(COMMANDS)


def test_every_module_with_a_command_is_in_the_table() -> None:
    with_run = {
        ".".join(path.relative_to(LAB / "commands").with_suffix("").parts)
        for path in (LAB / "commands").rglob("*.py")
        if re.search(r"^def add_arguments\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert with_run == {entry.module for entry in COMMANDS}


@pytest.mark.parametrize(
    "entry", [entry for entry in COMMANDS if entry.target], ids=lambda entry: entry.name
)
def test_make_help_says_what_the_command_says(entry: CommandEntry) -> None:
    assert TARGETS[entry.target or ""] == entry.help


def test_nothing_else_in_the_lab_is_a_program() -> None:
    programs = {
        str(path.relative_to(LAB))
        for path in LAB.rglob("*.py")
        if "if __name__ ==" in path.read_text(encoding="utf-8")
    }
    assert programs == RUN_BY_PATH


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_scripts_come_in_by_the_one_door(script: Path) -> None:
    names = re.findall(r"-m (lab\S*) ([a-z-]+|\$\w+)?", script.read_text(encoding="utf-8"))

    commands = {entry.name for entry in COMMANDS}
    assert [(m, w) for m, w in names if m != "lab" or (w not in commands and w[:1] != "$")] == []


def test_a_fault_in_the_labs_own_imports_is_not_called_a_missing_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(table.importlib, "import_module", missing)

    with pytest.raises(ModuleNotFoundError):
        BY_NAME["report"].load()


def test_a_package_that_a_bare_command_lacks_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("No module named 'rich'", name="rich")

    monkeypatch.setattr(table.importlib, "import_module", missing)

    with pytest.raises(LabError):
        BY_NAME["report"].load()
    with pytest.raises(ModuleNotFoundError):
        BY_NAME["init"].load()
