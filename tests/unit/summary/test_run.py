import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from builders import raw
from lab.claims.book import read_claims
from lab.errors import ExitCode
from lab.records.codec import decode, encode
from lab.records.experiment import Experiment, MissingVariant
from lab.records.judgement import Interval, Verdict
from lab.records.observations import PostLoadObservation
from lab.records.summary import (
    CpuSeconds,
    Memory,
    RequestCounts,
    Summary,
    ThreadCounts,
    VariantSummary,
)
from lab.records.trial import End, EndKind, Trial
from lab.records.variant import Scenario
from lab.summary.exit_code import fail_on_of
from lab.summary.run import curve_of, summarise
from lab.summary.trial import rounded
from lab.summary.variant import variant_summary
from lab.verdict.joint import disagreement

MIB = raw.MIB
NAME = "py37-fastapi-sync"
FLAT = (50 * MIB,) * 9
BOUNDED = (50 * MIB, *(150 * MIB,) * 8)
OPEN = tuple((50 + each) * MIB for each in (0, 40, 55, 70, 75, 95, 100, 125, 130))
LEAK = tuple((50 + 40 * each) * MIB for each in range(9))


def summary_of(*trials: Trial, of: Experiment | None = None) -> Summary:
    return summarise("run", of or raw.experiment(), {NAME: trials} if trials else {})


def variant_of(*trials: Trial) -> VariantSummary:
    (variant,) = summary_of(*trials).variants
    return variant


def died(**changes: Any) -> Trial:
    return raw.trial(**{"end": End(EndKind.DIED, 30.0, "it died", ("bye",)), **changes})


NEVER_READY = died(
    environment=None,
    calibration=None,
    prediction=None,
    samples=(),
    blocks=(),
    troughs=(),
    end=End(EndKind.NEVER_READY, 9.0, "it did not answer"),
)


def test_memory_is_that_of_the_first_and_the_last_trough() -> None:
    memory = variant_of(raw.trial(BOUNDED)).memory_bytes

    assert memory == Memory(50 * MIB, 150 * MIB, None, 100 * MIB, 3 * MIB)


def test_numbers_are_the_median_over_the_trials() -> None:
    trials = [raw.trial((50 * MIB, *(size * MIB,) * 8)) for size in (150, 190, 151)]
    variant = variant_of(*trials)

    assert variant.memory_bytes is not None
    assert variant.memory_bytes.settled == 151 * MIB
    assert variant.memory_bytes.growth == 101 * MIB
    assert [trial.memory_bytes.settled for trial in variant.trials if trial.memory_bytes] == [
        150 * MIB,
        190 * MIB,
        151 * MIB,
    ]


def test_requests_are_summed_with_their_failures_by_kind() -> None:
    blocks = (raw.block(0, 10, 7), raw.block(1, 10, 10), raw.block(2, 10, 0))
    slow = replace(blocks[1], ok=9, failures={"timeout": 1})

    found = variant_of(raw.trial(blocks=(blocks[0], slow, blocks[2]))).requests

    assert found == RequestCounts(30, 16, 14, {"reset": 13, "timeout": 1})


def test_what_was_not_measured_is_none_and_never_0() -> None:
    variant = variant_of(NEVER_READY)

    assert variant.memory_bytes is None
    assert variant.threads == ThreadCounts(None, None)
    assert variant.growth_bytes_per_request is None
    assert variant.processes is None
    assert variant.cpu_seconds is None
    assert variant.elapsed_seconds is None
    assert variant.prediction.growth_bytes is None
    assert variant.latency_seconds == {}
    assert variant.versions == {}
    assert variant.verdict is Verdict.INCONCLUSIVE
    assert variant.trials[0].end == "never ready"


def test_a_gap_in_one_trial_leaves_the_median_to_the_others() -> None:
    variant = variant_of(raw.trial(BOUNDED), NEVER_READY)

    assert variant.memory_bytes is not None
    assert variant.memory_bytes.growth == 100 * MIB
    assert variant.threads == ThreadCounts(3, 3)


def test_a_trial_without_probes_has_no_processes() -> None:
    troughs = tuple(raw.trough(index, probe=None) for index in range(-1, 8))
    variant = variant_of(raw.trial(troughs=troughs))

    assert variant.processes is None
    assert variant.memory_bytes is not None
    assert variant.verdict is Verdict.FLAT


def test_cpu_is_what_was_used_between_the_baseline_and_the_last_trough() -> None:
    assert variant_of(raw.trial()).cpu_seconds == CpuSeconds(user=60.0, system=20.0)


def test_elapsed_is_the_time_under_load_alone() -> None:
    assert variant_of(raw.trial()).elapsed_seconds == 8 * 4.0


def test_latency_is_the_median_block_and_the_slowest_answer() -> None:
    latency = variant_of(raw.trial()).latency_seconds

    assert latency == pytest.approx({"p50": 0.45, "p95": 0.2, "max": 2.4})


def test_the_peak_is_the_kernels_from_the_payload() -> None:
    samples = tuple(raw.sample(peak_bytes=size * MIB) for size in (60, 90))
    trial = raw.trial(samples=samples)
    troughs = tuple(replace(t, probe=raw.probe(peak_bytes=70 * MIB)) for t in trial.troughs)
    memory = variant_of(replace(trial, troughs=troughs)).memory_bytes

    assert memory is not None
    assert memory.peak == 90 * MIB


def test_the_peak_is_the_probes_where_the_payload_has_none() -> None:
    trial = raw.trial()
    troughs = tuple(
        replace(trough, probe=raw.probe(peak_bytes=(60 + trough.index) * MIB))
        for trough in trial.troughs
    )
    memory = variant_of(replace(trial, troughs=troughs)).memory_bytes

    assert memory is not None
    assert memory.peak == 67 * MIB


def test_the_highest_sample_is_no_peak() -> None:
    memory = variant_of(raw.trial(BOUNDED)).memory_bytes

    assert memory is not None
    assert memory.peak is None


def test_trials_that_agree_share_their_verdict() -> None:
    assert variant_of(raw.trial(BOUNDED), raw.trial(BOUNDED)).verdict is Verdict.BOUNDED


def test_trials_that_disagree_decide_nothing() -> None:
    variant = variant_of(raw.trial(LEAK), raw.trial(FLAT), raw.trial(FLAT))

    assert variant.verdict is Verdict.INCONCLUSIVE
    assert variant.reason == disagreement([Verdict.LEAK, Verdict.FLAT, Verdict.FLAT])


def test_an_open_trial_does_not_contradict_a_decided_one() -> None:
    variant = variant_of(raw.trial(OPEN), raw.trial(BOUNDED))

    assert variant.trials[0].verdict is Verdict.INCONCLUSIVE
    assert variant.verdict is Verdict.BOUNDED
    assert variant.reason == variant.trials[1].reason


def test_a_death_contradicts_a_trial_that_came_to_its_end() -> None:
    variant = variant_of(died(), raw.trial(BOUNDED))

    assert variant.verdict is Verdict.INCONCLUSIVE
    assert variant.reason == disagreement([Verdict.INCONCLUSIVE, Verdict.BOUNDED], complete=False)


def test_a_death_forbids_a_verdict_and_says_why() -> None:
    variant = variant_of(died())

    assert variant.verdict is Verdict.INCONCLUSIVE
    assert "it died" in variant.reason
    assert any("it died" in caveat for caveat in variant.caveats)
    assert variant.trials[0].log_tail == ("bye",)


def test_a_record_that_breaks_off_is_said() -> None:
    assert variant_of(raw.trial(end=None)).trials[0].end == "cut off"


def test_a_ceiling_above_the_limit_is_a_caveat_before_any_load() -> None:
    small = raw.start(raw.variant(limit_bytes=512 * MIB))

    assert any(
        "The predicted growth of 1,223 MiB does not fit under its limit of 512 MiB" in caveat
        for caveat in variant_of(raw.trial(start=small)).caveats
    )


def test_versions_leave_out_what_takes_no_part() -> None:
    assert variant_of(raw.trial()).versions == {
        "python": "3.7.17",
        "libc": "glibc 2.36",
        "fastapi": "0.63.0",
    }


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


def test_a_leak_below_its_predicted_ceiling_may_be_a_pool_that_fills() -> None:
    growing = tuple((50 + 20 * step) * MIB for step in range(9))
    variant = variant_of(raw.trial(growing))

    assert variant.verdict is Verdict.LEAK
    assert variant.caveats[-1].startswith(
        "Its growth is below the predicted ceiling (160 MiB of 1,223 MiB), but no reading"
    )
    assert "predicted ceiling" not in "".join(variant_of(raw.trial(BOUNDED)).caveats)


@pytest.mark.parametrize(("tasks", "processes"), [(2, 2), (0, 0), (None, None)])
def test_processes_after_a_scenario_are_the_engines_tasks_when_no_probe_answers(
    tasks: int | None, processes: int | None
) -> None:
    seen = PostLoadObservation(
        Scenario.MASTER_KILLED, 16.0, None, None, raw.probe(), None, 8, 0, 3, tasks
    )
    found = variant_summary([raw.trial(post_load=seen)]).post_load

    assert found is not None
    assert (found.processes_before, found.processes_after) == (1, processes)


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
