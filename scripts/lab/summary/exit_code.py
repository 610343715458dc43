"""The exit code of a run, from what it planned and what of it is missing. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lab.claims.judge import claims_to_judge
from lab.claims.records import ClaimBook, ClaimRecord
from lab.errors import ExitCode
from lab.records.claims import Claim
from lab.records.experiment import Experiment, MissingVariant
from lab.records.interventions import AGAIN
from lab.records.judgement import Outcome, Verdict
from lab.records.suites import CLAIMS_SUITE, USER_APP_SUITE
from lab.records.summary import VariantSummary
from lab.records.trial import EndKind, Trial

BAD_ENDS = frozenset(
    {
        EndKind.NEVER_READY,
        EndKind.NO_REQUESTS_SERVED,
        EndKind.STOPPED_ANSWERING,
        EndKind.FAILED,
    }
)
"""Ends that leave a run of claims incomplete; death is none, as some claims need one."""
NEVER_RAN = "asked for, but no trial was recorded"


@dataclass(frozen=True, slots=True)
class RunFindings:
    """The results of a run that its exit code depends on."""

    experiment: Experiment
    variants: Sequence[VariantSummary]
    """The variants that decide the exit code."""
    missing: Sequence[MissingVariant]
    claims: Sequence[Claim] | None
    """None: the run is about its variants' verdicts."""


def exit_code(run: RunFindings, fail_on: Collection[str]) -> ExitCode:
    """The exit code of a run; a run that measured nothing never passes.

    Args:
        run: the run's results.
        fail_on: verdicts of variants and outcomes of claims that end it with 1, whatever else is
            missing or undecided. Without any, every decided run ends with 0.
    """
    if run.experiment.interrupted:
        return ExitCode.INTERRUPTED
    came_out = {variant.verdict.value for variant in run.variants}
    came_out |= {claim.outcome.value for claim in run.claims or ()}
    if came_out & set(fail_on):
        return ExitCode.FAILED
    if is_incomplete(run):
        return ExitCode.INCOMPLETE
    return ExitCode.UNDECIDED if is_undecided(run) else ExitCode.DECIDED


def is_incomplete(run: RunFindings) -> bool:
    """Whether something that was asked for was not measured, or not to its end."""
    ends = {trial.end for variant in run.variants for trial in variant.trials}
    if run.experiment.elapsed_seconds is None or run.missing or not run.variants:
        return True
    if run.claims is not None:
        return not ends.isdisjoint(BAD_ENDS)
    unmeasured = any(variant.memory_bytes is None for variant in run.variants)
    return unmeasured or not ends <= {EndKind.COMPLETE}


def is_undecided(run: RunFindings) -> bool:
    """Whether a claim is inconclusive; of a run that is about none, whether a verdict is."""
    if run.claims is not None:
        return any(claim.outcome is Outcome.INCONCLUSIVE for claim in run.claims)
    return any(variant.verdict is Verdict.INCONCLUSIVE for variant in run.variants)


def fail_on_of(experiment: Experiment) -> frozenset[str]:
    """The words of the run's FAIL_ON; empty for runs from before the setting."""
    return frozenset(str(experiment.settings.get("fail_on", "")).split())


def judged_variants(
    experiment: Experiment, variants: tuple[VariantSummary, ...]
) -> tuple[VariantSummary, ...]:
    """The variants that decide the exit code: for a user app's run the unchanged app alone, or its
    repetition where it met its limit."""
    if experiment.suite != USER_APP_SUITE:
        return variants
    repeated = [each for each in variants if each.name == f"{variants[0].name}-{AGAIN}"]
    return (*repeated, *variants)[:1]


def claims_of_run(experiment: Experiment, book: ClaimBook | None) -> tuple[ClaimRecord, ...]:
    """The statements that a run of the thread's suite is about; none of any other suite."""
    if book is None or experiment.suite != CLAIMS_SUITE:
        return ()
    only = experiment.settings.get("claim")
    everything = experiment.settings.get("variants", "*") == "*"
    return claims_to_judge(book, experiment.variants, str(only) if only else None, everything)


def missing_of(
    experiment: Experiment, trials: Mapping[str, Sequence[Trial]]
) -> tuple[MissingVariant, ...]:
    said = {missing.name for missing in experiment.missing}
    unsaid = (n for n in experiment.variants if n not in trials and n not in said)
    return (*experiment.missing, *(MissingVariant(name, NEVER_RAN) for name in unsaid))
