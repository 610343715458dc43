"""The answer of a bisection: its changes, its table and its sentences. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lab.bisect.plan import Progress, Span, contradicting_pairs, gap_of, progress_of
from lab.bisect.search import ENOUGH
from lab.errors import ExitCode
from lab.records.bisection import (
    SCHEMA_VERSION,
    Bisection,
    Change,
    Leak,
    MeasuredPoints,
    Point,
    PointKind,
    PointResult,
    SearchKind,
)
from lab.text.phrases import clipped, counted, listed, share, size

MOST_POINT_REASON = 160
OF_ALLOCATED = "That is allocated: memory grows by less where the app does not write to all of it."
"""Why `make try`, which reads memory, may tell fewer bytes a request of the same leak."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a bisection is about."""

    app: str
    package: str
    """The package, or `Python`."""
    kind: PointKind
    left_out: tuple[str, ...] = ()


def answer_from(measured: MeasuredPoints) -> Bisection:
    """The whole answer from what was measured."""
    subject = Subject(measured.app, measured.package, measured.kind, measured.left_out)
    answer = answer_of(subject, progress_of(measured), measured.seconds)
    return replace(answer, earlier_runs=measured.earlier_runs)


def answer_of(subject: Subject, progress: Progress, seconds: float) -> Bisection:
    """The whole answer from what is known of all points."""
    changes = tuple(change_of(progress, span) for span in progress.spans() if progress.leak)
    return Bisection(
        schema_version=SCHEMA_VERSION,
        app=subject.app,
        package=subject.package,
        kind=subject.kind,
        leak=progress.leak,
        changes=changes,
        points=tuple(result_of(progress, index) for index in range(len(progress.points))),
        left_out=subject.left_out,
        said=tuple(sentences(subject, progress, changes)),
        measured_points=len(progress.measured),
        seconds=seconds,
        exit_code=int(ExitCode.DECIDED if is_decided(changes) else ExitCode.UNDECIDED),
    )


def is_decided(changes: Sequence[Change]) -> bool:
    """Whether each search ended, and one of them found both sides of a change."""
    sure = all(change.certainty >= ENOUGH for change in changes)
    return sure and any(change.before and change.after for change in changes)


def change_of(progress: Progress, span: Span) -> Change:
    """What one search found."""
    gap = gap_of(progress, span)
    label = {position: progress.points[index].label for position, index in enumerate(span.order)}
    good = None if gap.good is None else label[gap.good]
    bad = None if gap.bad is None else label[gap.bad]
    between = [label[position] for position in gap.between]
    first_bad = span.kind is SearchKind.FIRST_BAD
    return Change(
        kind=span.kind,
        before=good if first_bad else bad,
        after=bad if first_bad else good,
        between=tuple(between if first_bad else reversed(between)),
        certainty=gap.probability,
        contradictions=tuple(contradiction_sentences(progress, span)),
        searched_points=len(span.order),
        measured_points=sum(index in progress.measured for index in span.order),
    )


def contradiction_sentences(progress: Progress, span: Span) -> Iterator[str]:
    for bad, good in contradicting_pairs(progress, span):
        shows, not_shows = progress.points[bad].label, progress.points[good].label
        yield (
            f"{shows} has the leak and {not_shows} has not, which no single change explains: the "
            "leak went and came back, or one of the two depends on something else."
        )


def result_of(progress: Progress, index: int) -> PointResult:
    """A row of the table."""
    runs = progress.measured.get(index, ())
    point = progress.points[index]
    sizes = progress.leak_bytes(index)
    return PointResult(
        point=point,
        state=progress.state(index),
        runs=len(runs),
        leak_bytes=sum(sizes) / len(sizes) if sizes else None,
        live_bytes=sum(run.live_bytes for run in runs) / len(runs) if runs else None,
        reason=clipped(progress.unknown.get(index) or point.fault or "", MOST_POINT_REASON) or None,
        moved=moved_packages(progress, index),
    )


def moved_packages(progress: Progress, index: int) -> dict[str, str]:
    """Packages of another version than at the bad end; the point's own package is not among them.

    The package itself differs in each point, so it is left out by its version being the label.
    """
    base = progress.measured.get(progress.ends.bad, ())
    runs = progress.measured.get(index, ())
    if not base or not runs:
        return {}
    own = {progress.points[index].label, progress.points[progress.ends.bad].label}
    return {
        name: f"{base[0].packages.get(name, 'none')} → {version}"
        for name, version in runs[0].packages.items()
        if base[0].packages.get(name) != version and version not in own
    }


def sentences(subject: Subject, progress: Progress, changes: Sequence[Change]) -> Iterator[str]:
    """The answer, the most important first."""
    if progress.leak is None:
        yield no_leak_sentence(subject, progress)
        return
    for change in changes:
        yield change_sentence(subject, change)
    yield leak_sentence(progress.leak, progress.is_compared)
    for change in changes:
        if change.between:
            yield between_sentence(subject, progress, change.between)
        yield from change.contradictions
        if change.certainty < ENOUGH:
            wanted, chance = f"{change.kind.value} {subject.kind.noun}", share(change.certainty)
            yield f"The search for the {wanted} ended with a probability of {chance}."


def between_sentence(subject: Subject, progress: Progress, between: Sequence[str]) -> str:
    """Which points no measurement tells apart, and which of them were not tried, and why."""
    failed = {progress.points[index].label for index in progress.unknown}
    untried = [label for label in between if label not in failed]
    count = counted(len(between), subject.kind.noun)
    said = f"{count} between them could not be measured: {listed(between)}"
    if untried:
        said += f" (not tried, as those beside them failed: {listed(untried)})"
    return f"{said}."


def change_sentence(subject: Subject, change: Change) -> str:
    package, noun, before, after = subject.package, subject.kind.noun, change.before, change.after
    if change.kind is SearchKind.FIRST_BAD:
        if before is None:
            return f"{package} {after} leaks already, and is the oldest that was measured."
        return f"{package} {after} is the first that leaks; {before} is the last that does not."
    if after is None:
        return f"No {noun} is mended: {package} {before}, the newest that was measured, leaks."
    if before is None:
        return f"{package} {after} does not leak, and no measured one before it does."
    return f"{package} {after} is the first that is mended; {before} is the last that leaks."


def leak_sentence(leak: Leak, is_compared: bool) -> str:
    """The sentence on the leak that was followed, and on the end that keeps least of it."""
    kept, least = size(leak.bad_bytes), size(max(leak.good_bytes, 0.0))
    other = f" and {least} at the end that keeps least of it" if is_compared else ""
    return (
        f"The search followed what {leak.line} keeps: {kept} a request at the bad end{other}. "
        f"{OF_ALLOCATED}"
    )


def no_leak_sentence(subject: Subject, progress: Progress) -> str:
    """Why there is nothing to search for."""
    bad = progress.points[progress.ends.bad]
    if progress.ends.bad in progress.unknown:
        reason = clipped(progress.unknown[progress.ends.bad], MOST_POINT_REASON)
        return f"{subject.package} {bad.label} could not be measured: {reason}."
    ends = [progress.points[each] for each in progress.ends.all()]
    end_texts = [
        end_text(progress, each, index)
        for each, index in zip(ends, progress.ends.all(), strict=True)
    ]
    return (
        f"The ends do not differ in what they keep: {listed(end_texts)}. Give GOOD or BAD, or "
        "measure the app with `make try` first."
    )


def end_text(progress: Progress, point: Point, index: int) -> str:
    runs = progress.measured.get(index)
    if not runs:
        reason = clipped(progress.unknown.get(index, ""), MOST_POINT_REASON)
        return f"{point.label} could not be measured ({reason})"
    return f"{point.label} keeps {size(runs[0].live_bytes)} a request"
