"""The commands of the lab: the one list for `--help`, the Makefile's help and the tests."""

import argparse
import importlib
from dataclasses import dataclass
from typing import Protocol, cast

from lab.errors import ExitCode, LabError


class Command(Protocol):
    """The functions that the module of a command has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what stands behind the command's name."""

    def run(self, arguments: argparse.Namespace) -> ExitCode:
        """What the command decided, which runs here.

        Raises:
            LabError: it cannot be done; `__main__` prints the line and exits with its code.
        """


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """One command, whose module is imported only when it is run."""

    name: str
    module: str
    """Its name in `lab.commands`, with the package that it stands in."""
    help: str
    """One line, for `--help` and for the Makefile's target."""
    target: str | None = None
    """The target of make that runs it; None: another script's step."""
    needs_packages: bool = True
    """Whether it needs those of images/locks/driver.txt; else any Python from 3.11 on runs it."""

    def load(self) -> Command:
        """The command's module, imported now.

        Raises:
            LabError: a package that it needs is not installed.
        """
        try:
            return cast(Command, importlib.import_module(f"lab.commands.{self.module}"))
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if not self.needs_packages or package == "lab":
                raise
            raise LabError(
                f"`lab {self.name}` needs the package {package}, which this Python does not have: "
                "run it through make, or after `scripts/shell/venv driver` with .venv/bin/python"
            ) from error


COMMANDS = (
    CommandEntry(
        "repro",
        "suite.repro",
        "Run the suite (SUITE, VARIANTS, HOST_CPUS, WORKERS, REQUESTS, ...) and write its report",
        target="repro",
    ),
    CommandEntry(
        "report",
        "suite.report",
        "Rebuild the report of a run from its raw files, without an engine (RUN=latest)",
        target="report",
    ),
    CommandEntry(
        "compare",
        "sharing.compare",
        "Compare two runs variant by variant (RUN=before WITH=after): verdicts, growth, what else",
        target="compare",
    ),
    CommandEntry(
        "reproduce",
        "reproducers.reproduce",
        "Write one file that makes the calls that grow, reduced by running, and its test (RUN)",
        target="reproduce",
    ),
    CommandEntry(
        "bundle",
        "sharing.bundle",
        "Write one file with all that somebody else needs to run it again (RUN=latest)",
        target="bundle",
    ),
    CommandEntry(
        "verify",
        "sharing.verify",
        "Check a bundle against its manifest, judge it anew, run it again here (BUNDLE=file.zip)",
        target="verify",
    ),
    CommandEntry(
        "try",
        "tries.try_app",
        "Measure your own app (APP=path/to/folder, or EXAMPLE=name): leak or not, why, what helps",
        target="try",
    ),
    CommandEntry(
        "bisect",
        "searches.bisect",
        "Find the release (PACKAGE=name), Python or commit with which the leak of APP came or went",
        target="bisect",
    ),
    CommandEntry(
        "layers",
        "searches.layers",
        "Exchange one layer of APP at a time (server, loop, parser, Python, allocator): which leak",
        target="layers",
    ),
    CommandEntry(
        "doctor",
        "setup.doctor",
        "Say what this machine has, what a run costs here, and what to do about what is missing",
        target="doctor",
        needs_packages=False,
    ),
    CommandEntry(
        "init",
        "setup.init",
        "Write a first lab.toml into the folder of your own app (APP=path/to/folder) from a guess",
        target="init",
        needs_packages=False,
    ),
    CommandEntry(
        "validate",
        "suite.validate",
        "How often the verdict is wrong, over 8,740 simulated curves of known answers (a minute)",
        target="validate",
    ),
    CommandEntry(
        "settings",
        "setup.settings",
        "List every setting: default, allowed values, meaning, example, who uses it",
        needs_packages=False,
    ),
    CommandEntry(
        "keys",
        "setup.keys",
        "List every key of lab.toml: default, allowed values, meaning, example",
        needs_packages=False,
    ),
    CommandEntry(
        "plan", "suite.plan", "Print the variants of the suite, their images, limits and needs"
    ),
    CommandEntry(
        "check-settings",
        "setup.check_settings",
        "Refuse a setting that cannot be used, before anything is built",
        needs_packages=False,
    ),
    CommandEntry(
        "check-app",
        "setup.check_app",
        "Refuse a lab.toml that cannot be used, before anything is built; print it and its path",
        needs_packages=False,
    ),
    CommandEntry(
        "try-step",
        "tries.try_step",
        "For scripts/try: say what the engine is asked for next, after what it did last",
    ),
    CommandEntry(
        "rerun",
        "sharing.rerun",
        "For the driver of an unpacked bundle: measure its run again here, and compare the two",
    ),
    CommandEntry(
        "resume-settings",
        "setup.resume_settings",
        "For scripts/repro: print the settings of the run that RESUME names",
        needs_packages=False,
    ),
    CommandEntry(
        "bench-pythons",
        "searches.bench_pythons",
        "For scripts/bisect and scripts/layers: the Pythons that their container needs",
        needs_packages=False,
    ),
    CommandEntry(
        "schema", "suite.schema", "Print the JSON Schema of a document", needs_packages=False
    ),
    CommandEntry(
        "hello-bench", "suite.hello_bench", "For scripts/bench: the load client against wrk"
    ),
)
