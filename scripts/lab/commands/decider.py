"""Judges the raw files of a run while it goes on: more load, one more trial, claims decided."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from lab.claims.book import read_claims
from lab.claims.judge import claims_decided, variants_to_repeat
from lab.claims.records import ClaimRecord
from lab.clock import now_seconds
from lab.records.judgement import STOPPED, Verdict
from lab.records.summary import VariantSummary
from lab.records.trial import End, EndKind, Trial
from lab.stopping import Rule, wants_more
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_trial
from lab.summary.exit_code import claims_of_run
from lab.summary.variant import variant_summary
from lab.verdict.limit import limit_met
from lab.verdict.sequential import ending_of
from lab.verdict.trend import troughs_of
from lab.verdict.verdict import judge_trial

CLEAR_SHARE = 0.5
"""A leak that has come so far on the way to its limit is not confirmed by half as much load again,
which might end in a death there."""


@dataclass
class RunDecider:
    """Decides by the verdicts and the claims of the run."""

    of_user_app: bool = False
    """Whether a trial that meets its memory limit is repeated, so that the rest tells nothing, and
    free memory that grows is followed to the end of the longest load."""

    rule: Rule = Rule.FIXED

    def is_decided(self, raw_file: Path) -> bool:
        looks = self.of_user_app or self.rule is Rule.SEQUENTIAL
        trial = read_trial(raw_file) if looks else None
        if trial is None:
            return False
        if self.of_user_app and limit_met(trial) is not None:
            return True
        return self.rule is Rule.SEQUENTIAL and has_ended(trial)

    def needs_more_load(self, raw_file: Path) -> bool:
        trial = read_trial(raw_file)
        if trial is None:
            return False
        so_far = replace(trial, end=End(EndKind.COMPLETE, now_seconds()))
        judged = judge_trial(so_far)
        forbidden = any(caveat.forbids for caveat in judged.caveats)
        open_ended = self.of_user_app and judged.open_ended
        if self.rule is Rule.SEQUENTIAL and judged.verdict is Verdict.LEAK and is_clear(trial):
            return False
        asked, blocks = trial.start.blocks, len(trial.blocks)
        return not forbidden and wants_more(judged.verdict, asked, blocks, open_ended=open_ended)

    def variants_to_repeat(self, folder: RunFolder, names: tuple[str, ...]) -> tuple[str, ...]:
        """Variants of which one more trial may decide a claim."""
        return variants_to_repeat(records_of(folder), measured_of(folder, names))

    def status_line(self, folder: RunFolder, names: tuple[str, ...]) -> str | None:
        """How many claims are decided so far; None for a run that is about none."""
        records = records_of(folder)
        if not records:
            return None
        decided, total = claims_decided(records, measured_of(folder, names))
        return f"claims decided {decided} of {total}"


def has_ended(trial: Trial) -> bool:
    """Whether the growth of a trial has ended, as far as its load went.

    Only a bound that holds at every look ends the load: the judgement of eight blocks or more is
    made for one look.
    """
    troughs = troughs_of(trial)
    if troughs is None or ending_of(troughs, trial.start.matters_bytes) is None:
        return False
    so_far = replace(trial, end=End(EndKind.COMPLETE, now_seconds(), decided=True))
    return judge_trial(so_far).verdict in STOPPED


def is_clear(trial: Trial) -> bool:
    """Whether memory is half-way to its limit: so much is a leak to any service."""
    baseline, settled = trial.baseline, trial.settled
    if baseline is None or settled is None:
        return False
    room = trial.start.variant.memory_limit_bytes - baseline.sample.memory_bytes
    return settled.sample.memory_bytes - baseline.sample.memory_bytes >= CLEAR_SHARE * room


def records_of(folder: RunFolder) -> tuple[ClaimRecord, ...]:
    """The claims that the run is about."""
    return claims_of_run(folder.read_experiment(), read_claims())


def measured_of(folder: RunFolder, names: tuple[str, ...]) -> tuple[VariantSummary, ...]:
    """The summaries of those variants that have raw files."""
    files: dict[str, list[tuple[Path, int]]] = {name: [] for name in names}
    for path in folder.raw_files():
        if path.parent.name in files:
            files[path.parent.name].append((path, path.stat().st_size))
    summaries = (summary_of(tuple(files[name])) for name in names)
    return tuple(summary for summary in summaries if summary is not None)


@lru_cache(maxsize=256)
def summary_of(files: tuple[tuple[Path, int], ...]) -> VariantSummary | None:
    """One variant from its raw files; read once for each size, as the load goes on meanwhile."""
    trials = [trial for path, _ in files if (trial := read_trial(path)) is not None]
    return variant_summary(trials) if trials else None
