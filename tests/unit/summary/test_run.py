import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from builders import raw
from builders.summaries import NEVER_READY, died, summary_of, variant_of
from lab.claims.book import read_claims
from lab.errors import ExitCode
from lab.records.codec import decode, encode
from lab.records.experiment import MissingVariant
from lab.records.judgement import Interval, Verdict
from lab.records.summary import Summary, VariantSummary
from lab.records.trial import Trial
from lab.summary.exit_code import fail_on_of
from lab.summary.run import curve_of, summarise
from lab.summary.trial import rounded
from lab.units import MIB

NAME = "py37-fastapi-sync"
FLAT = (50 * MIB,) * 9
BOUNDED = (50 * MIB, *(150 * MIB,) * 8)
LEAK = tuple((50 + 40 * each) * MIB for each in range(9))


def test_the_cgroup_and_the_bases_are_what_the_variants_showed() -> None:
    run = summary_of(raw.trial()).run

    assert run.engine.cgroup == "v2"
    assert [(base.image, base.kind, base.reference) for base in run.bases] == [
        ("memlab-py37-thread", "official", "not recorded")
    ]
    assert run.host_cpus_shown == 16


def test_an_image_that_the_lab_did_not_build_is_named_by_its_digest() -> None:
    trial = raw.trial()
    own = replace(trial, start=replace(trial.start, container={"image": "sha256:ab"}))
    (base,) = summary_of(own).run.bases

    assert (base.kind, base.reference) == ("unknown", "not recorded; the image is sha256:ab")


def test_a_variant_that_was_asked_for_and_never_ran_is_missing() -> None:
    asked = raw.experiment(NAME, "a", "b", missing=(MissingVariant("b", "not built"),))
    summary = summary_of(raw.trial(), of=asked)

    assert summary.run.missing == (
        MissingVariant("b", "not built"),
        MissingVariant("a", "asked for, but no trial was recorded"),
    )
    assert summary.run.exit_code == ExitCode.INCOMPLETE


def test_variants_are_in_the_order_that_was_asked_for() -> None:
    trials = {name: [raw.trial(start=raw.start(raw.variant(name)))] for name in ("a", "c", "b")}
    found = summarise("run", raw.experiment("c", "b", "a"), trials)

    assert [variant.name for variant in found.variants] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("trials", "changes", "code"),
    [
        ([raw.trial(FLAT)], {}, ExitCode.DECIDED),
        ([raw.trial(BOUNDED)], {}, ExitCode.DECIDED),
        ([raw.trial(LEAK), raw.trial(FLAT)], {}, ExitCode.UNDECIDED),
        ([died()], {}, ExitCode.INCOMPLETE),
        ([NEVER_READY], {}, ExitCode.INCOMPLETE),
        ([raw.trial(end=None)], {}, ExitCode.INCOMPLETE),
        ([raw.trial()], {"missing": (MissingVariant("x", "not built"),)}, ExitCode.INCOMPLETE),
        ([raw.trial()], {"elapsed_seconds": None}, ExitCode.INCOMPLETE),
        ([raw.trial()], {"interrupted": True}, ExitCode.INTERRUPTED),
        ([], {"interrupted": True}, ExitCode.INTERRUPTED),
        ([], {}, ExitCode.INCOMPLETE),
    ],
)
def test_exit_code(trials: list[Trial], changes: dict[str, Any], code: ExitCode) -> None:
    run = summary_of(*trials, of=replace(raw.experiment(), **changes)).run

    assert run.exit_code == code


def test_zero_variants_are_never_a_pass() -> None:
    nothing = summarise("run", raw.experiment(variants=()), {})

    assert nothing.run.exit_code == ExitCode.INCOMPLETE


@pytest.mark.parametrize(
    ("changes", "partial"),
    [({}, False), ({"interrupted": True}, True), ({"elapsed_seconds": None}, True)],
)
def test_partial(changes: dict[str, Any], partial: bool) -> None:
    assert summary_of(raw.trial(), of=replace(raw.experiment(), **changes)).run.partial is partial


def test_a_curve_begins_at_the_baseline() -> None:
    early = raw.sample(10 * MIB, at=1.0)
    trial = raw.trial(BOUNDED)
    curve = curve_of(replace(trial, samples=(early, *trial.samples)))

    assert curve.seconds == tuple(10.0 * step for step in range(9))
    assert curve.memory_bytes == BOUNDED
    assert curve.trough_seconds == curve.seconds
    assert curve.block_spans_seconds[0] == (10.0, 14.0)


def claims_run(*names: str, trials: Mapping[str, Sequence[Trial]], **changes: Any) -> Summary:
    known = {"suite": "thread", "settings": {"variants": " ".join(names), "claim": None}}
    return summarise(
        "run", raw.experiment(*names, **{**known, **changes}), trials, None, read_claims()
    )


def loop_trial(name: str, memory_bytes: tuple[int, ...], **changes: Any) -> Trial:
    start = raw.start(raw.variant(name, limit_bytes=4096 * MIB))
    return raw.trial(memory_bytes, start=start, **changes)


LOOPS = ("py37-uvicorn-uvloop", "py37-uvicorn-asyncio")
BOTH = {name: (loop_trial(name, (50 * MIB, *(650 * MIB,) * 8)),) for name in LOOPS}


def test_a_run_of_the_thread_judges_the_claims_that_its_variants_make_up() -> None:
    run_claims = claims_run(*LOOPS, trials=BOTH)

    assert [(c.id, c.outcome.value) for c in run_claims.claims] == [
        ("T23", "refuted"),
        ("T25", "refuted"),
    ]
    assert run_claims.run.exit_code == ExitCode.DECIDED


def test_a_claim_that_was_asked_for_alone_is_judged_alone() -> None:
    run_claims = claims_run(
        *LOOPS, trials=BOTH, settings={"variants": " ".join(LOOPS), "claim": "T23"}
    )

    assert [claim.id for claim in run_claims.claims] == ["T23"]


def test_another_suite_has_no_claims_and_the_whole_one_all_of_them() -> None:
    assert claims_run(*LOOPS, trials=BOTH, suite="core").claims == ()
    assert len(claims_run(*LOOPS, trials=BOTH, settings={"variants": "*"}).claims) == 42


@pytest.mark.parametrize(
    ("trials", "changes", "code"),
    [
        (BOTH, {}, ExitCode.DECIDED),
        (
            {**BOTH, LOOPS[1]: (loop_trial(LOOPS[1], (50 * MIB, *(55 * MIB,) * 8)),)},
            {},
            ExitCode.DECIDED,
        ),
        (
            {**BOTH, LOOPS[1]: (loop_trial(LOOPS[1], (50 * MIB, *(450 * MIB,) * 8)),)},
            {"settings": {"variants": "x", "claim": "T23"}},
            ExitCode.UNDECIDED,
        ),
        ({LOOPS[0]: BOTH[LOOPS[0]]}, {}, ExitCode.INCOMPLETE),
        (BOTH, {"interrupted": True}, ExitCode.INTERRUPTED),
        (BOTH, {"elapsed_seconds": None}, ExitCode.INCOMPLETE),
        (
            {**BOTH, LOOPS[1]: (replace(NEVER_READY, start=BOTH[LOOPS[1]][0].start),)},
            {},
            ExitCode.INCOMPLETE,
        ),
        (
            {**BOTH, LOOPS[1]: (died(start=BOTH[LOOPS[1]][0].start),)},
            {},
            ExitCode.UNDECIDED,
        ),
    ],
    ids=["refuted", "decided", "between", "missing", "interrupted", "cut", "not ready", "died"],
)
def test_the_exit_code_of_a_run_of_claims(
    trials: Mapping[str, Sequence[Trial]], changes: dict[str, Any], code: ExitCode
) -> None:
    assert claims_run(*LOOPS, trials=trials, **changes).run.exit_code == code


def test_of_an_own_apps_run_the_app_alone_makes_the_exit_code() -> None:
    steady, open_ended = raw.trial(), raw.trial(end=None)
    trials = {"own-shop": [steady], "own-shop-control": [open_ended]}
    asked = raw.experiment("own-shop", "own-shop-control")

    codes = [
        summarise("id", replace(asked, suite=suite), trials).run.exit_code
        for suite in ("try", "core")
    ]

    assert codes == [ExitCode.DECIDED, ExitCode.INCOMPLETE]


def leaking(fail_on: str, **changes: Any) -> ExitCode:
    """The exit code of a run with one variant that leaks."""
    trial = raw.trial(tuple((50 + 20 * block) * MIB for block in range(9)))
    asked = raw.experiment(settings={"fail_on": fail_on})
    summary = summary_of(trial, of=replace(asked, **changes))
    assert [variant.verdict for variant in summary.variants] == [Verdict.LEAK]
    return ExitCode(summary.run.exit_code)


@pytest.mark.parametrize(
    ("fail_on", "changes", "code"),
    [
        ("", {}, ExitCode.DECIDED),
        ("leak", {}, ExitCode.FAILED),
        ("refuted leak", {}, ExitCode.FAILED),
        ("refuted", {}, ExitCode.DECIDED),
        ("leak", {"missing": (MissingVariant("x", "not built"),)}, ExitCode.FAILED),
        ("", {"missing": (MissingVariant("x", "not built"),)}, ExitCode.INCOMPLETE),
        ("leak", {"interrupted": True}, ExitCode.INTERRUPTED),
    ],
)
def test_a_leak_is_an_answer_unless_fail_on_names_it(
    fail_on: str, changes: dict[str, Any], code: ExitCode
) -> None:
    assert leaking(fail_on, **changes) == code


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("", ExitCode.DECIDED), ("leak", ExitCode.DECIDED), ("refuted", ExitCode.FAILED)],
)
def test_a_refuted_claim_is_an_answer_unless_fail_on_names_it(fail_on: str, code: ExitCode) -> None:
    settings = {"variants": " ".join(LOOPS), "claim": None, "fail_on": fail_on}

    assert claims_run(*LOOPS, trials=BOTH, settings=settings).run.exit_code == code


def test_a_run_from_before_the_setting_fails_on_nothing() -> None:
    assert fail_on_of(raw.experiment(settings={})) == frozenset()


@pytest.mark.parametrize("noise", [0.0, 2e-10, -2e-10])
def test_an_interval_is_the_same_on_every_machine(noise: float) -> None:
    """Two CPUs' linear algebra differed by 1e-10 of 870,383.546 bytes a request."""
    values = rounded(Interval(73921.97680374 + noise, 870383.54644630 + noise, 1105136.2359990))

    assert values == Interval(73921.977, 870383.546, 1105136.236)


def test_a_slope_of_nothing_has_no_sign() -> None:
    values = rounded(Interval(-1e-17, 1e-17, -0.0))

    assert str(values) == str(Interval(0.0, 0.0, 0.0))


def test_no_interval_stays_none() -> None:
    assert rounded(None) is None


@pytest.mark.parametrize("seconds", [-0.02, -3600.0, 1e-9, 1e12])
@pytest.mark.parametrize("name", ["cpu_user_seconds", "cpu_system_seconds", "read_at_seconds"])
def test_what_falls_or_leaps_in_the_raw_files_is_in_a_summary_that_can_be_read(
    name: str, seconds: float
) -> None:
    """Processes that end take their CPU time with them, and clocks are set."""
    trial = raw.trial()
    last = trial.troughs[-1]
    moved = replace(last.sample, **{name: getattr(trial.troughs[0].sample, name) + seconds})
    changed = replace(trial, troughs=(*trial.troughs[:-1], replace(last, sample=moved)))

    found = variant_of(changed)
    assert decode(VariantSummary, json.loads(json.dumps(encode(found)))) == found


def test_blocks_that_end_before_they_began_are_in_a_summary_that_can_be_read() -> None:
    """As of a run that was made before the clock of its records was one that is not set."""
    trial = raw.trial()
    back = [replace(each, ended_at_seconds=each.ended_at_seconds - 3600.0) for each in trial.blocks]

    found = variant_of(replace(trial, blocks=tuple(back)))
    assert decode(VariantSummary, json.loads(json.dumps(encode(found)))) == found
