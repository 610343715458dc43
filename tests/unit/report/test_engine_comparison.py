"""Two engines side by side in a report."""

import json
import re
from dataclasses import replace

import pytest
from builders import factories
from builders.compared import PROCESS, bounded
from jsonschema import Draft202012Validator
from lab.records.experiment import EngineInfo, EngineKind
from lab.records.judgement import Verdict
from lab.records.summary import ComparedVariant, Comparison, ImageBase, Summary, VariantSummary
from lab.report.render import render_html, render_markdown, summary_json
from lab.report.sections import bases_sentence, comparison_rows
from lab.units import MIB
from support.paths import ROOT

NAMES = ("py37-fastapi-sync", "py37-flask")
DOCKER = EngineInfo(EngineKind.DOCKER, "20.10", "v1")
SCHEMA = json.loads((ROOT / "scripts/lab/records/summary.schema.json").read_text(encoding="utf-8"))


def other_run(*variants: ComparedVariant) -> Comparison:
    return Comparison("20240101-000000-core", DOCKER, variants)


def compared(
    growth: int | None = 20 * MIB, verdict: Verdict = Verdict.BOUNDED, name: str = NAMES[0]
) -> ComparedVariant:
    return ComparedVariant(name, verdict, None if growth is None else 24 * MIB + growth, growth)


def with_comparison(*variants: ComparedVariant, own: VariantSummary | None = None) -> Summary:
    return factories.summary([own or bounded()], engine=PROCESS, comparison=other_run(*variants))


def test_a_row_is_a_variant_on_both_engines() -> None:
    (row,) = comparison_rows(with_comparison(compared(20 * MIB)))

    assert (row.name, row.settled, row.other_settled) == (NAMES[0], "64.0", "44.0")
    assert row.growth_ratio == "2.00"
    assert (row.verdict, row.other_verdict, row.agrees) == ("bounded", "bounded", True)


def test_a_row_whose_verdicts_differ_says_so() -> None:
    (row,) = comparison_rows(with_comparison(compared(verdict=Verdict.LEAK)))

    assert (row.verdict, row.other_verdict, row.agrees) == ("bounded", "leak", False)


@pytest.mark.parametrize(
    ("growth", "ratio"),
    [(MIB, "40.00"), (MIB - 1, "–"), (0, "–"), (-50 * MIB, "–"), (None, "–")],  # noqa: RUF001
)
def test_a_ratio_of_noise_is_left_out(growth: int | None, ratio: str) -> None:
    (row,) = comparison_rows(with_comparison(compared(growth)))

    assert row.growth_ratio == ratio


def test_what_was_not_measured_here_has_no_ratio() -> None:
    (row,) = comparison_rows(with_comparison(compared(), own=factories.unmeasured(NAMES[0])))

    assert (row.settled, row.growth_ratio, row.agrees) == ("–", "–", False)  # noqa: RUF001


def test_a_variant_that_only_one_of_them_has_is_left_out() -> None:
    rows = comparison_rows(with_comparison(compared(name="py38-flask"), compared()))

    assert [row.name for row in rows] == [NAMES[0]]
    assert comparison_rows(with_comparison()) == ()


def test_without_another_engine_there_are_no_rows() -> None:
    assert comparison_rows(factories.core_summary()) == ()


def rendered(summary: Summary) -> dict[str, str]:
    return {"markdown": render_markdown(summary), "page": render_html(summary, ())}


def words(text: str) -> str:
    """Without the marks of either format."""
    return " ".join(re.sub(r"<[^>]*>|[|*`]", " ", text).split())


@pytest.mark.parametrize("kind", ["markdown", "page"])
def test_both_engines_stand_in_the_report(kind: str) -> None:
    text = words(rendered(with_comparison(compared(20 * MIB, Verdict.LEAK)))[kind])

    assert "Both engines" in text
    for phrase in ("the engine process", "run 20240101-000000-core", "the engine docker"):
        assert phrase in text
    assert "Variant process docker Ratio of growth" in text
    assert "py37-fastapi-sync 64.0 44.0 2.00 bounded leak" in text


def test_a_verdict_that_differs_stands_out() -> None:
    differing = rendered(with_comparison(compared(verdict=Verdict.LEAK)))
    agreeing = rendered(with_comparison(compared()))

    assert "| bounded | **leak** |" in differing["markdown"]
    assert '<td class="differs">leak</td>' in differing["page"]
    assert "| bounded | bounded |" in agreeing["markdown"]
    assert '<td class="differs">bounded</td>' not in agreeing["page"]


@pytest.mark.parametrize("kind", ["markdown", "page"])
def test_one_engine_alone_is_not_compared(kind: str) -> None:
    assert "Both engines" not in rendered(factories.core_summary(engine=PROCESS))[kind]
    assert "Both engines" not in rendered(with_comparison(compared(name="py38-flask")))[kind]


def of_the_host(text: str) -> str:
    """The section that says on what was measured."""
    return (
        text.partition("Host and settings</h2>")[2].partition("</section>")[0]
        or (text.partition("## Host and settings")[2].partition("\n## ")[0])
    )


@pytest.mark.parametrize(("kind", "mark"), [("markdown", "\n- "), ("page", "<li>")])
def test_the_engines_notes_stand_with_its_host(kind: str, mark: str) -> None:
    noted = of_the_host(rendered(factories.core_summary(engine=PROCESS))[kind])
    silent = of_the_host(rendered(factories.core_summary(engine=replace(PROCESS, notes=())))[kind])

    assert [f"{mark}{note}" in noted for note in PROCESS.notes] == [True, True]
    assert noted.count(mark) - silent.count(mark) == len(PROCESS.notes)
    assert "<ul>" not in silent


def test_hostile_names_of_another_run_do_nothing() -> None:
    summary = with_comparison(compared())
    evil = replace(other_run(compared()), run="</code><script>alert(1)</script>|`")
    summary = replace(summary, run=replace(summary.run, comparison=evil))

    assert "<script>alert" not in rendered(summary)["page"]
    assert "`` </code><script>alert(1)</script>\\|` ``" in rendered(summary)["markdown"]


def local(image: str) -> ImageBase:
    return ImageBase(image, "local", "CPython 3.7.17 of this machine (pyenv)")


def test_local_interpreters_are_no_images() -> None:
    said = bases_sentence([local("memlab-py37-thread"), local("memlab-py38-thread")])

    assert "each variant ran on an interpreter of this machine" in said
    assert "stand-in" not in said


def test_local_processes_say_so_among_the_facts() -> None:
    text = render_markdown(factories.core_summary(engine=PROCESS, bases=(local("memlab"),)))

    assert "- Engine: local processes on Linux 6.1, cgroup none" in text
    assert "each variant ran on an interpreter" in text.partition("\n## ")[0]


@pytest.mark.parametrize(
    "summary",
    [
        with_comparison(compared()),
        with_comparison(compared(None, Verdict.INCONCLUSIVE)),
        with_comparison(),
        factories.core_summary(engine=PROCESS, bases=(local("memlab-py37-thread"),)),
    ],
    ids=["compared", "unmeasured-there", "nothing-there", "local"],
)
def test_a_summary_with_a_comparison_fits_the_schema(summary: Summary) -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(summary_json(summary)))
