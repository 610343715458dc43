"""What a trial says before its end: the pace, and the verdict that it leans to. Pure."""

from dataclasses import replace

from lab.clock import now_seconds
from lab.records.judgement import Interval, Verdict
from lab.records.trial import End, EndKind, Trial
from lab.text.phrases import size
from lab.verdict.trend import fit, last_blocks, troughs_of
from lab.verdict.validity import LEAST_BLOCKS
from lab.verdict.verdict import judge_trial

LEAST_TROUGHS = 4
"""Troughs of a line that has an interval worth showing."""


def standing(trial: Trial) -> str:
    """A line such as `+2.0 KiB a request (1.8 KiB to 2.2 KiB) in 2,000 requests, leans to leak`.

    With fewer blocks than a verdict needs it leans by the line's interval alone.
    """
    troughs = troughs_of(trial)
    if troughs is None or len(troughs.trough_bytes) < LEAST_TROUGHS:
        return "too early to say"
    half = max(LEAST_TROUGHS - 1, len(troughs.trough_bytes) // 2)
    slope = fit(last_blocks(troughs, half)).slope
    leans = lean(trial, slope)
    low, high, pace = size(slope.low), size(slope.high), size(slope.estimate)
    sign = "+" if slope.estimate > 0 else ""
    return (
        f"{sign}{pace} a request ({low} to {high}) in {troughs.total_requests:,} requests, {leans}"
    )


def lean(trial: Trial, slope: Interval) -> str:
    """The verdict that the trial so far leans to, in words."""
    if len(trial.blocks) >= LEAST_BLOCKS:
        so_far = replace(trial, end=End(EndKind.COMPLETE, now_seconds()))
        verdict = judge_trial(so_far).verdict
        return "still open" if verdict is Verdict.INCONCLUSIVE else f"leans to {verdict.value}"
    if slope.low > trial.start.matters_bytes:
        return f"leans to {Verdict.LEAK.value}"
    if slope.high < trial.start.matters_bytes:
        return f"leans to {Verdict.FLAT.value}"
    return "still open"
