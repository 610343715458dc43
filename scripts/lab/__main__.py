"""The driver's commands; the only place where outcomes become exit codes."""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lab.commands.rebuild import rebuild
from lab.errors import ExitCode, LabError
from lab.matrix.compose_file import read_matrix, select
from lab.matrix.load_plan import plan_loads
from lab.paths import COMPOSE_FILE, RESULTS, ROOT
from lab.report.terminal import closing
from lab.settings import given_settings, parse_settings
from lab.store.run_folder import RunFolder, find_run

PLAIN_WIDTH = 100


def results_folder() -> Path:
    """The container's own mount, or what RESULTS says on the host."""
    return Path(os.environ.get("LAB_RESULTS") or os.environ.get("RESULTS") or RESULTS)


def shown_path(folder: RunFolder) -> Path:
    """As one would type it at the repository's root."""
    path = folder.path
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def plan(_: argparse.Namespace, __: Console) -> ExitCode:
    """Print the variants of the suite, their images, limits and needs, a line each."""
    given = given_settings()
    settings = parse_settings(given)
    variants = select(read_matrix(COMPOSE_FILE, given), settings)
    plan_loads(variants, settings)
    for variant in variants:
        print(variant.name, variant.image, variant.memory_limit_bytes, *variant.needs)
    return ExitCode.DECIDED


def repro(_: argparse.Namespace, console: Console) -> ExitCode:
    """Measure the suite and write its report."""
    # Only here: the other commands need no engine and not its client either.
    from lab.commands.decider import RunDecider
    from lab.engines.choice import choose
    from lab.measure.run import SuiteRun, measure_suite

    given = given_settings()
    settings = parse_settings(given)
    # Until the run heeds signals itself: what is under way then ends as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = choose(settings, ROOT, given)
    run = SuiteRun(settings, chosen.engine, COMPOSE_FILE, results_folder(), chosen.unbuilt)
    folder = measure_suite(run, console, RunDecider())
    summary = rebuild(folder)
    folder.point_latest()
    console.print(closing(summary))
    console.print(
        f"report: {shown_path(folder)}/report.html (and report.md, summary.json)", soft_wrap=True
    )
    return ExitCode(summary.run.exit_code)


def try_app(_: argparse.Namespace, console: Console) -> ExitCode:
    """Measure someone's own app (APP or EXAMPLE): verdict, cause, what helps."""
    # Only here, as below: the other commands know nothing of an own app.
    if "LAB_PROJECT" in os.environ:
        from lab.commands.try_containers import try_with_containers as conduct
    else:
        from lab.commands.try_app import try_with_processes as conduct
    return conduct(given_settings(), ROOT, results_folder(), console)


def try_prepare(arguments: argparse.Namespace, _: Console) -> ExitCode:
    """For scripts/try: what an image of the app needs, written into a folder."""
    from lab.commands.try_containers import prepare

    return prepare(given_settings(), ROOT, Path(arguments.run))


def try_services(arguments: argparse.Namespace, _: Console) -> ExitCode:
    """For scripts/try: the services of the app, written into a folder."""
    from lab.commands.try_containers import write_containers

    return write_containers(given_settings(), ROOT, Path(arguments.run))


def report(arguments: argparse.Namespace, console: Console) -> ExitCode:
    """Rebuild the report of a run from its raw files."""
    folder = find_run(results_folder(), arguments.run)
    summary = rebuild(folder)
    console.print(closing(summary))
    console.print(
        f"rebuilt: {shown_path(folder)}/report.html (and report.md, summary.json)", soft_wrap=True
    )
    return ExitCode.DECIDED


def parse_arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in (plan, repro, try_app, try_prepare, try_services, report):
        name = command.__name__.removesuffix("_app").replace("_", "-")
        added = commands.add_parser(name, help=command.__doc__)
        added.set_defaults(command=command)
        if command in (try_prepare, try_services):
            added.add_argument("run", help="the folder")
        if command is report:
            run = given_settings().get("RUN", "latest")
            added.add_argument("--run", default=run, help="a folder's name under results/")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code that the design names."""
    try:
        arguments = parse_arguments(words)
    except SystemExit as ended:
        return ExitCode.USAGE if ended.code else ExitCode.DECIDED
    console = Console()
    if not console.is_terminal:
        # A file or a CI log has no width of its own, and the closing table needs more than 80.
        console.width = PLAIN_WIDTH
    try:
        return int(arguments.command(arguments, console))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception:
        traceback.print_exc()
        print("lab: this is a fault of the lab itself; the raw files are kept", file=sys.stderr)
        return ExitCode.INTERNAL


if __name__ == "__main__":
    sys.exit(main())
