"""Runs what a bundle ran, by this checkout's own scripts; of the bundle it takes the app alone."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.commands.app_runs.plan import RERUN
from lab.errors import LabError
from lab.paths import ROOT
from lab.records.experiment import EngineKind, Experiment
from lab.settings import declared_sharing
from lab.settings.declared import SETTINGS
from lab.share.manifest import BundleKind, Manifest
from lab.share.recorded_settings import given_of
from lab.text.phrases import clipped, counted

ASK = ". scripts/shell/engine.sh && choose_engine"
RESULTS = "here"
OF_WHO_VERIFIES = ("OFFLINE", "LANES", "MEMORY_BUDGET", "BUDGET")
MOST_APP_CHARACTERS = 100
OF_AN_INDEX = "INDEX_"
"""Begins the names of the variables that `index_url` may name."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Rerun:
    """The run of a bundle that is repeated here."""

    manifest: Manifest
    experiment: Experiment
    work: Path
    """The folder in which the run and the app of the bundle stand."""
    engine: str
    budget: Mapping[str, str]
    """`BUDGET`, unless whoever verifies sets it."""

    @property
    def results(self) -> Path:
        return self.work / RESULTS

    @property
    def script(self) -> Path:
        name = "try" if self.manifest.kind is BundleKind.APP else "repro"
        return ROOT / "scripts" / name

    @property
    def settings(self) -> Mapping[str, str]:
        """The run's own settings, as its command says; each is checked by the script."""
        given = dict(given_of(self.experiment, SETTINGS))
        if self.manifest.app is not None:
            given |= {"APP": str(self.work / self.manifest.app), "EXAMPLE": "", "CHECK": ""}
        return {**given, "RESULTS": str(self.results), "ENGINE": self.engine, RERUN: "1"}

    @property
    def sentence(self) -> str:
        """What is run here, and with whose rights."""
        if self.manifest.app is None:
            count = counted(len(self.experiment.variants), "variant")
            what = f"{count} of this checkout's own, nothing of the bundle"
        else:
            what = f"the bundle's app {clipped(self.manifest.app, MOST_APP_CHARACTERS)}"
        if self.engine == EngineKind.DOCKER:
            return f"Run here with Docker: {what}, in containers without rights."
        rights = "" if self.manifest.app is None else ", with your rights (TRUST=1)"
        return f"Run here as local processes: {what}{rights}."


def chosen_engine(given: Mapping[str, str]) -> str:
    """`docker` or `process`, as `make try` would choose it.

    Raises:
        LabError: what ENGINE insists on is not there; the reason was said.
    """
    environment = {**os.environ, **given}
    asked = subprocess.run(
        ["sh", "-c", ASK],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if asked.returncode or not asked.stdout.strip():
        raise LabError("there is no engine to run the bundle on: see make doctor")
    return asked.stdout.strip().splitlines()[-1]


def rerun(wanted: Rerun, given: Mapping[str, str]) -> int:
    """The exit code of the script, which hears of each signal of this process, and tidies up."""
    wanted.results.mkdir()
    environment = given_environment(os.environ, trusts=declared_sharing.TRUST.read(given))
    kept = {name: given[name] for name in OF_WHO_VERIFIES if name in given}
    settings = {**wanted.settings, **wanted.budget, **kept}
    with (
        passed_on() as script,
        started_script([wanted.script], {**environment, **settings}) as child,
    ):
        script.begin(child.pid)
        return child.wait()


def given_environment(environment: Mapping[str, str], *, trusts: bool) -> dict[str, str]:
    """The variables of who verifies that the script gets: no setting of a run, and no user and
    password of an index for a host that a stranger names."""
    own = {each.name for each in SETTINGS if each.is_recorded}
    return {
        name: value
        for name, value in environment.items()
        if name not in own and (trusts or not name.startswith(OF_AN_INDEX))
    }


class SignalledGroup:
    """The process group of a script, which gets this process's signals as a terminal's Ctrl-C.

    It is a group of its own, so that each signal reaches it once, whoever was meant by it.
    """

    def __init__(self) -> None:
        self.leader: int | None = None
        self.is_signalled = False

    def begin(self, leader: int) -> None:
        """Pass on to the script what was heard before it began."""
        self.leader = leader
        if self.is_signalled:
            self.pass_on()

    def pass_on(self, *_: object) -> None:
        self.is_signalled = True
        if self.leader is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.leader, signal.SIGINT)


@contextlib.contextmanager
def passed_on() -> Iterator[SignalledGroup]:
    """The group to which signals go for as long as the context."""
    group = SignalledGroup()
    before = {number: signal.signal(number, group.pass_on) for number in SIGNALS}
    try:
        yield group
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def started_script(words: list[Path], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """The started script, with the environment for it.

    Raises:
        LabError: it cannot be started, as with settings that are longer than an environment holds.
    """
    try:
        return subprocess.Popen(words, cwd=ROOT, env=environment, start_new_session=True)
    except (OSError, ValueError) as error:
        raise LabError(f"the bundle's run cannot be started here: {error}") from error
