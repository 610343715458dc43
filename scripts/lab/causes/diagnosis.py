"""The diagnosis of a user app: its verdict, its causes and what each intervention did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lab.causes.causes import LIVE_CAUSES, Plausible
from lab.causes.findings import CauseFinding, findings
from lab.causes.growth import Growth
from lab.causes.holders import HolderFinding, holder_of
from lab.causes.interventions import (
    InterventionResult,
    failure_text,
    intervention_result,
    rank,
)
from lab.causes.kinds_apart import apart_sentences, kinds_growth
from lab.causes.named_growth import KINDS, named_for
from lab.causes.traces import best_trace, merged_lines, most_types
from lab.records.holders import NamedGrowth
from lab.records.interventions import Intervention, InterventionPlan
from lab.records.judgement import Verdict
from lab.records.observations import AllocationTrace, TracedLine
from lab.records.trial import Trial
from lab.text.phrases import in_mib
from lab.verdict.joint import disagreement, joint_verdict
from lab.verdict.limit import limit_met
from lab.verdict.short_load import load_note
from lab.verdict.verdict import Judgement


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The verdict of an app, the causes of its growth, and what changes it."""

    judged: Judgement
    requests: int
    gained_bytes: int | None
    findings: tuple[CauseFinding, ...]
    outcomes: tuple[InterventionResult, ...]
    """The intervention that is worth most first, stop-gaps last."""
    lines: tuple[TracedLine, ...]
    types: tuple[tuple[str, int], ...]
    load_note: str | None = None
    """What the time for the judgement allowed; None where there was time for all."""
    holder: HolderFinding | None = None
    """The holder of the memory that a trace recorded; None without a trace."""
    named: tuple[NamedGrowth, ...] = ()
    """What there is more of by name, in the order of the causes."""
    apart: tuple[str, ...] = ()
    """Which of several kinds of requests grows, a sentence each."""
    no_release: str | None = None
    """Why the newest release of what holds it was not run."""
    failed: tuple[str, ...] = ()
    """Changes with which the app did not get through its load, and why."""
    control_requests: int | None = None
    """What the control run served; None where the changes are compared with the app as it is."""


def suspects(trial: Trial) -> tuple[Plausible, ...]:
    """The plausible causes of a growth that is worth asking about."""
    return Growth(trial).suspects()


def needs_tracing(causes: Sequence[Plausible]) -> bool:
    """Whether a traced run can name the holder."""
    return any(each.cause in (*LIVE_CAUSES, *KINDS) for each in causes)


def needs_native_tracing(causes: Sequence[Plausible]) -> bool:
    """Whether lines of C code can name it."""
    return any(each.cause in LIVE_CAUSES for each in causes)


def diagnose(
    first: Trial,
    control: Trial,
    changed: Sequence[tuple[Intervention, Trial]],
    traces: Sequence[AllocationTrace],
) -> Diagnosis:
    """The diagnosis from the trials of one run.

    Args:
        first: the app as it is.
        control: the control run, the unchanged app measured together with the interventions.
        changed: the same with one thing changed.
        traces: of the trials whose allocations were traced.
    """
    growth = Growth(first)
    results = [intervention_result(control, change, trial) for change, trial in changed]
    outcomes = sorted((each for each in results if each), key=rank)
    trace = best_trace(traces, growth.per_request)
    ranked_findings = tuple(findings(growth, growth.suspects(), outcomes, traces))
    return Diagnosis(
        judged=growth.judged,
        requests=sum(block.ok for block in first.blocks),
        gained_bytes=growth.delta.memory if growth.delta else None,
        findings=ranked_findings,
        outcomes=tuple(outcomes),
        lines=merged_lines(trace.lines) if trace else (),
        types=most_types(traces),
        load_note=load_note(first, growth.judged.verdict),
        holder=holder_of(traces, growth.per_request),
        named=named_for([each.cause for each in ranked_findings], traces),
        failed=tuple(text for each in changed if (text := failure_text(*each))),
        control_requests=None if control is first else sum(block.ok for block in control.blocks),
    )


def diagnosis_of(plan: InterventionPlan, trials: Mapping[str, Sequence[Trial]]) -> Diagnosis:
    """The diagnosis from all trials of a run, by their variants."""
    asked = trials[plan.base][0]
    repeated = trials.get(plan.repetition, ()) if plan.repetition else ()
    base = repeated[0] if repeated else asked
    control = next((each for each in trials.get(plan.control, ()) if each.blocks), base)
    changed = [
        (change, variant_trials[-1])
        for change in plan.changes
        if (variant_trials := trials.get(plan.variant(change)))
    ]
    traced = [trial for name in plan.traced for trial in trials.get(name, ())]
    traces = [trial.trace for trial in traced if trial.trace]
    diagnosed = diagnose(base, control, changed, traces)
    kinds = kinds_growth(plan.apart, trials)
    diagnosed = replace(diagnosed, apart=apart_sentences(Growth(base), kinds))
    diagnosed = replace(diagnosed, no_release=plan.no_release or failed_release(plan, diagnosed))
    if repeated:
        return after_limit(diagnosed, asked, base)
    return of_all_trials(diagnosed, trials[plan.base])


def of_all_trials(diagnosis: Diagnosis, trials: Sequence[Trial]) -> Diagnosis:
    """The diagnosis of the first trial, with the joint verdict; open where the trials disagree."""
    judged = [diagnosis.judged, *(Growth(trial).judged for trial in trials[1:])]
    verdicts = [each.verdict for each in judged]
    if (why := disagreement(verdicts)) is None:
        return replace(diagnosis, judged=judged[verdicts.index(joint_verdict(verdicts))])
    open_one = replace(diagnosis.judged, verdict=Verdict.INCONCLUSIVE, reason=why)
    return replace(diagnosis, judged=open_one)


def failed_release(plan: InterventionPlan, diagnosis: Diagnosis) -> str | None:
    """The sentence that the app does not serve its load with a newer release; None: it does."""
    measured = [each.change.name for each in diagnosis.outcomes]
    failed = (each for each in plan.changes if each.release and each.name not in measured)
    release = next((each.release for each in failed), None)
    if release is None:
        return None
    return f"with {release.package} {release.newest}, the newest, the app does not serve its load"


def after_limit(diagnosis: Diagnosis, asked: Trial, repetition: Trial) -> Diagnosis:
    """The diagnosis of a repetition, whose reason says first how the limit was met."""
    met = limit_met(asked)
    if met is None:
        return diagnosis
    limit = in_mib(repetition.start.variant.memory_limit_bytes)
    reason = f"{met.sentence} It was repeated with {limit}. {diagnosis.judged.reason}"
    return replace(diagnosis, judged=replace(diagnosis.judged, reason=reason))
