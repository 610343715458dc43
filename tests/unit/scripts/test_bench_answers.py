"""What is kept of an answer of `make try` is what its run says of itself."""

import dataclasses
from collections.abc import Sequence

import answer_record
import bench_answers
import pytest
from lab.records.codec import encode
from lab.records.interventions import InterventionPlan
from lab.records.judgement import Verdict
from lab.records.summary import Summary
from lab.store.run_folder import RunFolder
from support.quoted_runs import RUNS, TRY_RUN

RUN = RunFolder(RUNS / TRY_RUN)


@pytest.fixture
def summary() -> Summary:
    return RUN.read_summary()


@pytest.fixture
def plan() -> InterventionPlan:
    read = RUN.read_interventions(InterventionPlan)
    assert read is not None
    return read


def test_names_and_figures_are_those_of_the_runs_own_record(
    summary: Summary, plan: InterventionPlan
) -> None:
    kept = encode(answer_record.answer_record(summary, plan))

    (held_by,) = kept.pop("held_by")
    assert "calls ujson.dumps of ujson 5.3.0" in held_by
    assert kept == {
        "run": TRY_RUN,
        "commit": "c8f2953052c32ce754b21d765704c1cf28112370",
        "verdict": "leak",
        "requests": 6000,
        "bytes_a_request": {"estimate": 75187.76, "low": 74606.272, "high": 75890.975},
        "causes": [{"cause": "native memory", "standing": "proven"}],
        "package": "ujson",
        "version": "5.3.0",
        "cures": [{"requirement": "ujson>=5.10.0", "verdict": "flat"}],
        "helps": "ujson>=5.10.0 (measured: flat)",
    }


def test_a_release_that_was_not_measured_has_no_verdict(
    summary: Summary, plan: InterventionPlan
) -> None:
    (change,) = plan.changes
    without = [each for each in summary.variants if each.name != plan.variant(change)]
    kept = answer_record.answer_record(dataclasses.replace(summary, variants=tuple(without)), plan)

    assert kept is not None
    assert kept.cures == (answer_record.KeptCure("ujson>=5.10.0", None),)


def test_an_app_that_was_not_measured_has_no_record(
    summary: Summary, plan: InterventionPlan
) -> None:
    assert answer_record.answer_record(dataclasses.replace(summary, own=None), plan) is None


def test_a_run_of_the_matrix_has_no_record() -> None:
    assert bench_answers.record_of(RunFolder(RUNS / "20261124-030233-core")) is None


def test_verdict_and_cause_are_the_records_and_without_one_the_exit_code_is_told() -> None:
    answers = [
        bench_answers.of_record(74.5, 0, bench_answers.record_of(RUN)),
        bench_answers.of_record(1.5, 64, None),
    ]

    assert [(each.seconds, each.verdict, each.cause) for each in answers] == [
        (74.5, "leak", "native memory"),
        (1.5, "none (code 64)", ""),
    ]


def test_what_is_written_is_read_again_and_a_way_without_answers_has_no_times() -> None:
    record = bench_answers.record_of(RUN)
    answer = bench_answers.Answered(74.5, "leak", "native memory", 4.2, record)
    answers = {"now": {"ujson-failing": answer}, "sequential": {}}

    written = bench_answers.written(None, answers)

    assert record is not None
    assert record.verdict is Verdict.LEAK
    assert bench_answers.read_answers(bench_answers.text_of(written)) == answers
    assert written["seconds"] == {"now": {"median": 74.5, "within_95": 74.5, "worst": 74.5}}


def test_the_answers_that_are_kept_can_be_gone_on_with() -> None:
    answers = bench_answers.read_answers((RUNS / "bench-answers.json").read_bytes())

    assert {way: len(each) for way, each in answers.items()} == {"now": 33, "sequential": 33}


def test_an_app_with_all_answers_is_left_out_and_each_other_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def answered(way: bench_answers.Asking, settings: dict[str, str]) -> bench_answers.Answered:
        asked.append(settings["EXAMPLE"] + settings.get("CHECK", ""))
        return bench_answers.Answered(1.0, "flat", "")

    def measured(answers: bench_answers.Answers, names: Sequence[str]) -> list[str]:
        asked.clear()
        return list(bench_answers.measure(ways, names, answers))

    monkeypatch.setattr(bench_answers, "answered", answered)
    ways = {"now": bench_answers.Asking(bench_answers.ROOT, {})}
    names = ["late-cache", "growing-log"]
    answers: bench_answers.Answers = {"now": {}}

    assert measured(answers, names[:1]) == ["late-cache"]
    assert measured(answers, names) == ["growing-log"]
    assert asked == ["growing-log1", "growing-log"]
    assert list(answers["now"]) == names
