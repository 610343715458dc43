"""The settings that a run was given, out of the command that it recorded. Pure."""

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from lab.records.experiment import Experiment
from lab.records.suites import USER_APP_SUITE
from lab.records.summary import Summary
from lab.settings.setting import Setting

ASSIGNMENT = re.compile(r"([A-Z][A-Z_]*)=(.*)", re.DOTALL)
OF_THE_FOLDER = frozenset({"APP", "EXAMPLE", "ID"})
"""Settings that say what was run; a bundle has it, or names its variants one by one."""
OF_THE_MACHINE = frozenset({"ENGINE", "LANES", "MEMORY_BUDGET", "OFFLINE", "FAIL_ON"})
"""Settings of the machine that ran it: the next one has its own."""

MOST_COMMAND_CHARACTERS = 1 << 16
"""No line of a shell is longer where one was typed, and splitting takes the square of it."""

RERUN_BUDGET = "15m"
"""Time in which a slower or busier machine serves as many requests as the one before."""


def budget_of(summary: Summary) -> Mapping[str, str]:
    """The time for a run again: enough for its whole load, where that was served there."""
    own = summary.own
    return {"BUDGET": RERUN_BUDGET} if own is not None and own.load_note is None else {}


def given_of(experiment: Experiment, settings: Iterable[Setting[Any]]) -> Mapping[str, str]:
    """The values that run the same again: those that were typed, with the variants by name.

    Args:
        experiment: the run's; its command is a stranger's text, and only words of it are taken.
        settings: those that there are. What no run records, such as the command of Compose, says
            how a machine runs something and not what, and is nobody else's to choose.
    """
    is_app = experiment.suite == USER_APP_SUITE
    target = "try" if is_app else "repro"
    recorded = {each.name for each in settings if each.is_recorded and target in each.targets}
    wanted = recorded - OF_THE_FOLDER - OF_THE_MACHINE
    values = {name: each for name, each in typed(experiment.command).items() if name in wanted}
    if not is_app:
        values |= {"SUITE": experiment.suite, "VARIANTS": " ".join(experiment.variants)}
    return values


def typed(command: str) -> Mapping[str, str]:
    """The `NAME=value` words of a command line; empty where it cannot be split."""
    if len(command) > MOST_COMMAND_CHARACTERS:
        return {}
    try:
        words = shlex.split(command)
    except ValueError:
        return {}
    matches = (ASSIGNMENT.fullmatch(word) for word in words)
    return {match[1]: match[2] for match in matches if match}
