"""What an issue claims: who holds, what was tried, what it saves."""

import re
from dataclasses import replace

import pytest
from builders.app_answers import app_answer
from builders.factories import variant_summary
from builders.issues import issue, leak_in
from lab.records.app_answer import AppChange
from lab.records.judgement import Verdict
from lab.report.answer_text import holder_lines
from lab.units import MIB


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
