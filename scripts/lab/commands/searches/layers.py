"""`lab layers`: the same app with one layer exchanged at a time, all side by side."""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from lab.app.environment import ENVIRONMENTS, prepare_app
from lab.app.installed_packages import Distribution, distributions, with_point
from lab.app.layers import Stack, layers_of
from lab.app.middleware import registered
from lab.app.requests import user_app_of
from lab.app.services import base_name, image_name, release_service, service
from lab.app.spec import AppSpec
from lab.app.spec_keys import NEWEST_APP_MINOR, OLDEST_APP_MINOR
from lab.app.workdir import (
    COMPOSE_NAME,
    app_workdir,
    find_allocators,
    installed_here,
    process_engine,
    write_compose_file,
)
from lab.bisect.layers import layers_answer
from lab.commands.app_runs.input import app_settings
from lab.commands.app_runs.plan import AppRunPlan
from lab.commands.app_runs.prepare import with_servers
from lab.commands.app_runs.run import AppRun, AppRunInput
from lab.commands.rebuild import rebuild
from lab.commands.terminal import new_console, shown_path
from lab.commands.tries.try_app import context_of, local_app, prepare_guessed
from lab.engines.choice import say
from lab.engines.process.environments import Installed
from lab.engines.process.interpreters import find_interpreter
from lab.errors import ExitCode, LabError, UsageError
from lab.matrix.variants import read_matrix
from lab.measure.run import begin
from lab.paths import ROOT
from lab.records.experiment import EngineKind
from lab.records.layers import Exchange, LayersAnswer, NotExchanged
from lab.report.layers_page import MOST_LAYER_REASON, layer_rows, layers_page
from lab.settings import given_settings
from lab.store.json_file import write_record
from lab.store.layout import check_writable, results_folder
from lab.store.run_folder import RunFolder
from lab.text.phrases import clipped, counted

ANSWER, PAGE = "layers.json", "layers.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """What the run decided.

    Raises:
        LabError: the app cannot be measured.
    """
    given = given_settings()
    return layers(given, ROOT, results_folder(given), new_console())


@dataclass(frozen=True, slots=True)
class FittedExchanges:
    """The exchanges that can be run, with the environment of each that needs its own."""

    exchanges: tuple[Exchange, ...]
    environments: Mapping[str, Installed]
    """By the exchange's name."""
    left: tuple[NotExchanged, ...]


def layers(given: Mapping[str, str], root: Path, results: Path, console: Console) -> ExitCode:
    """Measure the app and each exchange, write the answer down, and say it.

    Raises:
        LabError: the app cannot be measured.
    """
    settings = app_settings(given)
    if settings.engine == EngineKind.DOCKER:
        raise UsageError("lab layers runs local processes: make layers puts them into a container")
    check_writable(results)
    spec = local_app(context_of(given, root))
    own = installed_here(spec, root, say)
    packages = distributions(own.python)
    versions = {name: each.version for name, each in packages.items()}
    jemalloc, pythons = find_allocators().jemalloc, other_pythons(spec.python)
    stack = Stack(spec, versions, jemalloc, pythons, registered(spec.folder, versions))
    fitted = fitted_to(
        stack, packages, lambda changed: prepare_app(changed, root / ENVIRONMENTS, say)
    )
    say(f"{counted(len(fitted.exchanges), 'exchange')} side by side with the app as it is")
    with app_workdir(spec) as work:
        ready = with_servers(spec, own, work, root, say)
        prepare_guessed(spec, ready, work)
        file = work / COMPOSE_NAME
        write_layer_services(spec, fitted, settings.host_cpus, file)
        engine = process_engine(spec, ready, settings, given, root, work)
        for name, installed in fitted.environments.items():
            engine.add_environment(image_of(spec, name), installed)
        variants = {variant.name: variant for variant in read_matrix(file, given)}
        user_app = user_app_of(spec)
        plan = AppRunPlan(spec, variants, (), dict.fromkeys(variants, user_app))
        folder = measure_variants(AppRunInput(plan, settings, engine, results), console)
    answer = answer_of_run(spec, fitted, folder)
    close(answer, folder, console)
    return ExitCode(answer.exit_code)


def fitted_to(
    stack: Stack,
    installed: Mapping[str, Distribution],
    made: Callable[[AppSpec], Installed],
) -> FittedExchanges:
    """The exchanges that fit the app, with what they need; what cannot be had is told.

    Args:
        installed: the app's packages by their canonical names.
        made: makes the environment of an app, or raises LabError.
    """
    spec = stack.spec
    chosen, left, environments = [], [], {}
    for each in layers_of(stack):
        if isinstance(each, NotExchanged):
            left.append(each)
            continue
        try:
            if each.requirement or each.python:
                held = with_point(spec, installed, each.requirement, set())
                changed = replace(held, python=each.python or spec.python)
                environments[each.name] = made(changed)
            chosen.append(each)
        except LabError as error:
            reason = clipped(" ".join(str(error).split()), MOST_LAYER_REASON)
            left.append(NotExchanged(each.layer, f"{each.line}: {reason}"))
    return FittedExchanges(tuple(chosen), environments, tuple(left))


def other_pythons(own: str) -> tuple[str, ...]:
    """The Pythons of this machine, the next newer first, then the next older."""
    minor = int(own.partition(".")[2])
    order = [*range(minor + 1, NEWEST_APP_MINOR + 1), *range(minor - 1, OLDEST_APP_MINOR - 1, -1)]
    pythons = (f"3.{each}" for each in order if find_interpreter(f"3.{each}") is not None)
    return tuple(pythons)


def image_of(spec: AppSpec, name: str) -> str:
    return f"{image_name(spec)}-{name}"


def variant_of(spec: AppSpec, exchange: Exchange) -> str:
    return f"{base_name(spec)}-{exchange.name}"


def write_layer_services(
    spec: AppSpec, fitted: FittedExchanges, host_cpus: int | None, file: Path
) -> None:
    """Write the app as it is and each exchange as services; their load is extended alike."""
    services = {base_name(spec): service(spec, host_cpus, None)}
    for each in fitted.exchanges:
        changed = replace(
            spec,
            command=each.command or spec.command,
            environment={**spec.environment, **each.environment},
            python=each.python or spec.python,
        )
        own = each.name in fitted.environments
        image = image_of(spec, each.name) if own else image_name(spec)
        services[variant_of(spec, each)] = release_service(service(changed, host_cpus, None), image)
    write_compose_file(file, services)


def measure_variants(given: AppRunInput, console: Console) -> RunFolder:
    """Run all variants side by side, once.

    Raises:
        LabError: the app as it is could not be measured.
    """
    plan = given.plan
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = RunFolder.create(given.results, f"{stamp}-layers-{plan.spec.name}")
    app_run = AppRun(given, folder, console)
    variants = tuple(plan.variants.values())
    experiment = begin(app_run.settings, given.engine, variants, (), app_run.slot_plan, ROOT)
    folder.write_experiment(experiment)
    app_run.conduct(app_run.explaining.fitting(variants))
    app_run.measured(plan.base)
    elapsed = None if app_run.interrupted else time.monotonic() - app_run.started
    folder.write_experiment(
        replace(experiment, elapsed_seconds=elapsed, interrupted=app_run.interrupted)
    )
    rebuild(folder)
    return folder


def answer_of_run(spec: AppSpec, fitted: FittedExchanges, folder: RunFolder) -> LayersAnswer:
    """The answer from the raw files."""
    trials = folder.read_trials()
    exchanged = [
        (each, next(iter(trials.get(variant_of(spec, each), ())), None))
        for each in fitted.exchanges
    ]
    exit_code = folder.read_summary().run.exit_code
    return layers_answer(spec.name, trials[base_name(spec)][0], exchanged, fitted.left, exit_code)


def close(answer: LayersAnswer, folder: RunFolder, console: Console) -> None:
    """Write the answer's files, and print its table and its sentences."""
    write_record(folder.path / ANSWER, answer)
    folder.write_report({PAGE: layers_page(answer)})
    rows = list(layer_rows(answer))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print("  ".join(cells).rstrip(), soft_wrap=True)
    for each in answer.not_exchanged:
        console.print(f"not exchanged: {each.layer.value}: {each.reason}", soft_wrap=True)
    for sentence in answer.said:
        console.print(sentence, soft_wrap=True)
    console.print(f"report: {shown_path(folder.path)}/{PAGE}", soft_wrap=True)
