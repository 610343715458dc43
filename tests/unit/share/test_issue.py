import re
from dataclasses import replace

import pytest
from builders.app_answers import app_answer, own_summary
from builders.factories import summary, unmeasured, variant_summary
from lab.records.app_answer import AppChange, AppLine
from lab.records.holders import Package
from lab.records.interventions import CONTROL
from lab.records.judgement import Interval, Verdict
from lab.records.summary import Summary
from lab.report.answer_text import holder_lines
from lab.share.issue import MOST_ISSUE_CHARACTERS, issue_text
from lab.share.issue_facts import IssueInput
from lab.share.issue_forms import CPYTHON_TRACKER, FORMS, address_of, tracker_of
from lab.units import MIB
from lab.verdict.caveats import CaveatKind

TRACKER = "https://github.com/x/y/issues"


def leak_in(name: str, tracker: str | None = TRACKER, **versions: str) -> Summary:
    found = own_summary()
    interval = Interval(74_000, 73_900, 74_100)
    variant = replace(
        found.variants[0],
        growth_bytes_per_request=interval,
        versions={"python": "3.12.1", name: "1.2.3", **versions},
    )
    own = replace(app_answer(), package=Package(name, "1.2.3", tracker))
    return replace(found, variants=(variant,), own=own)


ENDINGS = {"reproduce": "py", "not_reproduced": "txt"}


def issue(given: Summary, **pages: str) -> str:
    names = {n: f"{n.replace('_', '-')}.{ENDINGS.get(n, 'md')}" for n in pages}
    return issue_text(IssueInput(given, {names[n]: text for n, text in pages.items()}))


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


def test_a_layer_that_was_exchanged_is_not_among_what_was_not_tried() -> None:
    leak = leak_in("gunicorn")
    other = variant_summary(f"{leak.variants[0].name}-other-server", Verdict.FLAT)

    text = issue(replace(leak, variants=(*leak.variants, other)))

    assert "- exchanging the loop, the parser and the allocator one by one" in text
    assert "- exchanging the server, the loop, the parser and the allocator" in issue(leak)


@pytest.mark.parametrize("project", ["fastapi", "uvicorn", "gunicorn", "pydantic"])
def test_what_was_expected_is_told_as_such_beside_what_was_seen(project: str) -> None:
    assert "What was expected:\n\nMemory stops growing" in issue(leak_in(project))


def test_a_base_of_several_variants_is_told_once() -> None:
    leak = leak_in("flask")
    base = replace(leak.run.bases[0], kind="local", reference="CPython 3.12.1 of this machine")
    run = replace(leak.run, bases=(base, replace(base, image="another")))

    assert issue(replace(leak, run=run)).count("CPython 3.12.1 of this machine") == 1


def test_why_no_file_of_its_own_shows_it_is_told_and_is_not_untried() -> None:
    reason = "it was not found (calls: 0 bytes a call). What grows is served.\n"

    text = issue(leak_in("gunicorn"), not_reproduced=reason)

    assert (
        "No file of its own shows it: it was not found (calls: 0 bytes a call). "
        "The attached bundle shows it in one command."
    ) in text
    assert "a reproducer of one file without the lab" not in text


def test_what_saves_nothing_is_not_told_as_a_saving() -> None:
    leak = leak_in("uvicorn")
    own = app_answer()
    changes = (
        AppChange("--loop asyncio", False, 30e6, 1e3, 1.0),
        AppChange("hypercorn", True, 1e6, 29e6, None),
    )

    text = issue(replace(leak, own=replace(own, package=leak.own.package, changes=changes)))  # type: ignore[union-attr]

    assert "--loop asyncio: takes nothing of it away, at 100% of " in text
    assert "hypercorn: takes 97% of it away\n" in text


def test_that_more_may_hold_it_is_no_holder() -> None:
    leak = leak_in("uvicorn")
    held_by = ("a.CACHE (list)", "More may hold it: why.")

    text = issue(replace(leak, own=replace(app_answer(), held_by=held_by)))

    assert "- Holder: a.CACHE (list).\n- More may hold it: why." in text

    nobody = ("Who holds it is open.",)
    text = issue(replace(leak, own=replace(app_answer(), held_by=nobody)))

    assert "- Who holds it is open" in text
    assert "Holder: " not in text


def test_the_name_of_a_holder_is_code_and_gets_no_capital() -> None:
    held_by = ("app of run_app() in thread MainThread.seen (dict)",)
    own = replace(app_answer(), held_by=held_by)

    line = f"Holder: {held_by[0]}."
    assert line in issue(replace(leak_in("aiohttp"), own=own)).replace("\\", "")
    assert list(holder_lines(own)) == [line]


def test_what_a_change_gained_has_one_number() -> None:
    """The table has what each run gained; beside it a change is told by the share it takes away."""
    leak = leak_in("ujson")
    own = replace(leak.own, requests=6000, control_requests=None)

    def told(verdict: Verdict, saved_mib: float) -> str:
        line = "gunicorn --max-requests 500"
        change = AppChange(line, True, (427 - saved_mib) * MIB, saved_mib * MIB, 1.48, 4000)
        given = replace(leak, own=replace(own, verdict=verdict, changes=(change,)))
        (found,) = re.findall(r"\nWhat was tried.*?\n\n- .*?\n", issue(given), re.DOTALL)
        return str(found)

    half = "as it is in the second half of the load:\n\n"
    assert half in told(Verdict.LEAK, 400)
    assert half not in told(Verdict.BOUNDED, 400)
    for saved_mib, words in ((426.9, "takes 100% of it away"), (500, "takes 100% of it away")):
        assert f"- gunicorn --max-requests 500: {words}, at 148%" in told(Verdict.LEAK, saved_mib)
    assert "MiB" not in told(Verdict.LEAK, 400)
