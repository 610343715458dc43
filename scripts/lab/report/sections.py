"""What the report shows below its table, as plain records for the templates."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from lab.records.experiment import EngineInfo, EngineKind
from lab.records.judgement import Verdict
from lab.records.summary import ComparedVariant, ImageBase, Summary, TrialSummary, VariantSummary
from lab.records.trial import EndKind
from lab.report.group_names import group_name
from lab.report.overview import VERDICT_ORDER
from lab.report.table import failure_text, trial_text
from lab.text.phrases import (
    DASH,
    counted,
    duration,
    in_mib,
    listed,
    mib,
    number,
    sentence,
    stopped,
)
from lab.units import MIB

OFFICIAL = "official"
LOCAL = "local"
UNKNOWN = "unknown"
LEAST_COMPARED_BYTES = MIB
"""Below it a ratio of two growths is a ratio of noise."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a variant has its verdict."""

    name: str
    verdict: Verdict
    text: str
    cause: str
    """Empty where none is known."""
    trials: str


@dataclass(frozen=True, slots=True)
class BadEnding:
    """A trial that did not end well, or whose requests failed."""

    name: str
    trial: int
    end: str
    reason: str
    failures: str
    log: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One package over the columns; `differs` when not all that have it have the same."""

    package: str
    versions: tuple[str, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class Versions:
    """Packages against groups of variants that have the same ones."""

    columns: tuple[str, ...]
    rows: tuple[VersionRow, ...]


@dataclass(frozen=True, slots=True)
class Footnotes:
    """The caveats in words, and which of them each variant carries (numbers from 1)."""

    texts: tuple[str, ...]
    markers: dict[str, tuple[int, ...]]


def reasons(variants: Sequence[VariantSummary]) -> list[Reason]:
    """The reason of each verdict, the gravest verdict first."""
    ordered = sorted(variants, key=lambda variant: VERDICT_ORDER.index(variant.verdict))
    return [_reason(variant) for variant in ordered]


def _reason(variant: VariantSummary) -> Reason:
    return Reason(
        name=variant.name,
        verdict=variant.verdict,
        text=sentence(variant.reason) or "No reason was recorded.",
        cause=stopped(variant.cause or ""),
        trials=sentence(trial_text(variant.trials)) if len(variant.trials) > 1 else "",
    )


def bad_endings(variants: Sequence[VariantSummary]) -> list[BadEnding]:
    """Trials that died, never got ready, were interrupted, or had failing requests."""
    return [
        _bad_ending(variant, trial)
        for variant in variants
        for trial in variant.trials
        if trial.end is not EndKind.COMPLETE or trial.requests.failed
    ]


def _bad_ending(variant: VariantSummary, trial: TrialSummary) -> BadEnding:
    return BadEnding(
        name=variant.name,
        trial=trial.trial,
        end=trial.end.value,
        reason=sentence(trial.reason),
        failures=sentence(failure_text(trial.requests.failures)),
        log=trial.log_tail,
    )


def footnotes(variants: Sequence[VariantSummary]) -> Footnotes:
    """Equal caveats share one number, in the order of their first appearance."""
    numbers: dict[str, int] = {}
    markers = {
        variant.name: tuple(
            numbers.setdefault(sentence(caveat), len(numbers) + 1) for caveat in variant.caveats
        )
        for variant in variants
    }
    return Footnotes(tuple(numbers), markers)


def versions(variants: Sequence[VariantSummary]) -> Versions:
    """The packages that matter; variants with equal ones share a column."""
    groups: defaultdict[tuple[tuple[str, str], ...], list[VariantSummary]] = defaultdict(list)
    for variant in variants:
        if variant.versions:
            groups[tuple(sorted(variant.versions.items()))].append(variant)
    columns = [dict(versions) for versions in groups]
    packages = list(dict.fromkeys(name for variant in variants for name in variant.versions))
    return Versions(
        columns=tuple(group_name(members, variants) for members in groups.values()),
        rows=tuple(_version_row(package, columns) for package in packages),
    )


def _version_row(package: str, columns: Sequence[dict[str, str]]) -> VersionRow:
    installed = [column[package] for column in columns if package in column]
    shown = tuple(column.get(package, DASH) for column in columns)
    return VersionRow(package, shown, len(set(installed)) > 1)


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One variant on this engine and on the other."""

    name: str
    settled: str
    other_settled: str
    growth_ratio: str
    verdict: str
    other_verdict: str
    agrees: bool


def comparison_rows(summary: Summary) -> tuple[ComparisonRow, ...]:
    """The variants that both engines measured; empty where only one has run."""
    comparison = summary.run.comparison
    if comparison is None:
        return ()
    mine = {variant.name: variant for variant in summary.variants}
    return tuple(
        _comparison_row(mine[other.name], other)
        for other in comparison.variants
        if other.name in mine
    )


def _comparison_row(mine: VariantSummary, other: ComparedVariant) -> ComparisonRow:
    memory = mine.memory_bytes
    ratio = DASH
    if memory and other.growth_bytes and other.growth_bytes >= LEAST_COMPARED_BYTES:
        ratio = number(memory.growth / other.growth_bytes, 2)
    return ComparisonRow(
        name=mine.name,
        settled=mib(memory.settled if memory else None),
        other_settled=mib(other.settled_bytes),
        growth_ratio=ratio,
        verdict=mine.verdict.value,
        other_verdict=other.verdict.value,
        agrees=mine.verdict is other.verdict,
    )


def bases_sentence(bases: Sequence[ImageBase]) -> str:
    """A sentence on the images' bases: official, stand-ins, or both."""
    if not bases:
        return "The bases of the images were not recorded."
    if all(base.kind == LOCAL for base in bases):
        return (
            "There are no images: each variant ran on an interpreter of this machine, in an "
            "environment made from its lock."
        )
    if all(base.kind == UNKNOWN for base in bases):
        return "The lab did not build the image, so its base is not known."
    official = [base.image for base in bases if base.kind == OFFICIAL]
    others = [base.image for base in bases if base.kind != OFFICIAL]
    if not others and all("sha256:" in each.reference for each in bases):
        return "Every base is an official image, whose digest is recorded."
    if not others:
        return (
            "Every base is an official image, but not every digest is known: a tag may stand for "
            "another image elsewhere."
        )
    if not official:
        return (
            "Every base is a stand-in, built without a registry: it has the same minor version of "
            "Python, but is not the official image."
        )
    return (
        f"Official images: {listed(official)}; "
        f"stand-ins, built without a registry: {listed(others)}."
    )


def run_facts(summary: Summary) -> list[tuple[str, str]]:
    """Host, engine and what the run cost, as names and texts."""
    run = summary.run
    return [
        ("Run", run.id),
        ("Suite", run.suite),
        ("Started", run.started_at),
        ("Took", duration(run.elapsed_seconds)),
        ("Engine", _engine_text(run.engine)),
        ("Host", f"{run.host.cpu_model}, {counted(run.host.cpus, 'CPU')}"),
        ("Host memory", in_mib(run.host.memory_bytes)),
        ("CPUs shown to the variants", _cpus_shown(summary)),
        ("Kernel", run.host.kernel),
        ("Commit", run.git_commit or DASH),
        ("Exit code", str(int(run.exit_code))),
        ("Schema", summary.schema_version),
    ]


def _engine_text(engine: EngineInfo) -> str:
    kind = "local processes on" if engine.kind is EngineKind.PROCESS else engine.kind
    return f"{kind} {engine.version}, cgroup {engine.cgroup}"


def _cpus_shown(summary: Summary) -> str:
    """The CPUs that variants see, each number where they differ."""
    real = summary.run.host.cpus
    shown = {variant.axes.host_cpus for variant in summary.variants}
    shown = shown or {summary.run.host_cpus_shown}
    numbers = sorted({int(cpus) for cpus in shown if cpus is not None})
    if not numbers:
        return f"the host's own ({real})"
    own = " or the host's own" if None in shown else ""
    return f"{listed(list(map(str, numbers)))}{own} (the host has {real})"
