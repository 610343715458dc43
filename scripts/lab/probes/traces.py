"""One trace of what the workers of a traced trial answered; a malformed answer is a gap."""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from lab.records.codec import ShapeError, decode
from lab.records.holders import Holder, HolderSearch, NamedGrowth, NamedKind, ObjectGrowth
from lab.records.observations import AllocationTrace, TracedLine

SHARED_KINDS = (NamedKind.FILE, NamedKind.KERNEL)
"""What each worker reads of the whole variant."""
MOST_NAMES_KEPT = 100
"""The most names that are kept of all workers' answers."""


def merged_trace(answers: Iterable[Any], requests: int) -> AllocationTrace | None:
    """All workers' answers in one; None where no answer is a trace.

    Args:
        requests: that were completed since the baseline.
    """
    traces = list(decoded(answers, requests))
    if not traces:
        return None
    return AllocationTrace(
        tracer=traces[0].tracer,
        requests=requests,
        allocated_bytes=sum(trace.allocated_bytes for trace in traces),
        lines=merged_lines(line for trace in traces for line in trace.lines),
        types=summed(trace.types.items() for trace in traces),
        more=merged_named([each for trace in traces for each in trace.more]),
        search=merged_search([trace.search for trace in traces if trace.search is not None]),
        garbage=summed(trace.garbage.items() for trace in traces),
    )


def decoded(answers: Iterable[Any], requests: int) -> Iterable[AllocationTrace]:
    for answer in answers:
        with contextlib.suppress(ShapeError, TypeError):
            yield decode(AllocationTrace, {**answer, "requests": requests})


def merged_lines(lines: Iterable[TracedLine]) -> tuple[TracedLine, ...]:
    """Lines of the same frames in one, the one with most bytes first."""
    merged: dict[tuple[str, ...], TracedLine] = {}
    for line in lines:
        so_far = merged.get(line.frames, replace(line, bytes=0, count=0))
        merged[line.frames] = replace(
            so_far, bytes=so_far.bytes + line.bytes, count=so_far.count + line.count
        )
    return tuple(sorted(merged.values(), key=lambda line: -line.bytes))


def merged_search(searches: Sequence[HolderSearch]) -> HolderSearch | None:
    """All workers' searches in one: containers of one path and objects of one type are added up."""
    if not searches:
        return None
    return HolderSearch(
        holders=merged_holders([each for search in searches for each in search.holders]),
        lost=merged_objects([each for search in searches for each in search.lost]),
        examples=merged_objects([each for search in searches for each in search.examples]),
        limit=next((search.limit for search in searches if search.limit), None),
    )


def merged_holders(holders: Sequence[Holder]) -> tuple[Holder, ...]:
    merged: dict[tuple[str | None, str], Holder] = {}
    for each in holders:
        key = (each.path, each.kind)
        so_far = merged.get(key)
        merged[key] = (
            each
            if so_far is None
            else replace(
                so_far,
                entries_before=so_far.entries_before + each.entries_before,
                entries_after=so_far.entries_after + each.entries_after,
                held_bytes=so_far.held_bytes + each.held_bytes,
            )
        )
    return tuple(sorted(merged.values(), key=lambda each: -each.held_bytes))


def merged_objects(growths: Sequence[ObjectGrowth]) -> tuple[ObjectGrowth, ...]:
    merged: dict[str, ObjectGrowth] = {}
    for each in growths:
        so_far = merged.get(each.type, replace(each, count=0))
        merged[each.type] = replace(so_far, count=so_far.count + each.count)
    return tuple(sorted(merged.values(), key=lambda each: -each.count))


def merged_named(growths: Sequence[NamedGrowth]) -> tuple[NamedGrowth, ...]:
    """Counts of one kind and name added up; of what all workers see alike, files, the largest."""
    merged: dict[tuple[NamedKind, str], NamedGrowth] = {}
    for each in growths:
        key = (each.kind, each.name)
        so_far = merged.get(key)
        if so_far is None:
            merged[key] = each
        elif each.kind in SHARED_KINDS:
            merged[key] = max(so_far, each, key=lambda growth: growth.more)
        else:
            before, after = so_far.before + each.before, so_far.after + each.after
            merged[key] = replace(so_far, before=before, after=after)
    return tuple(sorted(merged.values(), key=lambda each: -each.more)[:MOST_NAMES_KEPT])


def summed(parts: Iterable[Iterable[tuple[str, int]]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for part in parts:
        for name, count in part:
            totals[name] = totals.get(name, 0) + count
    return totals
