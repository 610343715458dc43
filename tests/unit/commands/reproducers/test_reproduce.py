"""`lab reproduce`: which runs it takes, and what it refuses before anything is run."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from lab.__main__ import main
from lab.app.environment import ENVIRONMENTS
from lab.app.release import NoRelease
from lab.app.spec import AppSpec
from lab.commands.reproducers.kept_app import (
    KeptApp,
    import_names,
    mended_environment,
    mended_release,
    texts_of,
)
from lab.commands.reproducers.reproduce import check_trusted, growth_in, origin_of
from lab.commands.reproducers.steps import lines_of
from lab.engines.process.environments import Installed
from lab.errors import UsageError
from lab.records.interventions import InterventionPlan, Release
from lab.records.judgement import Interval, Verdict
from lab.records.summary import Summary
from lab.share.source import ARCHIVE
from lab.store.made_here import mark
from lab.store.run_folder import RunFolder
from support.quoted_runs import DOCKER_RUN, RUNS, TRY_RUN, copy_raw, rebuilt


def test_the_growth_of_the_app_is_what_a_script_is_held_to() -> None:
    summary = rebuilt(TRY_RUN)[0]

    answer, rate_bytes = growth_in(RunFolder(RUNS / TRY_RUN), summary)

    assert answer.verdict is Verdict.LEAK
    assert 70_000 < rate_bytes < 77_000


@pytest.mark.parametrize(
    ("verdict", "said"), [(Verdict.FLAT, "found no leak (flat)"), (None, "is a run of a suite")]
)
def test_a_run_without_a_leak_has_no_call_to_show(verdict: Verdict | None, said: str) -> None:
    summary = rebuilt(TRY_RUN)[0]
    assert summary.own is not None
    own = replace(summary.own, verdict=verdict) if verdict else None

    with pytest.raises(UsageError) as error:
        growth_in(RunFolder(RUNS / TRY_RUN), replace(summary, own=own))

    assert said in str(error.value)


def test_only_a_run_that_this_checkout_made_is_run_without_a_word_of_trust(tmp_path: Path) -> None:
    folder = copy_raw(TRY_RUN, tmp_path / "results")
    mark(folder, ARCHIVE, tmp_path / ENVIRONMENTS)

    check_trusted(folder, {}, tmp_path)
    moved = RunFolder(folder.path.rename(tmp_path / "results" / "another-name"))
    check_trusted(moved, {}, tmp_path)
    with pytest.raises(UsageError, match="leave ENGINE=docker out"):
        check_trusted(moved, {"ENGINE": "docker"}, tmp_path)


@pytest.mark.parametrize("engine", ["auto", "process"])
@pytest.mark.parametrize("run", [TRY_RUN, DOCKER_RUN])
def test_a_run_from_elsewhere_wants_a_word_of_trust_whatever_it_says_of_itself(
    tmp_path: Path, run: str, engine: str
) -> None:
    folder = copy_raw(run, tmp_path / "results")
    given = {"ENGINE": engine}

    with pytest.raises(UsageError, match="TRUST=1 allows that"):
        check_trusted(folder, given, tmp_path)
    check_trusted(folder, {**given, "TRUST": "1"}, tmp_path)


def longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b" \n")


def beside(path: Path) -> None:
    shutil.copy(path, path.with_name("99.jsonl"))


CHANGED = {
    "settings": ("experiment.json", longer),
    "changes": ("own.json", longer),
    "app": ("app.zip", Path.touch),
    "pins": ("samples/own-ujson-failing/1.jsonl", longer),
    "one more trial": ("samples/own-ujson-failing/1.jsonl", beside),
}


@pytest.mark.parametrize(("name", "change"), CHANGED.values(), ids=CHANGED)
def test_a_run_that_came_back_changed_wants_it_too(
    tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    folder = copy_raw(TRY_RUN, tmp_path / "results")
    mark(folder, ARCHIVE, tmp_path / ENVIRONMENTS)
    change(folder.path / name)

    with pytest.raises(UsageError, match="TRUST=1 allows that"):
        check_trusted(folder, {}, tmp_path)


def test_nothing_of_a_strangers_run_is_run_and_its_folder_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_raw(TRY_RUN, tmp_path)
    (folder.path / "reproduce.py").write_text("theirs", encoding="utf-8")
    monkeypatch.setattr(
        "lab.commands.reproducers.reproduce.kept_app", lambda *_: pytest.fail("it was run")
    )
    monkeypatch.setenv("RESULTS", str(tmp_path))
    monkeypatch.setenv("RUN", TRY_RUN)
    monkeypatch.setenv("ENGINE", "process")
    monkeypatch.delenv("TRUST", raising=False)

    assert main(["reproduce"]) == 64

    error = capsys.readouterr().err
    assert (error.count("\n"), "TRUST=1 allows that" in error) == (1, True)
    assert (folder.path / "reproduce.py").read_text(encoding="utf-8") == "theirs"


def test_a_run_that_kept_no_app_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_raw(TRY_RUN, tmp_path)
    (folder.path / "reproduce.py").write_text("old", encoding="utf-8")
    monkeypatch.setenv("RESULTS", str(tmp_path))
    monkeypatch.setenv("RUN", TRY_RUN)
    monkeypatch.setenv("TRUST", "1")

    assert main(["reproduce"]) == 64

    assert "has no copy of its app" in capsys.readouterr().err
    assert not (folder.path / "reproduce.py").exists()


def test_the_mended_release_is_one_that_the_run_measured(tmp_path: Path) -> None:
    folder, summary = copy_raw(TRY_RUN, tmp_path), rebuilt(TRY_RUN)[0]

    release = mended_release(folder, summary)

    assert release is not None
    assert release.package == "ujson"


def test_a_release_that_grows_by_a_small_part_is_tried_as_the_mended_one(tmp_path: Path) -> None:
    folder, summary = copy_raw(TRY_RUN, tmp_path), rebuilt(TRY_RUN)[0]
    assert summary.own is not None
    assert summary.own.package is not None
    plan = folder.read_interventions(InterventionPlan)
    assert plan is not None
    release = Release("ujson", "5.3.0", "5.12.1")
    change = replace(plan.changes[0], name="newest-release", release=release)
    folder.write_interventions(replace(plan, changes=(change,)))
    own = next(each for each in summary.variants if each.name == summary.own.variant)

    def with_rate(low: float, high: float) -> Summary:
        newest = replace(
            own,
            name=plan.variant(change),
            verdict=Verdict.LEAK,
            growth_bytes_per_request=Interval((low + high) / 2, low, high),
        )
        return replace(summary, variants=(own, newest))

    assert own.growth_bytes_per_request is not None
    rate = own.growth_bytes_per_request.low
    assert mended_release(folder, with_rate(0.05 * rate, 0.1 * rate)) == release
    assert mended_release(folder, with_rate(0.05 * rate, 0.5 * rate)) is None


def test_lines_of_the_app_are_those_that_the_answer_names() -> None:
    answer = rebuilt(TRY_RUN)[0].own
    assert answer is not None
    lines = replace(answer.lines[0], site="3.8/json/x.py:9, from app.py:28")
    answer = replace(answer, lines=(lines, replace(lines, site="src/app.py:11")))

    assert lines_of(answer, "src/app.py") == {28, 11}


def test_a_package_is_imported_by_the_names_of_its_files(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.8" / "site-packages"
    info = site / "Py_Yaml-6.0.dist-info"
    info.mkdir(parents=True)
    record = (
        "yaml/__init__.py,,\n_yaml.cpython-38.so,,\nPy_Yaml-6.0.dist-info/RECORD,,\n../bin/x,,\n"
    )
    (info / "RECORD").write_text(record, encoding="utf-8")

    assert import_names(tmp_path / "bin" / "python3", "py-yaml") == {"yaml", "_yaml"}


def test_a_script_says_what_holds_the_memory(tmp_path: Path) -> None:
    answer = rebuilt(TRY_RUN)[0].own
    assert answer is not None
    (tmp_path / "app.py").write_text("a = 1\n", encoding="utf-8")
    (tmp_path / "bytes.py").write_bytes(b"\xff")
    texts = texts_of(tmp_path)
    spec = AppSpec(tmp_path / "lab.toml", "shop", python="3.8")
    app = KeptApp(spec, Installed(tmp_path, "here"), {"a": "1"}, texts)

    assert texts == {"app.py": "a = 1\n"}
    assert origin_of(app, replace(answer, package=None), 5.0).subject == "shop on Python 3.8"


@pytest.mark.parametrize(
    ("package", "newest"),
    [
        ("--index-url=http://127.0.0.1:1", "1"),
        ("-r/etc/passwd", "1"),
        ("../shop", "1"),
        ("Python", "../../tmp/x"),
        ("Python", "3.*"),
        ("Python", "-m"),
        ("Python", "2.7"),
    ],
)
def test_a_release_of_a_strangers_run_is_no_option_and_no_path(
    tmp_path: Path, package: str, newest: str
) -> None:
    with pytest.raises(NoRelease, match="is not"):
        mended_environment(cast(KeptApp, None), Release(package, "1", newest), tmp_path, tmp_path)
