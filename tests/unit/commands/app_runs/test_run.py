"""A whole `make try` on the scripted engine: what is run, what is answered, what is left behind."""

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import raw
from lab.app.described import write_described
from lab.app.folder import app_folder
from lab.app.interventions import NO_ALLOCATORS
from lab.app.spec import AppSpec, RequestSpec
from lab.app.workdir import app_workdir, installed_here, write_services
from lab.causes.causes import Cause, Plausible
from lab.causes.diagnosis import Diagnosis
from lab.commands.app_runs import explaining as app_explaining
from lab.commands.app_runs.failures import advice_for
from lab.commands.app_runs.input import app_settings, given_app, with_command
from lab.commands.app_runs.other_releases import CUT_SHORT
from lab.commands.app_runs.plan import plan_of
from lab.commands.app_runs.release import ReleaseRun
from lab.commands.app_runs.run import AppRun, AppRunInput, run_app
from lab.commands.tries.closing import close
from lab.errors import ExitCode, LabError, UsageError, WriteError
from lab.measure.cooldown_rules import Waits
from lab.measure.progress import Board, PlainProgress
from lab.records.interventions import Intervention, InterventionPlan
from lab.records.judgement import Verdict
from lab.records.trial import EndKind
from lab.store.run_folder import RunFolder
from rich.console import Console
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine

MIB = raw.MIB
BASE = "own-shop"


def app(**changes: Any) -> AppSpec:
    fields: dict[str, Any] = {
        "file": Path("/app/lab.toml"),
        "name": "shop",
        "command": "serve",
        "count": 80,
        "warmup": 4,
        "concurrency": 4,
        "requests": (RequestSpec(path="/own/own"),),
        "memory_bytes": 64 * MIB,
        "ready_seconds": 0.5,
    }
    return AppSpec(**{**fields, **changes})


def tried(
    tmp_path: Path,
    scripts: Mapping[str, Script],
    description: AppSpec,
    console: Console | None = None,
    trials: int = 1,
    waits: Waits = WAITS,
) -> tuple[RunFolder, Diagnosis, list[str]]:
    file = tmp_path / "compose.yaml"
    write_services(description, None, NO_ALLOCATORS, file)
    plan = plan_of(description, file, {}, NO_ALLOCATORS)
    console = console or Console(file=io.StringIO(), width=120)
    with ScriptedEngine(scripts, 0.002) as engine:
        settings = app_settings({"MEMORY_BUDGET": "8g", "TRIALS": str(trials)})
        given = AppRunInput(plan, settings, engine, tmp_path / "results", waits)
        folder, diagnosis = run_app(given, console)
        return folder, diagnosis, list(engine.started)


def test_an_app_has_the_time_that_its_description_says_on_a_busy_machine_too(
    tmp_path: Path,
) -> None:
    waits = replace(WAITS, busy_factor=lambda: 4.0)
    with pytest.raises(LabError, match=" within 1 s"):
        tried(tmp_path, {BASE: Script(never_ready=True)}, app(ready_seconds=1.0), waits=waits)


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


def leaking_bytes(served: int) -> int:
    return 30 * MIB + served * 100_000


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


@pytest.mark.parametrize(
    ("fails", "error", "said"),
    [
        ("release_after", OSError("no space left"), f"{BASE}-one-arena failed: no space left"),
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
    assert " It was repeated with 192 MiB. Memory grew by " in diagnosis.judged.reason
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


def test_the_machines_own_cpus_are_seen_unless_others_are_asked_for() -> None:
    assert app_settings({}).host_cpus is None
    assert app_settings({"HOST_CPUS": "4"}).host_cpus == 4


def test_probes_are_left_out_by_the_setting_as_by_the_key(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('command = "x"\n')
    given = {"APP": str(tmp_path)}
    assert given_app(given, tmp_path).probes
    assert not given_app({**given, "LAB_PROBES": "0"}, tmp_path).probes


def test_what_an_earlier_step_has_read_is_not_read_again(tmp_path: Path) -> None:
    write_described(tmp_path / "record", app())
    given = {"APP": str(tmp_path / "not-there"), "LAB_DESCRIBED": str(tmp_path / "record")}
    assert given_app(given, tmp_path) == app()


def test_an_images_own_command_stands_in_for_none() -> None:
    bare = app(command=None, image="shop")
    served = with_command(bare, {"LAB_IMAGE_COMMAND": '[["sh"], ["-c", "a b"]]'})
    assert served.command == "sh -c 'a b'"


@pytest.mark.parametrize(
    ("image_command", "command"),
    [
        ('[null,["serve"]]', "serve"),
        ('[["serve"],null]', "serve"),
        ('[["a] [b null"],["null"]]', "'a] [b null' null"),
    ],
)
def test_an_images_entry_point_and_command_are_kept_word_by_word(
    image_command: str, command: str
) -> None:
    bare = app(command=None, image="shop")
    assert with_command(bare, {"LAB_IMAGE_COMMAND": image_command}).command == command


@pytest.mark.parametrize("image_command", ["", "[null,null]", "[[],null]", '[["cut sho'])
def test_an_image_without_a_command_that_can_be_read_asks_for_one(image_command: str) -> None:
    with pytest.raises(UsageError, match="its image names none"):
        with_command(app(command=None, image="shop"), {"LAB_IMAGE_COMMAND": image_command})


def test_an_image_needs_containers(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="image needs Docker"):
        installed_here(app(image="shop"), tmp_path, print)


def test_the_workdir_is_gone_afterwards(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('command = "x"\n')
    with app_workdir(app(file=tmp_path / "lab.toml")) as work:
        assert (work / "app" / "lab.toml").exists()
    assert not work.exists()


def test_an_example_is_named_by_its_folder_and_file(tmp_path: Path) -> None:
    for name in ("a/lab.toml", "a/mended.toml"):
        path = tmp_path / "apps" / "examples" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    assert app_folder({"EXAMPLE": "a/mended"}, tmp_path).name == "mended.toml"
    assert app_folder({"APP": "x", "EXAMPLE": "a"}, tmp_path) == Path("x")
    for given, said in (
        ({}, "one of a; or a mended"),
        ({"EXAMPLE": "b"}, "EXAMPLE='b' is unknown"),
    ):
        with pytest.raises(UsageError, match=said):
            app_folder(given, tmp_path)


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
