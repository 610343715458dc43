"""What traced allocations say: which trace to read, how much of the growth it sees, its lines."""

from collections.abc import Sequence

from lab.records.observations import AllocationTrace, TracedLine

TRACED_SHARE = 0.5
"""Lines that hold half of the growth name its cause."""
UNSEEN_SHARE = 0.1
"""A trace that sees a smaller share of the growth does not explain it."""
PYTHON_TRACER = "tracemalloc"
PACKAGES = "/site-packages/"
LIBRARY_PARTS = (PACKAGES, "/lib/python")
INTERPRETER_PREFIXES = (
    "<",
    "Objects/",
    "Python/",
    "Modules/",
    "Include/",
    "./Include/",
    "Programs/",
)
"""Beginnings of frames in CPython's own sources."""
UNKNOWN_LINE = "an unknown line"
"""What a line is called of which no frame is the program's."""
MOST_TRACE_LINES = 5
MOST_TRACE_TYPES = 5


def bytes_per_request(trace: AllocationTrace) -> float:
    """Bytes that each request left allocated."""
    return trace.allocated_bytes / max(trace.requests, 1)


def python_trace(traces: Sequence[AllocationTrace]) -> AllocationTrace | None:
    """The trace of Python's own allocations; None where none was taken."""
    return next((trace for trace in traces if trace.tracer == PYTHON_TRACER), None)


def traced_share(trace: AllocationTrace, growth_per_request: float) -> float:
    """The share of the growth that a trace sees, by bytes a request; 0 where nothing grew."""
    return bytes_per_request(trace) / growth_per_request if growth_per_request > 0 else 0.0


def best_trace(
    traces: Sequence[AllocationTrace], growth_per_request: float
) -> AllocationTrace | None:
    """Python's own trace, which knows each object, when it sees the growth; else the largest."""
    python = python_trace(traces)
    if python is not None and traced_share(python, growth_per_request) >= TRACED_SHARE:
        return python
    return max(traces, key=bytes_per_request, default=None)


def merged_lines(lines: Sequence[TracedLine]) -> tuple[TracedLine, ...]:
    """Lines of one name joined, the one with most bytes first, at most `MOST_TRACE_LINES`."""
    by_name: dict[str, TracedLine] = {}
    for line in lines:
        name = line_name(line)
        so_far = by_name.get(name, TracedLine(0, 0, line.frames))
        by_name[name] = TracedLine(
            so_far.bytes + line.bytes, so_far.count + line.count, so_far.frames
        )
    return tuple(sorted(by_name.values(), key=lambda line: -line.bytes)[:MOST_TRACE_LINES])


def largest_line(lines: Sequence[TracedLine]) -> TracedLine | None:
    """The largest of the lines that share the name which left most: `merged_lines` names it first,
    though each way that led there left less than another line."""
    if not lines:
        return None
    name = line_name(merged_lines(lines)[0])
    return max((each for each in lines if line_name(each) == name), key=lambda each: each.bytes)


def most_types(traces: Sequence[AllocationTrace]) -> tuple[tuple[str, int], ...]:
    """The types of which most objects were added, with their counts."""
    counts = [item for trace in traces for item in trace.types.items()]
    return tuple(sorted(counts, key=lambda item: -item[1])[:MOST_TRACE_TYPES])


def line_name(line: TracedLine) -> str:
    """The line that allocates, and the innermost line of the app that led there."""
    frames = [frame for frame in line.frames if not frame.startswith(INTERPRETER_PREFIXES)]
    if not frames:
        return UNKNOWN_LINE
    own = next((frame for frame in frames if is_app_frame(frame)), None)
    if own is None or own == frames[0]:
        return short_frame(own or frames[0])
    return f"{short_frame(frames[0])}, from {short_frame(own)}"


def is_app_frame(frame: str) -> bool:
    """Whether it is Python code of the app, not of a package."""
    return ".py:" in frame and not any(part in frame for part in LIBRARY_PARTS)


def short_frame(frame: str) -> str:
    """The frame without the folders in front of a package or of the app."""
    for mark in (PACKAGES, "/lib/python", "/app/"):
        if mark in frame:
            return frame.rpartition(mark)[2]
    return frame
