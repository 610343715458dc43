"""Judges the raw files of a run while it goes on: more load, one more trial, claims decided."""

import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from lab.claims.book import read_claims
from lab.claims.judge import claims_decided, variants_to_repeat
from lab.claims.records import ClaimRecord
from lab.records.summary import VariantSummary
from lab.records.trial import End, EndKind
from lab.stopping import wants_more
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_trial
from lab.summary.exit_code import claims_of_run
from lab.summary.variant import variant_summary
from lab.verdict.limit import limit_met
from lab.verdict.verdict import judge_trial


@dataclass
class RunDecider:
    """Decides by the verdicts and the claims of the run."""

    of_user_app: bool = False
    """Whether a trial that meets its memory limit is repeated, so that the rest tells nothing, and
    free memory that climbs is followed to the end of the longest load."""

    def is_decided(self, raw_file: Path) -> bool:
        trial = read_trial(raw_file) if self.of_user_app else None
        return trial is not None and limit_met(trial) is not None

    def needs_more_load(self, raw_file: Path) -> bool:
        trial = read_trial(raw_file)
        if trial is None:
            return False
        so_far = replace(trial, end=End(EndKind.COMPLETE, time.time()))
        judged = judge_trial(so_far)
        forbidden = any(caveat.forbids for caveat in judged.caveats)
        open_ended = self.of_user_app and judged.open_ended
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
