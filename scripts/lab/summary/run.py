"""Raw trials to the records of `summary.json`: pure, so any run can be rebuilt at any time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lab.claims.judge import judge_claims, topics_of
from lab.claims.records import ClaimBook
from lab.errors import ExitCode
from lab.records.app_answer import AppAnswer
from lab.records.curve import MemoryCurve
from lab.records.experiment import Experiment
from lab.records.observations import Sample
from lab.records.summary import (
    SCHEMA_VERSION,
    Comparison,
    ImageBase,
    RunInfo,
    Sitting,
    Summary,
    VariantSummary,
)
from lab.records.trial import Trial
from lab.records.watched_time import watched_seconds
from lab.summary.exit_code import (
    RunFindings,
    claims_of_run,
    exit_code,
    fail_on_of,
    judged_variants,
    missing_of,
)
from lab.summary.variant import variant_summary


def cgroup_of(trials: Iterable[Trial], host_version: str) -> str:
    """The versions of cgroups that samples came from, e.g. `v2`; else what is known of the host."""
    sources = {sample.source for trial in trials for sample in trial.samples[:1]}
    versions = sorted(s.removeprefix("cgroup-") for s in sources if s.startswith("cgroup-"))
    return ", ".join(versions) or host_version


def reference_of(container: Mapping[str, str]) -> str:
    """What an image stands on; where the lab did not build it, what it is itself."""
    own = container.get("image", "")
    if "memlab.base.kind" in container or not own.startswith("sha256:"):
        return container.get("memlab.base.reference", "") or "not recorded"
    return f"not recorded; the image is {own}"


def bases_of(trials: Mapping[str, Sequence[Trial]]) -> tuple[ImageBase, ...]:
    """The bases of the images, one row an image."""
    starts = [of_variant[0].start for of_variant in trials.values()]
    rows = {
        start.variant.image: ImageBase(
            image=start.variant.image,
            kind=start.container.get("memlab.base.kind", "unknown"),
            reference=reference_of(start.container),
        )
        for start in starts
    }
    return tuple(rows[image] for image in sorted(rows))


def summarise(
    run_id: str,
    experiment: Experiment,
    trials: Mapping[str, Sequence[Trial]],
    comparison: Comparison | None = None,
    book: ClaimBook | None = None,
    own: AppAnswer | None = None,
) -> Summary:
    """The whole of `summary.json`.

    Args:
        run_id: the run's folder name.
        experiment: what was asked for, and where.
        trials: what was observed, by variant.
        comparison: what another engine found, where that is known.
        book: the thread's statements, for a run that may be about them.
        own: the answer about a user app, whose first cause is its variant's.
    """
    names = [name for name in experiment.variants if name in trials]
    variants = tuple(
        replace(variant, cause=own_cause(variant, own))
        for variant in (variant_summary(trials[name]) for name in names)
    )
    missing = missing_of(experiment, trials)
    records = claims_of_run(experiment, book)
    claims = judge_claims(records, variants, missing)
    findings = RunFindings(
        experiment, judged_variants(experiment, variants), missing, claims if records else None
    )
    run = replace(
        run_info(run_id, experiment, trials),
        missing=missing,
        exit_code=exit_code(findings, fail_on_of(experiment)),
        comparison=comparison,
    )
    topics = topics_of(book.topics if book else (), claims)
    return Summary(SCHEMA_VERSION, run, variants, claims, topics, own)


def run_info(run_id: str, experiment: Experiment, trials: Mapping[str, Sequence[Trial]]) -> RunInfo:
    """What was run, where and how; without what is missing and the exit code."""
    every = [trial for of_variant in trials.values() for trial in of_variant]
    engine = experiment.engine
    return RunInfo(
        id=run_id,
        suite=experiment.suite,
        started_at=experiment.started_at,
        elapsed_seconds=experiment.elapsed_seconds,
        partial=experiment.interrupted or experiment.elapsed_seconds is None,
        engine=replace(engine, cgroup=cgroup_of(every, engine.cgroup)),
        host=experiment.host,
        host_cpus_shown=cpus_shown(
            trial for name in experiment.variants for trial in trials.get(name, ())
        ),
        bases=bases_of(trials),
        git_commit=experiment.git_commit,
        command=experiment.command,
        settings={**experiment.settings, **experiment.lanes},
        lock_hashes=experiment.lock_hashes,
        missing=(),
        exit_code=ExitCode.DECIDED,
        sittings=sittings_of(experiment, every),
        comparison=None,
    )


def sittings_of(experiment: Experiment, trials: Sequence[Trial]) -> tuple[Sitting, ...]:
    """Which trials began in which sitting; empty for a run in one piece."""
    begun = [seconds_of(started_at) for started_at in experiment.sittings]
    trial_names: list[list[str]] = [[] for _ in begun]
    for trial in trials if begun else ():
        before = [index for index, at in enumerate(begun) if at <= trial.start.at_seconds]
        trial_names[before[-1] if before else 0].append(
            f"{trial.start.variant.name} {trial.start.trial}"
        )
    return tuple(
        Sitting(at, tuple(sorted(names)))
        for at, names in zip(experiment.sittings, trial_names, strict=True)
    )


def seconds_of(started_at: str) -> float:
    """A moment in ISO 8601 in seconds; 0 where it is none."""
    try:
        return datetime.fromisoformat(started_at).timestamp()
    except ValueError:
        return 0.0


def cpus_shown(trials: Iterable[Trial]) -> int | None:
    """The CPUs that every variant was shown; None where they differ or are the host's own."""
    shown = {trial.start.variant.axes.host_cpus for trial in trials}
    return next(iter(shown)) if len(shown) == 1 else None


def own_cause(variant: VariantSummary, own: AppAnswer | None) -> str | None:
    """A variant's cause: of a user app the first of its diagnosis."""
    if own is None or own.variant != variant.name or not own.causes:
        return variant.cause
    return f"{own.causes[0].cause} ({own.causes[0].standing})"


def curve_of(trial: Trial) -> MemoryCurve:
    """The curve of a trial; seconds since its baseline."""
    baseline = trial.baseline
    origin = baseline.sample.read_at_seconds if baseline else trial.start.at_seconds
    samples: Sequence[Sample] = [s for s in trial.samples if s.read_at_seconds >= origin]
    return MemoryCurve(
        variant=trial.start.variant.name,
        trial=trial.start.trial,
        seconds=tuple(s.read_at_seconds - origin for s in samples),
        memory_bytes=tuple(s.memory_bytes for s in samples),
        block_spans_seconds=tuple(
            (block.started_at_seconds - origin, block.ended_at_seconds - origin)
            for block in trial.blocks
        ),
        block_ok=tuple(block.ok for block in trial.blocks),
        trough_seconds=tuple(t.sample.read_at_seconds - origin for t in trial.troughs),
        trough_bytes=tuple(t.sample.memory_bytes for t in trial.troughs),
        watched_seconds=tuple(watched_seconds([s.read_at_seconds for s in samples], trial.pauses)),
    )
