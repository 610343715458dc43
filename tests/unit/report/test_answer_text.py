from dataclasses import replace

import pytest
from builders import app_answers, factories
from lab.records.judgement import Verdict
from lab.report.answer_text import answer_text, headline_of
from lab.report.render import render_all, render_markdown
from lab.report.sections import bases_sentence
from lab.text.phrases import sentence

ANSWER = app_answers.app_answer()


def test_the_answer_in_markdown() -> None:
    assert answer_text(ANSWER).splitlines() == [
        "# shop",
        "",
        "**Verdict:** leak. Grew by 40 MiB.",
        "",
        "**Cause:**",
        "",
        "- Live Python objects (proven). +1 block. By app.py:7.",
        "- Holder: app.CACHE (dict, 0 → 4,000 entries).",
        "",
        "**What helps:** Let go of what the named lines keep.",
        "",
        "Changes that were tried, each for 4,000 requests with a control run of the unchanged app:",
        "",
        "| Change | Gained | Saved | Requests a second |",
        "|---|--:|--:|--:|",
        "| MALLOC_ARENA_MAX=1 | +39.0 MiB | +1.0 MiB | 97% |",
        "",
        "Lines of code whose allocations were still live at the end of a run that traces them:",
        "",
        "- 40.0 MiB in 4,000 blocks: `app.py:7`",
        "",
        "More objects than at the baseline: 4,000 `builtins.dict`.",
    ]


@pytest.mark.parametrize(
    ("served", "control", "verdict", "intro"),
    [
        ((4000,), None, Verdict.LEAK, ", each for 4,000 requests as the unchanged app:"),
        (
            (374,),
            1256,
            Verdict.LEAK,
            ", for 374 requests each; a control run of the unchanged app served 1,256, and "
            "growth is scaled to that number:",
        ),
        (
            (374, 900, 4000),
            None,
            Verdict.BOUNDED,
            ", for 374 to 4,000 requests each; the unchanged app served 4,000:",
        ),
    ],
)
def test_a_change_that_served_less_is_not_said_to_have_served_all(
    served: tuple[int, ...], control: int | None, verdict: Verdict, intro: str
) -> None:
    """A slow app's changes get less load: 374 requests were told as 1,256."""
    (change,) = ANSWER.changes
    changes = tuple(replace(change, requests=count) for count in served)
    answer = replace(ANSWER, changes=changes, control_requests=control, verdict=verdict)

    assert f"Changes that were tried{intro}" in answer_text(answer).splitlines()


def test_a_change_that_only_tells_is_no_advice() -> None:
    (change,) = ANSWER.changes
    text = answer_text(replace(ANSWER, changes=(replace(change, is_cure=False),)))

    assert "| MALLOC_ARENA_MAX=1 (a diagnostic only, not a cure) |" in text


def test_where_there_is_no_cause_the_reason_is_said() -> None:
    text = answer_text(replace(ANSWER, causes=(), held_by=(), no_cause="none is needed", types={}))

    assert "\n- None is needed.\n" in text
    assert "Objects more" not in text


@pytest.mark.parametrize(
    ("verdict", "headline"),
    [
        (Verdict.LEAK, "shop leaks: live Python objects (proven)."),
        (Verdict.BOUNDED, "shop grows and stops: live Python objects (proven)."),
        (Verdict.FLAT, "shop does not grow: live Python objects (proven)."),
        (Verdict.INCONCLUSIVE, "Whether shop leaks is open: live Python objects (proven)."),
    ],
)
def test_the_headline_is_the_verdict_and_the_first_cause(verdict: Verdict, headline: str) -> None:
    answer = replace(ANSWER, verdict=verdict)

    assert headline_of(answer) == headline
    changed = replace(app_answers.own_summary(), own=answer)
    assert render_markdown(changed).startswith(f"# {headline}\n")


@pytest.mark.parametrize("page", ["report.md", "report.html"])
def test_the_answer_stands_in_the_report(page: str) -> None:
    text = render_all(app_answers.own_summary(), ())[page]

    for words in (
        "Cause, and what helps",
        "By app.py:7",
        "MALLOC_ARENA_MAX=1",
        "97%",
        "app.CACHE (dict",
    ):
        assert words in text


@pytest.mark.parametrize("page", ["report.md", "report.html"])
def test_a_change_that_failed_is_told_with_its_reason(page: str) -> None:
    answer = replace(ANSWER, failed_changes=("waitress in place of gunicorn: it did not answer",))
    text = render_all(replace(app_answers.own_summary(), own=answer), ())[page]

    assert "Tried and not measured: waitress in place of gunicorn: it did not answer." in text


@pytest.mark.parametrize("page", ["report.md", "report.html"])
def test_the_report_tells_each_fact_of_a_user_app_once(page: str) -> None:
    summary = app_answers.own_summary()
    unchanged = replace(summary.variants[0], reason=ANSWER.reason)
    text = render_all(replace(summary, variants=(unchanged,)), ())[page]

    for told in (sentence(ANSWER.reason), bases_sentence(summary.run.bases)):
        assert text.count(told) == 1
    assert "Predictions" not in text


def test_a_run_of_the_matrix_has_no_such_section() -> None:
    assert "what helps" not in render_markdown(factories.core_summary())
