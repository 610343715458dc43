"""`lab reproduce`: one file that makes the calls that grow, reduced by running, and its test."""

import argparse
import contextlib
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.app.environment import ENVIRONMENTS
from lab.app.spec_file import slug
from lab.commands.checks.texts import Say
from lab.commands.rebuild import summarise_anew
from lab.commands.reproducers.kept_app import KeptApp, kept_app, mended_environment, mended_release
from lab.commands.reproducers.script_runs import GrowingScript
from lab.commands.reproducers.seen_calls import seen_calls
from lab.commands.reproducers.steps import (
    ReproducerBench,
    See,
    checked,
    shown_growth,
    workshop,
)
from lab.commands.sharing.private import private_here
from lab.commands.terminal import new_console
from lab.engines.process.environments import Installed
from lab.errors import ExitCode, LabError, UsageError
from lab.files import path_text, write_file
from lab.paths import ROOT
from lab.records.app_answer import AppAnswer
from lab.records.experiment import EngineKind
from lab.records.judgement import Verdict
from lab.records.summary import Summary
from lab.reproducer.script import NAME, REASON_NAME, TEST, TEST_NAME, ScriptOrigin
from lab.reproducer.served_object import NotReproduced
from lab.reproducer.sites import SeenSite, WatchedFile
from lab.settings import declared, given_settings
from lab.settings import declared_sharing as sharing
from lab.share.redaction import Redactor
from lab.share.source import ARCHIVE
from lab.store.find_runs import find_run
from lab.store.layout import results_folder
from lab.store.made_here import is_marked
from lab.store.run_folder import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """Decided once both files are written; undecided where no script shows the growth.

    Raises:
        LabError: there is no such run, or its app cannot be run here.
    """
    given, console = given_settings(), new_console()
    folder = find_run(results_folder(given), sharing.RUN.read(given))
    summary = summarise_anew(folder)
    answer, rate_bytes = growth_in(folder, summary)
    check_trusted(folder, given, ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def say(line: str) -> None:
        console.print(line, soft_wrap=True, markup=False, highlight=False)

    if summary.run.partial:
        say("the run is not whole: the release that mends it may be missing")
    remove_old(folder)
    with tempfile.TemporaryDirectory(prefix="memlab-reproduce-") as name:
        work = Path(name)
        try:
            app = kept_app(folder, summary, ROOT, work)
            redactor = Redactor(private_here(app.spec.folder, app.spec.environment))
            shop = workshop(app, work, slug(redactor.text(app.spec.folder.name)))
            origin = origin_of(app, answer, rate_bytes)
            bench = ReproducerBench(app, answer, origin, shop, say, call_watcher(given, say))
            script = made(bench, folder, summary, work)
        except NotReproduced as error:
            say(f"{NAME} is not written: {error}")
            write_file(folder.path / REASON_NAME, f"{error}\n")
            return ExitCode.UNDECIDED
    text = redactor.text(script.text)
    if text != script.text:
        say(f"{NAME}: what is private was replaced after it ran; read it before you send it")
    write_file(folder.path / NAME, text)
    write_file(folder.path / TEST_NAME, TEST)
    say(f"written: {path_text(folder.path / NAME)} and {TEST_NAME}; make bundle takes both")
    return ExitCode.DECIDED


def call_watcher(given: Mapping[str, str], say: Say) -> See:
    """What sees the calls of an app; where it cannot be served, none is seen, which is said."""

    def see(app: KeptApp, file: str, watched: WatchedFile) -> Mapping[int, SeenSite]:
        try:
            return seen_calls(app, file, watched, given)
        except LabError as error:
            say(f"what its functions are called with was not seen: {error}")
            return {site.number: SeenSite(1.0, None) for site in watched.sites}

    return see


def made(bench: ReproducerBench, folder: RunFolder, summary: Summary, work: Path) -> GrowingScript:
    """The script that is shipped.

    Raises:
        NotReproduced: there is none.
    """
    scripts = shown_growth(bench)
    release = mended_release(folder, summary)
    if release is None:
        bench.say("no mended release is known: what is written ran on the leaking one alone")
        return checked(bench, scripts, None, "")
    mended = mended_here(bench, folder, summary, work)
    return checked(bench, scripts, mended, f"{release.package} {release.newest}")


def mended_here(
    bench: ReproducerBench, folder: RunFolder, summary: Summary, work: Path
) -> Installed | None:
    """The environment of the mended release; None where it cannot be had, which is said."""
    release = mended_release(folder, summary)
    assert release is not None
    try:
        return mended_environment(bench.app, release, ROOT, work)
    except LabError as error:
        bench.say(f"{release.package} {release.newest} cannot be had here: {error}")
        return None


def remove_old(folder: RunFolder) -> None:
    """Files of an earlier call, which may not hold any more."""
    for name in (NAME, TEST_NAME, REASON_NAME):
        with contextlib.suppress(FileNotFoundError):
            (folder.path / name).unlink()


def growth_in(folder: RunFolder, summary: Summary) -> tuple[AppAnswer, float]:
    """What the run says of its app, and its growth in bytes a request.

    Raises:
        UsageError: the run has no app, or its app was found not to leak.
    """
    answer = summary.own
    if answer is None:
        raise UsageError(f"{folder.id} is a run of a suite: give the RUN of a make try")
    if answer.verdict is not Verdict.LEAK:
        raise UsageError(f"{folder.id} found no leak ({answer.verdict.value}): no call to show")
    own = next(each for each in summary.variants if each.name == answer.variant)
    growth = own.growth_bytes_per_request
    if growth is None or growth.estimate <= 0:
        raise UsageError(f"{folder.id} has no growth a request: run make try again")
    return answer, growth.estimate


def check_trusted(folder: RunFolder, given: Mapping[str, str], root: Path) -> None:
    """Refuse to run a stranger's app with the user's rights.

    Raises:
        UsageError: the app was not run here with the user's rights, and nobody said that it may.
    """
    if declared.ENGINE.read(given) == EngineKind.DOCKER:
        raise UsageError("make reproduce runs local processes: leave ENGINE=docker out")
    if sharing.TRUST.read(given) or is_marked(folder, ARCHIVE, root / ENVIRONMENTS):
        return
    raise UsageError(
        f"nothing shows that this checkout made {folder.id} as local processes, and its app would "
        "run with your rights: TRUST=1 allows that"
    )


def origin_of(app: KeptApp, answer: AppAnswer, rate_bytes: float) -> ScriptOrigin:
    package = answer.package
    subject = (
        f"{package.name} {package.version}"
        if package
        else f"{app.spec.name} on Python {app.spec.python}"
    )
    return ScriptOrigin(rate_bytes, app.spec.python, app.pins, subject)
