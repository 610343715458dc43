"""Traced lines as evidence: which cause they prove, and what they leave open."""

from dataclasses import replace
from pathlib import Path

from builders.diagnosed import POOL, answered, arenas, explained, grown_in, leak
from lab.app.interventions import interventions_for
from lab.app.spec import AppSpec
from lab.causes.advice import ADVICE, HAS_STOPPED, LIMIT, help_line
from lab.records.holders import CalledFunction, HolderSearch
from lab.records.interventions import Cause
from lab.records.judgement import Certainty, Verdict
from lab.records.trial import Trial

APP = AppSpec(file=Path("/app/lab.toml"), name="shop", command="gunicorn app:app")
CHANGES = {change.name: change for change in interventions_for(APP)}
CREEP = (0, 20, 40, 60, 80, 100, 120, 140, 160)


def test_lines_that_hold_what_was_gained_prove_it() -> None:
    reply = answered(leak(), None, (), [explained(40_000)])

    assert reply.judged.verdict is Verdict.LEAK
    assert (reply.findings[0].cause, reply.findings[0].standing) == (
        Cause.LIVE_OBJECTS,
        Certainty.PROVEN,
    )
    assert "j.py:3, from app.py:7" in reply.findings[0].proof
    assert reply.types == (("a.B", 1000),)


def test_large_objects_that_tracemalloc_accounts_for_are_pythons_and_not_native() -> None:
    """A cache of 20 kB each: malloc has the bytes, and hardly any Python block came with them."""
    cache = grown_in(POOL, part="in_use_bytes", blocks_a_mib=50)
    reply = answered(cache, None, (), [explained(26_000)])

    assert [each.cause for each in reply.findings] == [Cause.LIVE_OBJECTS]
    assert reply.findings[0].standing is Certainty.PROVEN
    assert [each.cause for each in answered(cache, None).findings] == [Cause.NATIVE]


def test_a_reference_that_an_extension_lost_leaves_objects_where_blocks_account_for_it() -> None:
    """A string of multidict has a block of Python's; a buffer of ujson is malloc's alone."""
    (line,) = (trace := explained(40_000)).lines
    lost = replace(
        trace,
        lines=(replace(line, calls=(CalledFunction("multidict.MultiDict", None),)),),
        search=HolderSearch((), (), (), None),
    )

    (objects,) = answered(leak(), None, (), [lost]).findings
    (buffers,) = answered(
        grown_in(POOL, part="in_use_bytes", blocks_a_mib=50), None, (), [lost]
    ).findings

    assert (objects.cause, buffers.cause) == (Cause.LIVE_OBJECTS, Cause.NATIVE)


def test_what_live_memory_fills_and_has_stopped_needs_no_change_but_its_limit() -> None:
    cache = grown_in(POOL, part="in_use_bytes", blocks_a_mib=50)
    ended = [(CHANGES["max-requests"], arenas((0, *(0,) * 8)))]

    assert help_line(answered(cache, None, ended, [explained(26_000)])) == LIMIT
    assert help_line(answered(cache, None, ended)) == HAS_STOPPED


def test_a_stop_gap_comes_after_the_advice_for_the_cause() -> None:
    ended = [(CHANGES["max-requests"], grown_in((0,) * 9))]
    line = help_line(answered(leak(), None, ended, [explained(40_000)]))

    assert line.startswith(f"{ADVICE[Cause.LIVE_OBJECTS]}; until then gunicorn --max-requests")


def test_what_pythons_allocator_does_not_hold_is_native() -> None:
    reply = answered(leak(), None, (), [explained(100)])
    assert {each.cause for each in reply.findings} == {Cause.NATIVE}


def test_lines_that_malloc_alone_knows_prove_native_memory() -> None:
    told = [explained(100), explained(40_000, "memray")]
    (found, *others) = answered(leak(), None, (), told).findings

    assert (found.cause, found.standing, others) == (Cause.NATIVE, Certainty.PROVEN, [])
    assert "memray finds 39.1 KiB a request" in found.proof


def mixed_leak() -> Trial:
    """A leak of malloc's whose blocks of Python's may be objects, or come with native memory."""
    return grown_in(CREEP, part="in_use_bytes", blocks_a_mib=500)


def test_one_trace_is_the_proof_of_one_cause() -> None:
    """Where memray alone answered, both causes stood there with one proof."""
    suspected = answered(mixed_leak(), None).findings
    assert {each.cause for each in suspected} == {Cause.LIVE_OBJECTS, Cause.NATIVE}

    (found,) = answered(mixed_leak(), None, (), [explained(40_000, "memray")]).findings
    assert found.cause == suspected[0].cause
    assert found.standing is Certainty.LIKELY
    assert found.proof.endswith("app.py:7, Python's objects and native memory alike")

    both = [explained(12_000), explained(40_000, "memray")]
    (told,) = answered(mixed_leak(), None, (), both).findings
    assert (told.cause, told.standing) == (suspected[0].cause, Certainty.PROVEN)


def test_lines_that_hold_some_of_it_prove_nothing() -> None:
    reply = answered(leak(), None, (), [explained(8_000)])
    assert reply.findings[0].standing is Certainty.LIKELY
