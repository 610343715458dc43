"""What a run was asked, what of it is missing, and the exit code that says so. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lab.claims.judge import claims_asked
from lab.claims.records import ClaimBook, ClaimRecord
from lab.errors import ExitCode
from lab.records.claims import Claim
from lab.records.experiment import Experiment, Missing
from lab.records.judgement import Outcome, Verdict
from lab.records.summary import VariantSummary
from lab.records.trial import EndKind, Trial

CLAIMS_SUITE = "thread"
USER_APP_SUITE = "try"
BAD_ENDS = frozenset({EndKind.NEVER_READY, EndKind.NO_REQUESTS_SERVED, EndKind.FAILED})
"""What leaves a run of claims incomplete; some of them ask for a death under a small limit."""
NEVER_RAN = "asked for, but no trial was recorded"


@dataclass(frozen=True, slots=True)
class RunFindings:
    """What a run came to."""

    experiment: Experiment
    variants: Sequence[VariantSummary]
    """Those that the run is about."""
    missing: Sequence[Missing]
    claims: Sequence[Claim] | None
    """None: the run is about its variants' verdicts."""


def exit_code(found: RunFindings, fail_on: Collection[str]) -> ExitCode:
    """What the run's exit says; nothing measured is never a pass.

    Args:
        found: the run.
        fail_on: verdicts of variants and outcomes of claims that end it with 1, whatever else is
            missing or undecided: one of them has come out. Without it every answer is one.
    """
    if found.experiment.interrupted:
        return ExitCode.INTERRUPTED
    came_out = {variant.verdict.value for variant in found.variants}
    came_out |= {claim.outcome.value for claim in found.claims or ()}
    if came_out & set(fail_on):
        return ExitCode.FAILED
    if is_incomplete(found):
        return ExitCode.INCOMPLETE
    return ExitCode.UNDECIDED if is_undecided(found) else ExitCode.DECIDED


def is_incomplete(found: RunFindings) -> bool:
    """Whether something that was asked for was not measured, or not to its end."""
    ends = {trial.end for variant in found.variants for trial in variant.trials}
    if found.experiment.elapsed_seconds is None or found.missing or not found.variants:
        return True
    if found.claims is not None:
        return not ends.isdisjoint(BAD_ENDS)
    unmeasured = any(variant.memory_bytes is None for variant in found.variants)
    return unmeasured or not ends <= {EndKind.COMPLETE}


def is_undecided(found: RunFindings) -> bool:
    """Whether a claim is inconclusive; of a run that is about none, whether a verdict is."""
    if found.claims is not None:
        return any(claim.outcome is Outcome.INCONCLUSIVE for claim in found.claims)
    return any(variant.verdict is Verdict.INCONCLUSIVE for variant in found.variants)


def fail_on_of(experiment: Experiment) -> frozenset[str]:
    """What ends the run with 1, as its FAIL_ON said; nothing in runs from before the setting."""
    return frozenset(str(experiment.settings.get("fail_on", "")).split())


def asked_about(
    experiment: Experiment, variants: tuple[VariantSummary, ...]
) -> tuple[VariantSummary, ...]:
    """Of a user app's run the app as it is; the control run and the interventions say nothing."""
    return variants[:1] if experiment.suite == USER_APP_SUITE else variants


def asked_claims(experiment: Experiment, book: ClaimBook | None) -> tuple[ClaimRecord, ...]:
    """The statements that a run of the thread's suite is about; none of any other suite."""
    if book is None or experiment.suite != CLAIMS_SUITE:
        return ()
    only = experiment.settings.get("claim")
    everything = experiment.settings.get("variants", "*") == "*"
    return claims_asked(book, experiment.variants, str(only) if only else None, everything)


def missing_of(
    experiment: Experiment, trials: Mapping[str, Sequence[Trial]]
) -> tuple[Missing, ...]:
    said = {missing.name for missing in experiment.missing}
    unsaid = (n for n in experiment.variants if n not in trials and n not in said)
    return (*experiment.missing, *(Missing(name, NEVER_RAN) for name in unsaid))
