"""`lab resume-settings`: the settings of an interrupted run, for scripts/repro."""

import argparse
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from lab.errors import ExitCode, UsageError
from lab.records.experiment import EngineKind, Experiment
from lab.settings import declared, given_settings
from lab.settings.declared_sharing import RESUME
from lab.settings.setting import Setting
from lab.store.find_runs import find_run
from lab.store.layout import results_folder

NAMES: Mapping[str, Setting[Any]] = {
    "suite": declared.SUITE,
    "variants": declared.VARIANTS,
    "host_cpus": declared.HOST_CPUS,
    "workers": declared.WORKERS,
    "requests": declared.REQUESTS,
    "concurrency": declared.CONCURRENCY,
    "connection": declared.CONNECTION,
    "blocks": declared.BLOCKS,
    "trials": declared.TRIALS,
    "matters_bytes": declared.MATTERS,
    "seed": declared.SEED,
    "probes": declared.LAB_PROBES,
}
"""What is measured, by its name in `experiment.json`. One claim brings its suite and variants."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """Prints an assignment a line, for a shell.

    Raises:
        LabError: there is no such run, or one of its settings cannot be used.
    """
    given = given_settings()
    folder = find_run(results_folder(given), RESUME.read(given), RESUME.name)
    folder.check()
    for name, text in settings_of(folder.read_experiment()):
        if not given.get(name):
            print(f"export {name}={shlex.quote(text)}")
    return ExitCode.DECIDED


def settings_of(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """The settings that a run was given, each as one would type it; defaults are left out.

    Raises:
        UsageError: one of them is not allowed: the folder may be a stranger's.
    """
    if experiment.engine.kind is not EngineKind.SCRIPTED:
        yield "ENGINE", experiment.engine.kind
    claim = experiment.settings.get("claim")
    if claim is not None:
        yield declared.ID.name, checked_text(declared.ID, str(claim))
    for key, setting in NAMES.items():
        is_of_claim = claim is not None and key in ("suite", "variants")
        if key not in experiment.settings or is_of_claim:
            continue
        text = checked_text(setting, typed_value(experiment.settings[key]))
        if text != setting.default:
            yield setting.name, text


def typed_value(value: object) -> str:
    if value is None:
        return "host"
    return str(int(value)) if isinstance(value, bool) else str(value)


def checked_text(setting: Setting[Any], text: str) -> str:
    try:
        setting.read({setting.name: text})
    except UsageError as error:
        raise UsageError(f"the run's own settings cannot be used: {error}") from error
    return text
