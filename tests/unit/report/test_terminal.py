import io
from dataclasses import replace

from builders import app_answers, factories
from builders.made import claims_summary
from lab.errors import ExitCode
from lab.records.summary import Summary
from lab.report.claims_page import tally
from lab.report.overview import overview_of
from lab.report.terminal import MEANINGS, answer_at_terminal, closing
from lab.text.phrases import sentence
from lab.text.terminal import TextConsole
from rich.console import RenderableType

HOSTILE = "failed: [/bin/sh -c pip] and [red]more[/red] [/]"


def shown(summary: Summary, width: int = 200) -> str:
    return printed(closing(summary), width)


def printed(what: RenderableType, width: int = 200) -> str:
    console = TextConsole(file=io.StringIO(), width=width)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.strip() for line in console.file.getvalue().splitlines())


def test_a_row_for_each_variant_and_the_answer() -> None:
    text = shown(factories.core_summary())

    assert sum(line.startswith("py3") for line in text.splitlines()) == 12
    assert text.splitlines()[-1] == overview_of(factories.core_summary()).headline


def test_a_row_has_verdict_memory_prediction_and_requests() -> None:
    text = shown(factories.core_summary())
    (row,) = [line for line in text.splitlines() if line.startswith("py37-fastapi-sync")]

    assert " ".join(row.split()) == ("py37-fastapi-sync bounded 24.0 3,015 2,991 3,052 1,000/1,000")


def test_what_was_not_measured_is_a_dash() -> None:
    text = shown(factories.summary([factories.unmeasured()]))
    (row,) = [line for line in text.splitlines() if line.startswith("py37-flask")]

    assert row.split() == ["py37-flask", "inconclusive", *["\N{EN DASH}"] * 4, "0/0"]


def test_a_missing_variant_stands_with_its_reason_whatever_is_in_it() -> None:
    missing = (factories.missing("py38-flask", HOSTILE),)
    text = shown(factories.summary([factories.variant_summary()], missing=missing))

    assert "py38-flask" in text
    assert "never ran" in text
    assert "[/bin/sh -c" in " ".join(text.split())


def test_nothing_measured_does_not_sound_like_a_pass() -> None:
    assert "Nothing was measured" in shown(factories.summary([]))


def test_a_run_of_claims_ends_with_them_their_count_and_the_code() -> None:
    lines = shown(claims_summary(), width=100).splitlines()

    assert sum(line.startswith("T") for line in lines) == 42
    assert any(line.startswith("T23    refuted") for line in lines)
    assert lines[-2] == f"{tally(claims_summary().claims)}."
    assert lines[-1] == f"Exit code 0: {MEANINGS[ExitCode.DECIDED]}."


def test_a_run_of_one_claim_shows_its_variants_and_its_reason() -> None:
    whole = claims_summary()
    names = ("py37-uvicorn-uvloop", "py37-uvicorn-asyncio")
    variants = tuple(v for v in whole.variants if v.name in names)
    lines = shown(replace(whole, variants=variants, claims=whole.claims[22:23])).splitlines()

    assert sum(line.startswith("py37-") for line in lines) == 2
    assert f"T23: {sentence(whole.claims[22].reason)}" in lines


def test_the_answer_about_a_user_app_has_its_verdict_cause_help_changes_and_lines() -> None:
    answer = app_answers.app_answer()
    lines = printed(answer_at_terminal(answer)).splitlines()

    assert lines[0] == f"shop: leak. {sentence(answer.reason)}"
    assert lines[1].startswith("Cause: live Python objects (proven). ")
    assert lines[2] == f"Holder: {sentence(answer.held_by[0])}"
    assert lines[3] == f"What helps: {sentence(answer.helps)}"
    assert any(
        line.split() == ["MALLOC_ARENA_MAX=1", "+39.0", "MiB", "+1.0", "MiB", "97%"]
        for line in lines
    )
    assert any(line.startswith("40.0 MiB") and line.endswith(": app.py:7") for line in lines)
    assert lines[-1].endswith(": 4,000 builtins.dict.")
