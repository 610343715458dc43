"""`lab verify`: a stranger's bundle, held to its manifest, judged anew, and run again here."""

import argparse
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from lab.commands.rebuild import summarise_anew
from lab.commands.sharing.bundle_parts import lab_commit
from lab.commands.sharing.bundle_reader import Bundle, judged_there, open_bundle, write_run
from lab.commands.sharing.outcome import conclude
from lab.commands.sharing.verify_rerun import Rerun, chosen_engine, rerun
from lab.commands.terminal import new_console, shown_path
from lab.engines.process.environments import signals_interrupt
from lab.errors import ExitCode, UsageError
from lab.records.experiment import EngineKind
from lab.records.summary import Summary
from lab.settings import declared_sharing as declared
from lab.settings import given_settings
from lab.share.agreement import Agreement, agreement_of
from lab.share.manifest import BundleKind
from lab.share.recorded_settings import budget_of
from lab.store.find_runs import newest_runs
from lab.store.layout import check_writable, new_run_path, results_folder
from lab.store.run_folder import RunFolder
from lab.text.phrases import counted

NOT_TRUSTED = (
    "Nothing of the bundle was run: without Docker its app would run with your rights. "
    "TRUST=1 allows that; with Docker it is not needed."
)


@dataclass(frozen=True, slots=True)
class VerifyContext:
    """Where a bundle is verified: settings, results and terminal."""

    given: Mapping[str, str]
    results: Path
    console: Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """0: the run here agrees, 1: it differs, 2: undecided, or not run.

    Raises:
        LabError: it is not a bundle, or one that would harm.
    """
    given = given_settings()
    file = declared.BUNDLE.read(given)
    if not file:
        raise UsageError("BUNDLE is missing: the file that make bundle wrote, such as BUNDLE=x.zip")
    here = VerifyContext(given, results_folder(given), new_console())
    bundle = open_bundle(Path(file).expanduser())
    here.console.print(
        f"manifest: {counted(len(bundle.manifest.files), 'file')}, all there and unchanged",
        soft_wrap=True,
    )
    with signals_interrupt(), tempfile.TemporaryDirectory(prefix="memlab-verify-") as name:
        work = Path(name)
        return verify_bundle(bundle, work, here)


def verify_bundle(bundle: Bundle, work: Path, here: VerifyContext) -> ExitCode:
    """The bundle judged anew, then run again."""
    folder = write_run(bundle, work)
    there, is_same = judged_there(bundle, folder)
    tell_judged(bundle, here.console, is_same)
    if not is_same and not is_older_lab(bundle):
        here.console.print(f"outcome: {Agreement.DIFFERS.value}")
        return ExitCode.FAILED
    engine = chosen_engine(here.given)
    is_app = bundle.manifest.kind is BundleKind.APP
    if is_app and engine != EngineKind.DOCKER and not declared.TRUST.read(here.given):
        here.console.print(NOT_TRUSTED, soft_wrap=True)
        here.console.print(f"outcome: {Agreement.UNDECIDED.value}")
        return ExitCode.UNDECIDED
    budget = budget_of(there)
    wanted = Rerun(bundle.manifest, folder.read_experiment(), work, engine, budget)
    return rerun_and_compare(there, wanted, here)


def rerun_and_compare(there: Summary, wanted: Rerun, here: VerifyContext) -> ExitCode:
    """Run it, and say what came out there and here."""
    here.console.print(wanted.sentence, soft_wrap=True)
    code = rerun(wanted, here.given)
    runs = newest_runs(wanted.results)
    if not runs or code == ExitCode.INTERRUPTED:
        reason = "it was interrupted" if code == ExitCode.INTERRUPTED else "its last line says why"
        here.console.print(f"It could not be run here: {reason}.", soft_wrap=True)
        here.console.print(f"outcome: {Agreement.UNDECIDED.value}")
        return ExitCode.INTERRUPTED if code == ExitCode.INTERRUPTED else ExitCode.UNDECIDED
    kept = keep(runs[0], here.results)
    here.console.print(f"the run here: {shown_path(kept.path)}", soft_wrap=True)
    agreement = agreement_of(there, summarise_anew(kept))
    return conclude(agreement, wanted.sentence, here.results, here.console)


def tell_judged(bundle: Bundle, console: Console, is_same: bool) -> None:
    if is_same:
        console.print("raw files judged anew: the same summary.json, byte by byte")
        return
    lab = bundle.manifest.lab
    why = f", made by another commit of the lab ({(lab.commit or 'unknown')[:12]})"
    console.print(
        f"raw files judged anew: another summary.json{why if is_older_lab(bundle) else ''}",
        soft_wrap=True,
    )


def is_older_lab(bundle: Bundle) -> bool:
    """Whether another commit of the lab made the bundle, which may judge in other words."""
    return bundle.manifest.lab.commit != lab_commit()


def keep(run: RunFolder, results: Path) -> RunFolder:
    """The run moved to where runs are kept."""
    check_writable(results)
    path = new_run_path(results, run.id)
    shutil.move(run.path, path)
    return RunFolder(path)
