"""What a trial says before its end: the pace, and the verdict that it leans to. Pure."""

from dataclasses import replace

from lab.clock import now_seconds
from lab.records.judgement import LEAST_BLOCKS, Interval, Verdict
from lab.records.trial import End, EndKind, Trial
from lab.text.phrases import size
from lab.verdict.trend import Troughs, fit, last_blocks, troughs_of
from lab.verdict.verdict import judge_trial

LEAST_INTERIM_TROUGHS = 4
"""Troughs of a line that has an interval worth showing."""


def standing(trial: Trial) -> str:
    """A line such as `+2.0 KiB a request (1.8 KiB to 2.2 KiB) in 2,000 requests, leans to leak`.

    Live bytes follow memory where they are known. With fewer blocks than a verdict needs the line
    leans by the intervals alone.
    """
    troughs = troughs_of(trial)
    if troughs is None or len(troughs.trough_bytes) < LEAST_INTERIM_TROUGHS:
        return "too early to say"
    memory = late_slope(troughs)
    live = None if troughs.live is None else late_slope(troughs.live)
    of_live = "" if live is None else f", live {_pace(live)}"
    sent = f"{troughs.total_requests:,} requests"
    return f"{_pace(memory)}{of_live} in {sent}, {lean(trial, memory, live)}"


def late_slope(troughs: Troughs) -> Interval:
    """The slope of the second half, or of as few troughs as have an interval."""
    half = max(LEAST_INTERIM_TROUGHS - 1, len(troughs.trough_bytes) // 2)
    return fit(last_blocks(troughs, half)).slope


def _pace(slope: Interval) -> str:
    sign = "+" if slope.estimate > 0 else ""
    low, high = size(slope.low), size(slope.high)
    return f"{sign}{size(slope.estimate)} a request ({low} to {high})"


def lean(trial: Trial, memory: Interval, live: Interval | None = None) -> str:
    """The verdict that the trial so far leans to, in words."""
    if len(trial.blocks) >= LEAST_BLOCKS:
        so_far = replace(trial, end=End(EndKind.COMPLETE, now_seconds()))
        verdict = judge_trial(so_far).verdict
        return "still open" if verdict is Verdict.INCONCLUSIVE else f"leans to {verdict.value}"
    matters, slopes = trial.start.matters_bytes, [memory] if live is None else [live, memory]
    if any(slope.low > matters for slope in slopes):
        return f"leans to {Verdict.LEAK.value}"
    if slopes[0].high < matters:
        return f"leans to {Verdict.FLAT.value}"
    return "still open"
