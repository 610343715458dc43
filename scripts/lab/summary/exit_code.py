"""What a run was asked, what of it is missing, and the exit code that says so. Pure."""

from collections.abc import Mapping, Sequence

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


def exit_code_of(
    experiment: Experiment, variants: Sequence[VariantSummary], missing: Sequence[Missing]
) -> ExitCode:
    """What the run's exit says; nothing measured is never a pass."""
    ended_badly = any(trial.end is not EndKind.COMPLETE for v in variants for trial in v.trials)
    if experiment.interrupted:
        return ExitCode.INTERRUPTED
    cut_off = experiment.elapsed_seconds is None
    if cut_off or missing or not variants or ended_badly:
        return ExitCode.INCOMPLETE
    if any(variant.memory_bytes is None for variant in variants):
        return ExitCode.INCOMPLETE
    if any(variant.verdict is Verdict.INCONCLUSIVE for variant in variants):
        return ExitCode.UNDECIDED
    return ExitCode.DECIDED


def asked_about(
    experiment: Experiment, variants: tuple[VariantSummary, ...]
) -> tuple[VariantSummary, ...]:
    """Of an own app's run the app as it is; what is tried beside it answers nothing by itself."""
    return variants[:1] if experiment.suite == USER_APP_SUITE else variants


def claims_exit_code(
    experiment: Experiment,
    variants: Sequence[VariantSummary],
    missing: Sequence[Missing],
    claims: Sequence[Claim],
) -> ExitCode:
    """What the exit of a run says that was asked for claims: their outcomes, not the verdicts."""
    if experiment.interrupted:
        return ExitCode.INTERRUPTED
    ended_badly = any(trial.end in BAD_ENDS for v in variants for trial in v.trials)
    if experiment.elapsed_seconds is None or missing or not variants or ended_badly:
        return ExitCode.INCOMPLETE
    outcomes = {claim.outcome for claim in claims}
    if Outcome.INCONCLUSIVE in outcomes:
        return ExitCode.UNDECIDED
    return ExitCode.CONTRADICTED if Outcome.REFUTED in outcomes else ExitCode.DECIDED


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
