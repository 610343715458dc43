"""What a load can show, where there was not time for all of it. Pure."""

from math import ceil, sqrt

from lab.records.judgement import Verdict
from lab.records.run_limits import MOST_RAW_BYTES
from lab.records.trial import End, Trial
from lab.stopping import MOST_LOADS
from lab.text.phrases import in_mib, short_duration, size
from lab.verdict.leak_criteria import FILLING_BYTES_A_WORKER, FILLING_REQUESTS, LEAK_BYTES


def smallest_leak_bytes(requests: int, workers: int, matters: float) -> float:
    """Bytes a request of the smallest leak that so many requests can show."""
    is_long = requests >= FILLING_REQUESTS * workers
    least = LEAK_BYTES * sqrt(workers) if is_long else FILLING_BYTES_A_WORKER * workers
    return max(matters, least / requests)


def load_note(trial: Trial, verdict: Verdict) -> str | None:
    """Sentences on the load that the time allowed, the leak that it can show, and the time that
    the whole load needs; None where there was time for all."""
    fit = trial.fit
    if fit is not None:
        return f"{_pace(trial)} {_whole(trial)}"
    end = trial.end
    if end is None:
        return None
    if verdict is not Verdict.INCONCLUSIVE:
        return _cut_by_time(trial, end) if end.out_of_time else None
    if end.out_of_room:
        return _out_of_room(trial)
    return _out_of_time(trial, end) if end.out_of_time else None


def _out_of_room(trial: Trial) -> str:
    done = sum(block.ok for block in trial.blocks)
    fewer = "TRIALS" if trial.start.variant.is_user_app else "VARIANTS, TRIALS or BLOCKS"
    return (
        f"The load ended after {done:,} requests, before the verdict was clear, as the raw files of"
        f" a run have at most {in_mib(MOST_RAW_BYTES)}: fewer {fewer} leave room for more load."
    )


def _out_of_time(trial: Trial, end: End) -> str:
    most = MOST_LOADS * trial.start.requests
    return (
        f"BUDGET ended the load after {_served(trial):,} requests, before the verdict was clear;"
        f" BUDGET={_minutes(trial, end, most)}m allows all {most:,} that the lab would send."
    )


def _cut_by_time(trial: Trial, end: End) -> str | None:
    """The sentences on a verdict that less load decided than was asked for; None where none was
    cut, or the rule itself ended it."""
    asked = trial.start.requests
    if end.decided or sum(block.sent for block in trial.blocks) >= asked:
        return None
    minutes = _minutes(trial, end, asked)
    return f"BUDGET ended the load early. {_shown(trial)} BUDGET={minutes}m allows all {asked:,}."


def _minutes(trial: Trial, end: End, requests: int) -> int:
    """The time that so many requests take, as those that were served did."""
    return ceil((end.at_seconds - trial.start.at_seconds) * requests / _served(trial) / 60)


def _served(trial: Trial) -> int:
    """The requests that were served, at least 1."""
    return max(sum(block.ok for block in trial.blocks), 1)


def _shown(trial: Trial) -> str:
    workers, done = trial.start.variant.axes.workers, _served(trial)
    least = size(smallest_leak_bytes(done, workers, trial.start.matters_bytes))
    return f"The {done:,} that were served would show a leak of {least} a request or more."


def _pace(trial: Trial) -> str:
    fit = trial.fit
    assert fit is not None
    return (
        f"A request takes {short_duration(fit.request_seconds)}, so that"
        f" BUDGET={fit.budget_seconds:.0f}s allows {fit.requests:,} of {fit.asked:,} requests."
        f" {_shown(trial)}"
    )


def _whole(trial: Trial) -> str:
    fit = trial.fit
    assert fit is not None
    minutes = ceil(fit.whole_budget_seconds / 60)
    return f"BUDGET={minutes}m allows all {fit.asked:,}."
