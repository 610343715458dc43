"""A point's measurement from what a short run observed. Pure."""

import statistics
from collections.abc import Mapping, Sequence

from lab.causes.traces import (
    INTERPRETER_PREFIXES,
    UNKNOWN_LINE,
    is_app_frame,
    line_name,
    short_frame,
)
from lab.records.bisection import PointMeasurement
from lab.records.observations import AllocationTrace, TracedLine
from lab.records.trial import Environment

SKIPPED_BLOCKS = 1
"""The first block still fills what the warm-up left empty."""
TRIMMED_BLOCKS = 1
"""Blocks that are left out at either end of the order: a table that doubles is not growth."""
OTHERS = "other lines"
"""What the trace saw beyond the lines that it lists."""


def measurement(
    live_bytes: Sequence[int],
    requests: Sequence[int],
    trace: AllocationTrace | None,
    environment: Environment | None,
    seconds: float,
) -> PointMeasurement:
    """What a short run kept, in bytes a request.

    Args:
        live_bytes: after the warm-up, then after each block.
        requests: completed in each block.
    """
    gains = [
        (after - before) / max(done, 1)
        for before, after, done in zip(live_bytes, live_bytes[1:], requests, strict=False)
    ]
    mean, error = trimmed(gains[SKIPPED_BLOCKS:])
    sites, lines = by_site(trace) if trace is not None else ({}, {})
    return PointMeasurement(
        requests=sum(requests[SKIPPED_BLOCKS:]),
        live_bytes=mean,
        error_bytes=error,
        sites=sites,
        is_traced=trace is not None,
        lines=lines,
        python=environment.python if environment is not None else "",
        packages=dict(environment.packages) if environment is not None else {},
        seconds=seconds,
    )


def trimmed(gains: Sequence[float]) -> tuple[float, float]:
    """The mean without the lowest and the highest, and its standard error."""
    kept = sorted(gains)[TRIMMED_BLOCKS:-TRIMMED_BLOCKS]
    spread = statistics.stdev(kept) if len(kept) > 1 else abs(kept[0])
    return statistics.fmean(kept), spread / len(kept) ** 0.5


def by_site(trace: AllocationTrace) -> tuple[Mapping[str, float], Mapping[str, str]]:
    """Bytes a request by allocation site, and the line of each that left most."""
    sites: dict[str, float] = {}
    lines: dict[str, str] = {}
    for line in trace.lines:
        site = site_of(line)
        sites[site] = sites.get(site, 0.0) + line.bytes / max(trace.requests, 1)
        lines.setdefault(site, line_name(line))
    if (rest := trace.allocated_bytes - sum(line.bytes for line in trace.lines)) > 0:
        sites[OTHERS] = rest / max(trace.requests, 1)
    return sites, lines


def site_of(line: TracedLine) -> str:
    """The allocation site: a line of the app, which no point changes, else a file."""
    frames = [frame for frame in line.frames if not frame.startswith(INTERPRETER_PREFIXES)]
    if not frames:
        return UNKNOWN_LINE
    name = short_frame(frames[0])
    if is_app_frame(frames[0]):
        return name
    return without_python(name.rpartition(":")[0])


def without_python(name: str) -> str:
    """A file of the standard library without the folder of its Python's version."""
    folder, _, rest = name.partition("/")
    return rest if folder.removeprefix("3.").isdigit() and rest else name
