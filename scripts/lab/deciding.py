"""What a run of claims has to say while it goes on, from the raw files so far."""

from collections.abc import Iterator

from lab.claimbook import read_claims
from lab.claims import ClaimRecord, again_of, claims_left
from lab.store import RunFolder
from lab.summarise import asked_claims, variant_summary
from lab.summary import VariantSummary


def again(folder: RunFolder, names: tuple[str, ...]) -> tuple[str, ...]:
    """Variants of which one more trial may decide a claim."""
    return again_of(records_of(folder), measured_of(folder, names))


def told(folder: RunFolder, names: tuple[str, ...]) -> str | None:
    """How many claims are decided so far; None for a run that is about none."""
    records = records_of(folder)
    if not records:
        return None
    decided, total = claims_left(records, measured_of(folder, names))
    return f"claims decided {decided} of {total}"


def records_of(folder: RunFolder) -> tuple[ClaimRecord, ...]:
    return asked_claims(folder.read_experiment(), read_claims())


def measured_of(folder: RunFolder, names: tuple[str, ...]) -> tuple[VariantSummary, ...]:
    return tuple(summaries(folder, names))


def summaries(folder: RunFolder, names: tuple[str, ...]) -> Iterator[VariantSummary]:
    trials = folder.read_trials()
    return (variant_summary(trials[name]) for name in names if name in trials)
