"""What fails, ends early or takes long beside and after the verdict of a `make try`."""

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import raw
from lab.app.interventions import NO_ALLOCATORS
from lab.app.workdir import write_services
from lab.causes.causes import Cause, Plausible
from lab.commands.app_runs import explaining as app_explaining
from lab.commands.app_runs.input import app_settings
from lab.commands.app_runs.plan import plan_of
from lab.commands.app_runs.release import ReleaseRun
from lab.commands.app_runs.run import AppRun, AppRunInput
from lab.errors import ExitCode, WriteError
from lab.measure.progress import Board, PlainProgress
from lab.records.interventions import InterventionPlan
from lab.records.judgement import Verdict
from lab.store.run_folder import RunFolder
from lab.units import MIB
from rich.console import Console
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine
from support.tried_app import BASE, app, leaking_bytes, tried


def test_what_explains_starts_beside_a_load_and_may_take_longer_on_a_busy_machine(
    tmp_path: Path,
) -> None:
    description, file = app(ready_seconds=1.0), tmp_path / "compose.yaml"
    write_services(description, None, NO_ALLOCATORS, file)
    plan = plan_of(description, file, {}, NO_ALLOCATORS)
    waits = replace(WAITS, busy_factor=lambda: 4.0)
    given = AppRunInput(plan, app_settings({}), ScriptedEngine({}), tmp_path, waits)
    run = AppRun(given, RunFolder.create(tmp_path, "run"), Console())
    context = run.context_of(PlainProgress(Board({}), Console()))

    factors = [
        run.contexts.of(variant, context).waits.busy_factor()
        for variant in (plan.base, plan.repetition, plan.variants[f"{BASE}-traced"])
    ]
    assert factors == [1.0, 1.0, 4.0]
    assert context.waits.ready_seconds == 1.0


@pytest.mark.parametrize(
    ("fails", "error", "said"),
    [
        ("release_after", OSError("no space left"), "another release failed: no space left"),
        ("release_for", KeyError("of the lab"), "KeyError: 'of the lab'"),
        ("server_for", WriteError("the disk is full"), "another server failed: the disk is full"),
    ],
)
def test_what_fails_after_the_verdict_is_told_and_so_is_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str, error: Exception, said: str
) -> None:
    def raises(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(
        app_explaining, "suspects", lambda _: (Plausible(Cause.THREAD_ARENAS, 1, ""),)
    )
    monkeypatch.setattr(app_explaining.Explaining, fails, raises)
    names = ("one-arena", "two-arenas", "thresholds", "one-at-a-time", "control")
    scripts = {
        BASE: Script(leaking_bytes),
        **{f"{BASE}-{name}": Script(leaking_bytes) for name in names},
    }
    screen = io.StringIO()
    folder, diagnosis, started = tried(
        tmp_path, scripts, app(probes=False, count=160), Console(file=screen, width=200)
    )

    assert diagnosis.judged.verdict is Verdict.LEAK
    assert len(started) == 6
    assert said in screen.getvalue()
    assert folder.read_summary().run.exit_code == ExitCode.DECIDED


def test_a_run_whose_answer_cannot_be_written_tells_its_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: Any) -> None:
        raise WriteError("the disk is full")

    monkeypatch.setattr(RunFolder, "write_interventions", is_full)
    screen = io.StringIO()
    scripts, console = {BASE: Script((30 * MIB,))}, Console(file=screen, width=200)
    with pytest.raises(WriteError):
        tried(tmp_path, scripts, app(probes=False, count=400), console)

    assert screen.getvalue().splitlines()[-1].startswith(f"{BASE}: flat. Memory grew by ")


def test_a_traced_run_that_ends_early_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer names a change that fails, and would be without a trace and without a word."""
    monkeypatch.setattr(
        app_explaining, "suspects", lambda _: (Plausible(Cause.LIVE_OBJECTS, 1, ""),)
    )
    scripts = {
        BASE: Script(leaking_bytes),
        f"{BASE}-traced": Script(leaking_bytes, cannot_start="no room"),
    }
    screen = io.StringIO()
    tried(tmp_path, scripts, app(count=160), Console(file=screen, width=200))

    assert f"{BASE}-traced failed: {BASE}-traced: no room" in screen.getvalue()


def test_an_install_is_waited_for_only_where_the_verdict_asks_for_its_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    explaining: Any = object.__new__(app_explaining.Explaining)
    explaining.release = ReleaseRun(None)
    monkeypatch.setattr(app_explaining.Explaining, "asks_for_release", lambda *_: False)

    with explaining.release.guard:  # as while an install is under way
        assert explaining.release_begun(InterventionPlan("shop", BASE, BASE, (), ())) == []


@pytest.mark.parametrize(("wanted", "given_up"), [([], [True]), ([raw.variant("traced")], [])])
def test_a_verdict_that_asks_for_nothing_gives_up_what_is_being_installed(
    wanted: list[Any], given_up: list[bool]
) -> None:
    ended: list[bool] = []
    run: Any = object.__new__(AppRun)
    run.interrupted, run.console = False, Console(file=io.StringIO())
    run.explaining = SimpleNamespace(
        trial_of=lambda _: raw.trial(),
        choose=lambda _: InterventionPlan("shop", BASE, BASE, ("traced",), ()),
        variants_for=lambda _: wanted,
        release=SimpleNamespace(end=lambda: ended.append(True)),
    )

    assert run.explaining_variants(raw.variant(BASE)) == wanted
    assert ended == given_up


@pytest.mark.parametrize("is_asked_for", [True, False])
def test_a_release_begins_only_where_it_is_asked_for_after_its_install_too(
    monkeypatch: pytest.MonkeyPatch, is_asked_for: bool
) -> None:
    """The verdict may come while it is installed."""
    holder = SimpleNamespace(culprit=SimpleNamespace(name="ujson"))
    seen = iter((holder, holder if is_asked_for else None))
    monkeypatch.setattr(app_explaining, "early_holder", lambda *_: next(seen))
    plan: Any = SimpleNamespace(traced=("traced",), changed=lambda change: change, user_apps={})
    explaining: Any = object.__new__(app_explaining.Explaining)
    explaining.plan, explaining.folder, explaining.traced = plan, None, frozenset()
    explaining.release = ReleaseRun(SimpleNamespace(added=lambda *_: (plan, "newer")))
    monkeypatch.setattr(app_explaining.Explaining, "plan_with", lambda *_: None)
    monkeypatch.setattr(app_explaining.Explaining, "fitting", lambda _, variants: variants)

    following = explaining.release_after(raw.variant("traced"))
    assert (following is not None) is is_asked_for
    assert explaining.release.change == "newer"
