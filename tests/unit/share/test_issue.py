from dataclasses import replace

import pytest
from builders.app_answers import app_answer, own_summary
from builders.factories import summary, unmeasured, variant_summary
from builders.issues import issue, leak_in
from lab.records.app_answer import AppLine
from lab.records.interventions import CONTROL
from lab.records.judgement import Verdict
from lab.records.summary import Summary
from lab.share.issue import MOST_ISSUE_CHARACTERS
from lab.share.issue_forms import CPYTHON_TRACKER, FORMS, address_of, tracker_of
from lab.verdict.caveats import CaveatKind

TRACKER = "https://github.com/x/y/issues"


def headings(text: str) -> list[str]:
    return [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")]


@pytest.mark.parametrize("project", [name for name in FORMS if name != "cpython"])
def test_an_issue_has_the_fields_of_its_form_in_their_order(project: str) -> None:
    text = issue(leak_in(project))

    form = FORMS[project]
    assert headings(text) == [field.heading for field in form.fields]
    address = TRACKER.replace("issues", "discussions") if form.is_discussion else TRACKER
    assert f"For {project}: {address}\n" in text
    assert "1.2.3" in text
    assert "72.3 KiB a request" in text.splitlines()[0]
    assert "a reproducer of one file without the lab" in text


def test_a_newest_release_that_was_measured_is_not_among_what_was_not_tried() -> None:
    leak = leak_in("ujson")
    newest = variant_summary("own-shop-newest-release", Verdict.FLAT)
    line = "- the newest release, where the versions above are older"

    assert line in issue(leak)
    assert line not in issue(replace(leak, variants=(*leak.variants, newest)))


@pytest.mark.parametrize(
    ("verdict", "is_said"),
    [(Verdict.FLAT, True), (Verdict.BOUNDED, True), (Verdict.LEAK, False)],
)
def test_what_the_newest_release_mends_is_said_to_whoever_sends(
    verdict: Verdict, is_said: bool
) -> None:
    leak = leak_in("ujson")
    newest = variant_summary("own-shop-newest-release", verdict)

    text = issue(replace(leak, variants=(*leak.variants, newest)))

    assert ("The newest release that fits its Python does not grow: upgrade" in text) is is_said


def test_a_help_does_not_say_in_the_tracker_to_report_it_there() -> None:
    leak = leak_in("ujson")
    own = app_answer()
    for helps, shown in (
        (
            f"Move ujson 1.2.3 to another, or report it at {TRACKER}; in the meantime wait.",
            "Move ujson 1.2.3 to another; in the meantime wait.",
        ),
        (
            f"ujson 5.12.1 leaks as well: report it at {TRACKER}.",
            "Ujson 5.12.1 leaks as well.",
        ),
        ("Move it, or report it to its maintainers.", "Move it."),
    ):
        text = issue(replace(leak, own=replace(own, package=leak.own.package, helps=helps)))  # type: ignore[union-attr]

        assert shown.lower() in text.lower()
        assert "report it" not in text


def test_what_ran_is_told_in_words() -> None:
    leak = leak_in("ujson")
    base = leak.variants[0].name
    own = replace(app_answer(), variant=base)
    more = [variant_summary(f"{base}-{each}", Verdict.LEAK) for each in (CONTROL, "one-arena")]

    text = issue(replace(leak, own=own, variants=(*leak.variants, *more)))

    for words in ("the app as it is", "as it is, beside the changes", "with one arena"):
        assert f"| {words} | leak |" in text


def test_each_weakness_of_the_numbers_is_a_line() -> None:
    leak = leak_in("aiohttp")
    variant = replace(leak.variants[0], caveats=("Memory was busy.", "6 gaps between samples."))

    text = issue(replace(leak, variants=(variant,)))

    assert "What was not tried:\n\n- " in text
    assert "numbers: Memory was busy\n- what weakens the numbers: 6 gaps between samples\n" in text


def test_that_a_leak_was_confirmed_weakens_no_number() -> None:
    said = CaveatKind.EXTENDED.value.format(planned=8, they_were="4 more blocks were")
    leak = leak_in("aiohttp")

    def of(verdict: Verdict) -> str:
        variant = replace(leak.variants[0], verdict=verdict, caveats=(said, "Memory was busy."))
        return issue(replace(leak, variants=(variant,)))

    assert "4 more blocks" not in of(Verdict.LEAK)
    assert "4 more blocks" in of(Verdict.INCONCLUSIVE)
    assert "numbers: Memory was busy" in of(Verdict.LEAK)


def test_a_spelling_of_a_name_makes_no_difference() -> None:
    assert headings(issue(leak_in("Pydantic_Core"))) == headings(issue(leak_in("pydantic")))


def test_another_project_gets_the_general_shape() -> None:
    text = issue(leak_in("ujson"))

    assert headings(text)[:3] == ["What", "How to see it", "Numbers"]
    assert "It does not level off" in text
    assert "[72.2, 72.4]" in text


def of_the_standard_library(*held_by: str) -> Summary:
    lines = (AppLine("3.12/threading.py:9", 10, 1),)
    own = replace(app_answer(), lines=lines, package=None, held_by=held_by)
    return replace(own_summary(), own=own)


def test_what_the_standard_library_holds_is_cpythons() -> None:
    given = of_the_standard_library(
        "threading._shutdown_locks (set, 0 → 9) → lock, in threading of the standard library."
    )

    assert tracker_of(given) == CPYTHON_TRACKER
    python = given.variants[0].versions["python"]
    assert issue(given).splitlines()[0].endswith(f" in CPython {python}")
    assert headings(issue(given))[0] == "Bug description"


def test_a_line_of_the_standard_library_alone_names_nobody() -> None:
    """Asyncio's lines allocate what uvloop never lets go."""
    given = of_the_standard_library("32,000 more objects of type builtins.Context.")

    assert tracker_of(given) == ""
    assert "No package was found that holds the memory" in issue(given)


def test_without_a_package_nobody_is_named() -> None:
    assert "No package was found that holds the memory" in issue(own_summary())


@pytest.mark.parametrize(
    ("link", "tracker"),
    [
        ("http://github.com/MagicStack/uvloop", "https://github.com/MagicStack/uvloop/issues"),
        ("https://github.com/x/y.git", TRACKER),
        ("https://github.com/x/y/", TRACKER),
        (TRACKER, TRACKER),
        ("https://github.com/x", "https://github.com/x"),
        ("https://git.example/x/y", "https://git.example/x/y"),
    ],
)
def test_a_repository_in_the_place_of_a_tracker_leads_to_its_issues(
    link: str, tracker: str
) -> None:
    assert tracker_of(leak_in("uvloop", link)) == tracker


@pytest.mark.parametrize(
    "tracker", [None, "javascript:alert(1)", "https://x --> <script>", "ftp://x/y"]
)
def test_a_tracker_that_is_no_link_is_not_told(tracker: str | None) -> None:
    text = issue(leak_in("ujson", tracker))

    assert "whose metadata names no tracker" in text
    assert "<script>" not in text


def test_the_reproducer_stands_in_it_and_can_close_no_block() -> None:
    text = issue(leak_in("ujson"), reproduce="x = '''```'''\n")

    assert "````python\nx = '''```'''\n````" in text
    assert "a reproducer of one file" not in text


def test_the_reproducer_comes_before_what_says_how_to_run_it() -> None:
    for project in ("ujson", *FORMS):
        text = issue(leak_in(project), reproduce="the_script()\n")
        is_before = text.index("the_script()") < text.index("`uv run reproduce.py`")
        # A form that has a field of its own for the code decides where that stands.
        assert is_before or any(h.startswith("Example Code") for h in headings(text)), project


def test_what_was_looked_for_by_others_is_told() -> None:
    text = issue(leak_in("ujson"), bisect="# First bad\n\n5.1.0", layers="# Layers\n\nnone")

    assert "##### First bad\n\n5.1.0" in text
    assert "the first bad one is not known" not in text


def test_a_plateau_is_told_with_its_ceiling() -> None:
    given = summary((variant_summary("a", Verdict.BOUNDED, growth=100 << 20),))

    assert "It levels off, at " in issue(given)


def test_nothing_measured_is_no_claim() -> None:
    assert "not known" in issue(summary((unmeasured("a"),)))
    assert "nothing was measured" in issue(summary(()))


def test_an_issue_is_never_too_long() -> None:
    text = issue(leak_in("ujson"), reproduce="x" * 100 + "\n" + "y = 1\n" * 20_000)

    assert len(text) <= MOST_ISSUE_CHARACTERS
    assert "cut here" in text


def test_text_from_outside_is_text() -> None:
    given = leak_in("ujson")
    own = replace(given.own or app_answer(), held_by=("<img src=x> | `a`",), reason="**x**")

    text = issue(replace(given, own=own))

    assert "<img" not in text.replace("\\<img", "")
    assert "**x**" not in text.replace("\\*\\*x\\*\\*", "")


def test_a_page_that_is_no_tracker_is_told_as_one() -> None:
    page = "https://example.org/protocol-buffers/"

    assert f"For ujson: {page} (its page: its metadata names no tracker)" in issue(
        leak_in("ujson", page)
    )
    assert f"For ujson: {TRACKER}\n" in issue(leak_in("ujson"))


def test_what_begins_as_a_discussion_is_sent_there_where_there_is_a_place() -> None:
    assert address_of(leak_in("starlette")) == "https://github.com/x/y/discussions"
    assert address_of(leak_in("starlette", "https://git.example/x")) == "https://git.example/x"
    assert address_of(leak_in("flask")) == TRACKER
