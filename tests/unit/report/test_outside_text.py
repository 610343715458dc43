"""Text from outside is shown in every output, and does nothing there."""

import io
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from builders import app_answers, factories, memory_curves, raw
from builders.made import claims_summary
from builders.poison import POISON, SHOWN, poisoned
from lab.causes.diagnosis import diagnosis_of
from lab.records.curve import MemoryCurve
from lab.records.experiment import EngineInfo, EngineKind
from lab.records.interventions import Cause, Intervention, InterventionPlan
from lab.records.judgement import Verdict
from lab.records.observations import AllocationTrace, KindCounts, PostLoadObservation, TracedLine
from lab.records.summary import ComparedVariant, Comparison, ImageBase, PostLoadSummary, Summary
from lab.records.trial import End, EndKind, Trial
from lab.records.variant import Scenario
from lab.report.answer_text import answer_text
from lab.report.app_answer import app_answer
from lab.report.render import render_all, render_html
from lab.report.terminal import answer_at_terminal, closing
from lab.summary.run import curve_of, summarise
from lab.text.phrases import UNPRINTABLE
from lab.text.terminal import TextConsole
from lab.units import MIB
from rich.console import RenderableType
from support.markup import markdown_faults, picture_faults

OWN_PICTURE = "curves.svg"
OWN_HTML = {"<sup>", "</sup>"}


def strings(value: Any) -> list[str]:
    """Every text in a record but the keys of its mappings."""
    if isinstance(value, str):
        return [value]
    if is_dataclass(value):
        return [found for each in fields(value) for found in strings(getattr(value, each.name))]
    parts = value.values() if isinstance(value, Mapping) else value
    return (
        [found for each in parts for found in strings(each)]
        if isinstance(parts, tuple) or isinstance(value, Mapping)
        else []
    )


def written(summary: Summary, curves: tuple[MemoryCurve, ...]) -> Mapping[str, str]:
    """Every file of a run's report, and what its terminal shows."""
    files = dict(render_all(summary, curves))
    shown = [closing(summary)]
    if summary.own:
        files["answer.md"] = answer_text(summary.own)
        shown.append(answer_at_terminal(summary.own))
    return {**files, "terminal": "".join(map(printed, shown))}


def printed(what: RenderableType) -> str:
    console = TextConsole(file=io.StringIO(), width=20_000)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def whole_summary() -> Summary:
    """A summary in which every kind of record is there."""
    made = claims_summary()
    failed = factories.failures(factories.variant_summary("failed"), ["a line"], reset=3)
    left = PostLoadSummary(Scenario.GIVE_BACK, 1.0, 2 * MIB, MIB, 1, 1, 0, 0)
    variants = tuple(
        replace(each, post_load=left, caveats=("late",), cause="a cause")
        for each in (*made.variants[:2], failed)
    )
    other = Comparison(
        "other-run",
        EngineInfo(EngineKind.PROCESS, "1", "v2", ("a note",)),
        tuple(ComparedVariant(each.name, each.verdict, MIB, MIB) for each in variants),
    )
    run = replace(
        made.run,
        bases=(ImageBase("python", "stand-in", "sha256:0"),),
        missing=(factories.missing(),),
        engine=EngineInfo(EngineKind.DOCKER, "1", "v1", ("a note",)),
        comparison=other,
    )
    return replace(made, run=run, variants=variants, own=app_answers.app_answer())


def whole_trial() -> Trial:
    """A trial in which every kind of raw record is there."""
    summary = raw.trial([50 * MIB + index * 20 * MIB for index in range(9)])
    line = TracedLine(160 * MIB, 1000, ("/w/app/app.py:3", "/usr/lib/python3.12/a.py:9"))
    reading = raw.probe()
    kinds = {"GET /": KindCounts({"200": 100, "500": 1}, 1, 1000, "what it said")}
    return replace(
        summary,
        blocks=tuple(replace(block, kinds=kinds) for block in summary.blocks),
        post_load=PostLoadObservation(
            Scenario.GIVE_BACK, 1.0, 50 * MIB, 40 * MIB, reading, reading, 0, 0
        ),
        trace=AllocationTrace("memray", 1000, 160 * MIB, (line,), {"a.B": 1000}),
        end=End(EndKind.DIED, 100.0, "it died", ("a line of its log",)),
    )


def plan() -> InterventionPlan:
    change = Intervention("one-arena", "MALLOC_ARENA_MAX=1", (Cause.THREAD_ARENAS,), {"A": "1"})
    return InterventionPlan("shop", "own-shop", "own-shop-control", ("own-shop-traced",), (change,))


def of_raw_records() -> tuple[Summary, tuple[MemoryCurve, ...]]:
    """What is derived from raw records whose every string field is hostile."""
    trial, tried = poisoned(whole_trial()), poisoned(plan())
    experiment = poisoned(raw.experiment("one", missing=(factories.missing(),)))
    trials = {POISON: [trial], f"{POISON}-{POISON}": [trial]}
    own = app_answer(diagnosis_of(tried, trials), tried.name, tried.base)
    comparison = Comparison(
        "other",
        EngineInfo(EngineKind.PROCESS, "1", "v2"),
        (ComparedVariant("one", Verdict.FLAT, MIB, MIB),),
    )
    summary = summarise(POISON, experiment, trials, poisoned(comparison), None, own)
    return summary, (curve_of(trial),)


def of_a_summary() -> tuple[Summary, tuple[MemoryCurve, ...]]:
    """A summary whose every string field is hostile, whatever it was derived from."""
    summary = poisoned(whole_summary())
    topics = tuple(replace(topic, positions=topic.positions[:1]) for topic in summary.topics[:1])
    return replace(summary, topics=topics), memory_curves.curves(summary.variants[:1])


SOURCES = {"raw records": of_raw_records, "summary": of_a_summary}
OUTPUTS: dict[str, Mapping[str, str]] = {}
CLEAN = {"raw records": app_answers.own_summary, "summary": whole_summary}


@pytest.fixture(params=SOURCES)
def files(request: pytest.FixtureRequest) -> Mapping[str, str]:
    if request.param not in OUTPUTS:
        summary, curves = SOURCES[request.param]()
        clean = render_html(CLEAN[request.param](), ())
        OUTPUTS[request.param] = {**written(summary, curves), "clean.html": clean}
    return OUTPUTS[request.param]


@pytest.mark.parametrize("make", [whole_trial, plan, whole_summary])
def test_every_string_field_is_reached(make: Callable[[], Any]) -> None:
    texts = set(strings(poisoned(make())))
    enums = {text for text in texts if type(text) is not str}

    assert texts - enums == {POISON}


def test_no_output_holds_control_characters(files: Mapping[str, str]) -> None:
    assert [name for name, text in files.items() if UNPRINTABLE.search(text)] == []


def test_the_terminal_shows_markup_as_it_is(files: Mapping[str, str]) -> None:
    assert files["terminal"].count(SHOWN) > 5
    assert SHOWN in files["report.html"]


class Tags(HTMLParser):
    """The tags of a page, and the attributes that run or load something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.scripts = 0
        self.active: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.scripts += tag == "script"
        self.active += [
            (name, value)
            for name, value in attrs
            if name.startswith("on")
            or (name in ("src", "href") and not str(value).startswith(("#", "data:,")))
        ]


def tags_of(page: str) -> Tags:
    found = Tags()
    found.feed(page)
    return found


def test_the_page_has_no_tag_and_no_attribute_from_outside(files: Mapping[str, str]) -> None:
    found, clean = tags_of(files["report.html"]), tags_of(files["clean.html"])

    assert (found.active, found.scripts) == ([], clean.scripts)
    assert "img" not in found.tags


def test_the_picture_is_xml_without_scripts(files: Mapping[str, str]) -> None:
    assert picture_faults(files["curves.svg"]) == []


def markdown_names(files: Mapping[str, str]) -> list[str]:
    return [name for name in files if name.endswith(".md")]


def test_markdown_has_nothing_from_outside_but_text(files: Mapping[str, str]) -> None:
    for name in markdown_names(files):
        assert markdown_faults(files[name], {OWN_PICTURE}, OWN_HTML) == [], name
        assert "\nPLANTED" not in files[name], name
