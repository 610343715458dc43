"""Each setting is declared once: what else names it holds to the declaration."""

import re
from typing import Any

import pytest
from lab.commands.table import COMMANDS
from lab.errors import UsageError
from lab.settings.declared import SETTINGS
from lab.settings.setting import Setting
from lab.settings.table import settings_text
from support.paths import ROOT
from support.shell_scripts import SHELL_SCRIPTS

BY_NAME = {setting.name: setting for setting in SETTINGS}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
OTHER_DEFAULTS = {("HOST_CPUS", "host"), ("ENGINE", "auto"), ("RESULTS", "results")}
"""Those of `make try`, and the results folder as one would type it in a message."""
FREE = {"RESUME", "VARIANTS", "APP", "EXAMPLE", "RUN", "WITH", "BUNDLE", "RESULTS"}
FREE |= {"GOOD", "BAD", "GIT"}
FREE |= {"COMPOSE", "COMPOSE_PROJECT_NAME", "DOCKER_SOCKET"}
"""Those that are looked up: whether there is such a thing is seen later."""

every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)


def test_each_is_declared_once() -> None:
    assert len(BY_NAME) == len(SETTINGS)


@every_setting
def test_its_default_and_its_example_are_allowed(setting: Setting[Any]) -> None:
    setting.read({})
    assert setting.example
    setting.read({setting.name: setting.example.strip("'")})


@every_setting
def test_its_example_is_not_its_default(setting: Setting[Any]) -> None:
    assert setting.read({setting.name: setting.example.strip("'")}) != setting.read({})


@every_setting
def test_its_targets_are_makes(setting: Setting[Any]) -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))

    assert setting.targets
    assert set(setting.targets) <= targets


@pytest.mark.parametrize(
    "setting", [s for s in SETTINGS if s.name not in FREE], ids=lambda setting: setting.name
)
def test_what_is_refused_is_named_with_what_is_allowed(setting: Setting[Any]) -> None:
    with pytest.raises(UsageError) as refused:
        setting.read({setting.name: "not this!"})

    said = str(refused.value)
    assert said.startswith(f"{setting.name}='not this!' ")
    assert f" {setting.kind.allowed}" in said


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_a_script_takes_no_default_of_its_own(script: Any) -> None:
    taken = re.findall(
        r"\$\(setting ([A-Z][A-Z_]+) \"?'?([^\"')]*)", script.read_text(encoding="utf-8")
    )
    others = [
        (name, default)
        for name, default in taken
        if default and (name, default) not in OTHER_DEFAULTS
        if name not in BY_NAME or BY_NAME[name].default != default
    ]
    assert others == []


@pytest.mark.parametrize(
    ("line", "target"),
    [("try", "try"), ("layers", "layers"), ("bisect", "bisect"), ("*", "repro")],
)
def test_the_recorded_command_line_has_the_settings_of_its_target(line: str, target: str) -> None:
    text = (ROOT / "scripts" / "shell" / "command-line").read_text(encoding="utf-8")
    branch = re.search(rf'^{re.escape(line)}\)\s*names="([^"]*)"', text, re.MULTILINE)
    assert branch is not None
    using = {target, "claim"} if target == "repro" else {target}
    wanted = {s.name for s in SETTINGS if s.is_recorded and using & set(s.targets)}

    assert set(branch[1].split()) == wanted


def test_the_list_for_the_terminal_has_each_with_its_allowed_values() -> None:
    text = " ".join(settings_text().split())

    assert [s.name for s in SETTINGS if f"{s.name}={s.example}" not in text] == []
    assert [s.name for s in SETTINGS if f"allowed: {s.kind.allowed}; default:" not in text] == []


def test_the_commands_that_list_them_are_there() -> None:
    assert {"settings", "keys"} <= {entry.name for entry in COMMANDS}
