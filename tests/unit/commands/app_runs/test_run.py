"""A whole `make try` on the scripted engine: what is run, what is answered, what is left behind."""

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lab.causes.causes import Cause, Plausible
from lab.commands.app_runs import explaining as app_explaining
from lab.commands.app_runs.failures import advice_for
from lab.commands.app_runs.other_releases import CUT_SHORT
from lab.commands.app_runs.run import AppRun
from lab.commands.tries.closing import close
from lab.errors import ExitCode, LabError, UsageError
from lab.records.interventions import Intervention, InterventionPlan
from lab.records.judgement import Verdict
from lab.records.trial import EndKind
from lab.units import MIB
from rich.console import Console
from support.script import Script
from support.scripted_engine import WAITS
from support.tried_app import BASE, app, leaking_bytes, tried


def test_an_app_has_the_time_that_its_description_says_on_a_busy_machine_too(
    tmp_path: Path,
) -> None:
    waits = replace(WAITS, busy_factor=lambda: 4.0)
    with pytest.raises(LabError, match=" within 1 s"):
        tried(tmp_path, {BASE: Script(never_ready=True)}, app(ready_seconds=1.0), waits=waits)


def test_a_flat_app_is_run_once_and_asked_no_further(tmp_path: Path) -> None:
    screen = io.StringIO()
    folder, diagnosis, started = tried(
        tmp_path,
        {BASE: Script((30 * MIB,))},
        app(probes=False, count=400),
        Console(file=screen, width=120),
    )

    assert screen.getvalue().splitlines()[-1] == "1 of 1 done"
    assert diagnosis.judged.verdict is Verdict.FLAT
    assert started == [BASE]
    assert (folder.path / "answer.md").read_text().startswith("# shop\n\n**Verdict:** flat.")
    assert (folder.path / "report.html").exists()


def test_the_app_as_it_is_gets_as_many_trials_as_are_asked_for(tmp_path: Path) -> None:
    steady = {BASE: Script((30 * MIB,))}
    folder, diagnosis, started = tried(tmp_path, steady, app(probes=False, count=400), trials=2)

    assert started == [BASE, BASE]
    assert diagnosis.judged.verdict is Verdict.FLAT
    assert len(folder.read_summary().variants[0].trials) == 2


def test_a_growing_app_is_run_together_with_what_would_prove_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        app_explaining, "suspects", lambda _: (Plausible(Cause.THREAD_ARENAS, 1, ""),)
    )
    steady = Script((30 * MIB,))
    names = ("one-arena", "two-arenas", "thresholds", "one-at-a-time")
    scripts = {
        BASE: Script(leaking_bytes),
        f"{BASE}-control": Script(leaking_bytes),
        **{f"{BASE}-{name}": steady for name in names},
    }

    folder, diagnosis, started = tried(tmp_path, scripts, app(probes=False, count=160))

    assert sorted(started) == sorted(
        [BASE, f"{BASE}-control", *(f"{BASE}-{name}" for name in names)]
    )
    assert {each.change.name for each in diagnosis.outcomes} == set(names)
    assert all(each.saved_bytes > 10 * MIB for each in diagnosis.outcomes)
    assert set(folder.read_experiment().variants) == set(started)


def test_an_app_that_dies_at_its_limit_is_measured_once_more_with_a_higher_one(
    tmp_path: Path,
) -> None:
    screen = io.StringIO()
    dies = Script(leaking_bytes, dies_after_requests=70, killed_at_limit=True)
    scripts = {BASE: dies, f"{BASE}-again": Script(lambda served: 30 * MIB + served * 900_000)}

    folder, diagnosis, started = tried(
        tmp_path, scripts, app(probes=False), Console(file=screen, width=200)
    )

    assert started == [BASE, f"{BASE}-again"]
    assert diagnosis.judged.verdict is Verdict.LEAK
    killed, _, _ = diagnosis.judged.reason.partition(". ")
    assert killed.startswith("Its server was killed ")
    assert "64.0 MiB" in killed
    assert " It was repeated with 192 MiB. " in diagnosis.judged.reason
    assert folder.read_experiment().variants == (BASE, f"{BASE}-again")
    assert folder.read_summary().run.exit_code == ExitCode.DECIDED
    assert "Once more, with 192 MiB and 120 requests." in screen.getvalue()
    assert (folder.path / "answer.md").read_text().startswith("# shop\n\n**Verdict:** leak.")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Script((30 * MIB,), never_ready=True, log=("boom",)), "it did not answer / on $PORT="),
        (Script((30 * MIB,), dies_after_requests=0), "the app does not start"),
        (
            Script((30 * MIB,), status=500),
            "500 x 4 (the first said: {}): a 5xx is the app's own fault",
        ),
        (Script((30 * MIB,), cannot_start="no such file"), "no such file"),
    ],
)
def test_an_app_that_cannot_be_measured_is_one_line_and_leaves_nothing(
    tmp_path: Path, script: Script, said: str
) -> None:
    with pytest.raises(LabError, match=r"^/app/lab.toml: ") as caught:
        tried(tmp_path, {BASE: script}, app(probes=False))

    message, *log = str(caught.value).split("\n")
    assert said in message
    assert caught.value.exit_code == ExitCode.INCOMPLETE
    assert all(line.startswith("  | ") for line in log)
    assert list((tmp_path / "results").iterdir()) == []


def test_a_limit_beyond_the_budget_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="memory = 16384m is more than the budget of 8192 MiB"):
        tried(tmp_path, {}, app(memory_bytes=16 << 30))


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        (EndKind.DIED, "does not start (command = 'serve'): why; see the last lines of its log"),
        (EndKind.NEVER_READY, "why (command = 'serve'): it must listen on $HOST:$PORT; where"),
        (EndKind.NO_REQUESTS_SERVED, "lab.toml: requests: why"),
        (EndKind.FAILED, "the app was not measured: why"),
    ],
)
def test_each_bad_ending_says_what_to_do(kind: EndKind, advice: str) -> None:
    assert advice in advice_for(kind, "why", app())


def test_a_login_that_was_refused_in_a_run_is_no_fault_of_the_requests() -> None:
    advice = advice_for(EndKind.NO_REQUESTS_SERVED, "login: it was refused", app())
    assert advice.endswith("lab.toml: login: it was refused")


def test_the_exit_code_says_whether_it_was_decided(tmp_path: Path) -> None:
    folder, diagnosis, _ = tried(
        tmp_path, {BASE: Script((30 * MIB,))}, app(probes=False, count=400)
    )
    console = Console(file=io.StringIO(), width=200)

    assert close(folder, diagnosis, app(), console) == ExitCode.DECIDED
    assert isinstance(console.file, io.StringIO)
    assert "What helps: Nothing needs to change." in console.file.getvalue()


RELEASE = Intervention("newest-release", "b 2 in place of b 1", ())


@pytest.mark.parametrize(
    ("asked", "ran", "refused", "no_release", "changes"),
    [
        (True, None, None, CUT_SHORT, ()),
        (True, None, "b 1 is the newest", "b 1 is the newest", ()),
        (True, RELEASE, None, None, (RELEASE,)),
        (False, RELEASE, None, None, ()),
    ],
    ids=["cut-short", "none-newer", "had-run", "not-asked"],
)
def test_an_interrupted_run_tells_of_the_newest_release(
    asked: bool, ran: Any, refused: str | None, no_release: str | None, changes: Any
) -> None:
    run: Any = object.__new__(AppRun)
    run.interrupted = True
    run.explaining = SimpleNamespace(
        asks_for_release=lambda _: asked,
        release_that_ran=lambda _: ran,
        release=SimpleNamespace(refused=refused),
        changes=(),
    )
    told = run.conduct_release(InterventionPlan("shop", BASE, BASE, ("traced",), ()))

    assert told.no_release == no_release
    assert told.changes == run.explaining.changes == changes
