"""Text from outside in what is handed on: comparisons, bundles, issues, bisections and layers."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from builders import app_answers
from builders.poison import POISON, poisoned
from lab.records.bisection import Bisection, Point, PointKind, PointResult, PointState
from lab.records.judgement import Verdict
from lab.records.layers import Layer, LayerResult, LayersAnswer, Need, NotExchanged
from lab.records.summary import Summary
from lab.report.bisect_figure import bisect_svg
from lab.report.bisect_page import bisect_page
from lab.report.layers_page import layers_page
from lab.share.agreement import agreement_of
from lab.share.agreement_text import agreement_markdown
from lab.share.bundle_readme import bundle_readme
from lab.share.comparison import compare_runs
from lab.share.comparison_text import comparison_markdown
from lab.share.issue import issue_text
from lab.share.issue_facts import IssueInput
from lab.share.manifest import SERVERS, BundleKind, LabFact, LeftOut, Manifest
from support.markup import markdown_faults, picture_faults, unprintable

BISECTION = Bisection(
    schema_version=1,
    app="shop",
    package="orders",
    kind=PointKind.RELEASE,
    leak="a line",
    changes=(),
    points=(
        PointResult(Point("1.0", "2024-01-02"), PointState.GOOD, 1, 3.0, 50.0),
        PointResult(Point("1.2", notes=("yanked",)), PointState.BAD, 2, 5000.0, 5050.0),
        PointResult(Point("1.3", fault="it needs another"), PointState.UNKNOWN, reason="no"),
    ),
    left_out=("Left out: pre-releases, 3.",),
    said=("orders 1.2 leaks.",),
    measured_points=2,
    seconds=75.0,
    exit_code=0,
)
RESULT = LayerResult(Layer.SERVER, "uvicorn", Verdict.LEAK, "it grows", None, 5, Need.NEEDED)
LAYERS = LayersAnswer(
    1,
    "shop",
    replace(RESULT, layer=None, need=None),
    (RESULT, replace(RESULT, verdict=None)),
    (NotExchanged(Layer.PYTHON, "there is no other"),),
    ("It needs the server.",),
    0,
)
MANIFEST = Manifest(
    "1.0", "run", BundleKind.APP, "app/shop/lab.toml", LabFact("1", "abc", None), {"a": "b"},
    "a lock",
    {"redacted": 1}, (LeftOut(f"{SERVERS}redis", "why"),), {},
)  # fmt: skip


def own() -> Summary:
    return poisoned(app_answers.own_summary())


def of_servers() -> Manifest:
    hostile = poisoned(MANIFEST)
    return replace(hostile, left_out=(LeftOut(f"{SERVERS}{POISON}", POISON),))


PAGES: Mapping[str, Callable[[], str]] = {
    "comparison": lambda: comparison_markdown(compare_runs(own(), own())),
    "comparison with another": lambda: comparison_markdown(
        compare_runs(own(), app_answers.own_summary())
    ),
    "agreement": lambda: agreement_markdown(agreement_of(own(), own()), POISON),
    "agreement with another": lambda: agreement_markdown(
        agreement_of(app_answers.own_summary(), own()), POISON
    ),
    "readme": lambda: bundle_readme(own(), of_servers()),
    "readme of a suite": lambda: bundle_readme(
        poisoned(replace(app_answers.own_summary(), own=None)),
        replace(of_servers(), kind=BundleKind.SUITE),
    ),
    "bisection": lambda: bisect_page(poisoned(BISECTION)),
    "layers": lambda: layers_page(poisoned(LAYERS)),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_text_from_outside_as_text(name: str) -> None:
    assert markdown_faults(PAGES[name](), {"bisect.svg"}) == []


def test_the_picture_of_a_bisection_is_a_picture_alone() -> None:
    text = bisect_svg(poisoned(BISECTION))

    assert picture_faults(text) == []
    assert unprintable(text) == []


def test_an_issue_shows_text_from_outside_as_text() -> None:
    pages = {"not-reproduced.txt": POISON, "reproduce.py": POISON}
    text = issue_text(IssueInput(own(), pages, command=POISON, requests=(POISON,)))

    (note,) = [each for each in markdown_faults(text) if each.startswith("<!--")]
    assert "PLANTED" not in note.replace("x2J", "")
    assert markdown_faults(text, html={note}) == []


@pytest.mark.parametrize("name", ["bisect.md", "layers.md"])
def test_a_page_of_a_strangers_run_brings_nothing_but_text_into_an_issue(name: str) -> None:
    """A page that the lab has not written may stand in the run's folder."""
    text = issue_text(IssueInput(app_answers.own_summary(), {name: f"# Bisect\n\n{POISON}"}))

    (note,) = [each for each in markdown_faults(text) if each.startswith("<!--")]
    found = markdown_faults(text, html={note})
    assert [each for each in found if each != "PLANTED"] == []
