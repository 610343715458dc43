"""The columns of the report's table, one definition for Markdown and HTML."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lab.records.judgement import Interval
from lab.records.summary import Memory, ThreadCounts, TrialSummary, VariantSummary
from lab.report.overview import VERDICT_ORDER, measured_to_predicted
from lab.text.phrases import DASH, WHOLE_FROM, counted, mib, number, signed_mib, size_unit


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, what it sorts by, and the exact value behind it."""

    text: str
    sort: float | str | None = None
    exact: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading within a group of headings, and how a variant fills it."""

    group: str
    heading: str
    cell: Callable[[VariantSummary], Cell]

    @property
    def title(self) -> str:
        """Group and heading in one, for a table with one line of headings."""
        return f"{self.group} {self.heading}".strip()


def _bytes(value: int | None, show: Callable[[float | None], str] = mib) -> Cell:
    return Cell(show(value), value, f"{number(value)} bytes" if value is not None else "")


def _memory(read: Callable[[Memory], int | None], signed: bool = False) -> Callable[..., Cell]:
    def cell(variant: VariantSummary) -> Cell:
        memory = variant.memory_bytes
        return _bytes(read(memory) if memory else None, signed_mib if signed else mib)

    return cell


def _verdict(variant: VariantSummary) -> Cell:
    return Cell(variant.verdict.value, VERDICT_ORDER.index(variant.verdict))


def _predicted(variant: VariantSummary) -> Cell:
    return _bytes(variant.prediction.growth_bytes, signed_mib)


def _ratio(variant: VariantSummary) -> Cell:
    ratio = measured_to_predicted(variant)
    return Cell(number(ratio, 2), ratio)


def _rate(variant: VariantSummary) -> Cell:
    interval = variant.growth_bytes_per_request
    if interval is None:
        return Cell(DASH)
    values = (interval.estimate, interval.low, interval.high)
    estimate, low, high = (number(value, 1) for value in values)
    exact = f"{estimate} bytes ({low} to {high})"
    return Cell(_interval_text(interval), interval.estimate, exact)


def _interval_text(interval: Interval) -> str:
    """Estimate and interval in the unit that suits the largest of the three."""
    values = (interval.estimate, interval.low, interval.high)
    largest = max(map(abs, values))
    factor, unit = size_unit(largest)
    digits = 0 if factor == 1 or largest / factor >= WHOLE_FROM else 1
    estimate, low, high = (number(value / factor, digits) for value in values)
    return f"{estimate} [{low}, {high}] {unit}"


def _requests(variant: VariantSummary) -> Cell:
    counts = variant.requests
    return Cell(f"{number(counts.ok)}/{number(counts.sent)}", counts.ok)


def _threads(variant: VariantSummary) -> Cell:
    threads: ThreadCounts = variant.threads
    if threads.baseline is None and threads.settled is None:
        return Cell(DASH)
    return Cell(f"{number(threads.baseline)} → {number(threads.settled)}", threads.settled)


def _processes(variant: VariantSummary) -> Cell:
    return Cell(number(variant.processes), variant.processes)


def _latency(percentile: str) -> Callable[[VariantSummary], Cell]:
    def cell(variant: VariantSummary) -> Cell:
        seconds = variant.latency_seconds.get(percentile)
        if seconds is None:
            return Cell(DASH)
        digits = 0 if seconds >= 0.01 else 1
        return Cell(number(seconds * 1000, digits), seconds, f"{seconds:.6f} s")

    return cell


def _cpu(variant: VariantSummary) -> Cell:
    cpu = variant.cpu_seconds
    if cpu is None:
        return Cell(DASH)
    exact = f"{cpu.user:.2f} s user, {cpu.system:.2f} s system"
    return Cell(number(cpu.user + cpu.system, 1), cpu.user + cpu.system, exact)


COLUMNS = (
    Column("", "Verdict", _verdict),
    Column("Memory, MiB", "baseline", _memory(lambda memory: memory.baseline)),
    Column("Memory, MiB", "settled", _memory(lambda memory: memory.settled)),
    Column("Memory, MiB", "peak", _memory(lambda memory: memory.peak)),
    Column("Growth, MiB", "measured", _memory(lambda memory: memory.growth, signed=True)),
    Column("Growth, MiB", "predicted", _predicted),
    Column("Growth, MiB", "ratio", _ratio),
    Column("Growth", "a request [interval]", _rate),
    Column("Requests", "ok/sent", _requests),
    Column("Tasks", "threads", _threads),
    Column("Tasks", "processes", _processes),
    Column("Latency, ms", "p50", _latency("p50")),
    Column("Latency, ms", "p95", _latency("p95")),
    Column("CPU", "seconds", _cpu),
)


def failure_text(failures: Mapping[str, int]) -> str:
    """Failed requests by kind, the most frequent first."""
    ordered = sorted(failures.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} × {kind}" for kind, count in ordered if count)  # noqa: RUF001


def trial_text(trials: Sequence[TrialSummary]) -> str:
    """The verdicts of several trials, and how much each grew."""
    counts = Counter(trial.verdict for trial in trials)
    verdicts = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.most_common())
    growths = [trial.memory_bytes.growth if trial.memory_bytes else None for trial in trials]
    gains = ", ".join(signed_mib(growth) for growth in growths)
    return f"{counted(len(trials), 'trial')} ({verdicts}): {gains} MiB"
