"""Raw trials to the records of `summary.json`: pure, so any run can be rebuilt at any time."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from lab.attribution import likely_cause
from lab.claims import ClaimBook, ClaimRecord, claims_asked, judge_claims, topics_of
from lab.codec import encode
from lab.errors import ExitCode
from lab.experiment import Experiment
from lab.model import EndKind, ProbeReading, Sample, Trial, Trough
from lab.pauses import watched_seconds
from lab.summary import (
    SCHEMA_VERSION,
    AftermathSummary,
    Base,
    Claim,
    Comparison,
    CpuSeconds,
    Curve,
    Interval,
    Memory,
    Missing,
    Outcome,
    OwnAnswer,
    Prediction,
    Requests,
    RunInfo,
    Summary,
    Threads,
    TrialSummary,
    VariantSummary,
    Verdict,
)
from lab.units import format_mib
from lab.validity import caveats, conditions_of
from lab.verdict import judge_trial

CLAIMS_SUITE = "thread"
OWN_SUITE = "try"
BAD_ENDS = frozenset(
    kind.value for kind in (EndKind.NEVER_READY, EndKind.NO_REQUESTS_SERVED, EndKind.FAILED)
)
"""What leaves a run of claims incomplete; some of them ask for a death under a small limit."""
NEVER_RAN = "asked for, but no trial was recorded"
MOVING_PACKAGES = ("colorama", "pip")
"""Left out of the versions: they take no part in serving."""


def baseline_of(trial: Trial) -> Trough | None:
    return next((trough for trough in trial.troughs if trough.index == -1), None)


def settled_of(trial: Trial) -> Trough | None:
    after = [trough for trough in trial.troughs if trough.index >= 0]
    return max(after, key=lambda trough: trough.index, default=None)


def peak_of(trial: Trial) -> int | None:
    """The kernel's own peak: from the engine's payload (v1), else as the probe read it (v2)."""
    from_engine = [sample.peak_bytes for sample in trial.samples if sample.peak_bytes is not None]
    from_inside = [
        trough.probe.peak_bytes
        for trough in trial.troughs
        if trough.probe and trough.probe.peak_bytes is not None
    ]
    return max(from_engine or from_inside, default=None)


def memory_of(trial: Trial) -> Memory | None:
    baseline, settled = baseline_of(trial), settled_of(trial)
    if baseline is None or settled is None:
        return None
    return Memory(
        baseline=baseline.sample.memory_bytes,
        settled=settled.sample.memory_bytes,
        peak=peak_of(trial),
        growth=settled.sample.memory_bytes - baseline.sample.memory_bytes,
        peak_file=settled.sample.file_bytes,
    )


def requests_of(trials: Iterable[Trial]) -> Requests:
    blocks = [block for trial in trials for block in trial.blocks]
    failures: Counter[str] = Counter()
    for block in blocks:
        failures.update(block.failures)
    sent, ok = sum(block.sent for block in blocks), sum(block.ok for block in blocks)
    return Requests(sent=sent, ok=ok, failed=sent - ok, failures=dict(sorted(failures.items())))


def threads_of(trial: Trial) -> Threads:
    baseline, settled = baseline_of(trial), settled_of(trial)
    return Threads(tasks(baseline), tasks(settled))


def tasks(trough: Trough | None) -> int | None:
    """Tasks in the variant: the engine's count, which the probe's agrees with."""
    return trough.sample.pids if trough else None


def processes_of(trial: Trial) -> int | None:
    settled = settled_of(trial)
    return len(settled.probe.processes) if settled and settled.probe else None


def load_seconds(trial: Trial) -> float | None:
    """Wall time under load, quiet left out."""
    if not trial.blocks:
        return None
    return sum(block.ended_at_seconds - block.started_at_seconds for block in trial.blocks)


def cpu_of(trial: Trial) -> CpuSeconds | None:
    baseline, settled = baseline_of(trial), settled_of(trial)
    if baseline is None or settled is None:
        return None
    first, last = baseline.sample, settled.sample
    return CpuSeconds(
        user=last.cpu_user_seconds - first.cpu_user_seconds,
        system=last.cpu_system_seconds - first.cpu_system_seconds,
    )


def trial_summary(trial: Trial) -> TrialSummary:
    judged = judge_trial(trial)
    troughs = sorted(trial.troughs, key=lambda trough: trough.index)
    end = trial.end
    return TrialSummary(
        trial=trial.start.trial,
        verdict=judged.verdict,
        reason=judged.reason,
        end=end.kind.value if end else "cut off",
        memory_bytes=memory_of(trial),
        requests=requests_of([trial]),
        growth_bytes_per_request=judged.interval,
        troughs_bytes=tuple(trough.sample.memory_bytes for trough in troughs),
        threads=threads_of(trial),
        elapsed_seconds=load_seconds(trial),
        log_tail=end.log_tail if end else (),
    )


def middle(values: Iterable[float | None]) -> float | None:
    """The median of those that were measured."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def middle_int(values: Iterable[int | None]) -> int | None:
    found = middle(values)
    return None if found is None else round(found)


def middle_memory(memories: Iterable[Memory | None]) -> Memory | None:
    known = [memory for memory in memories if memory is not None]
    if not known:
        return None
    return Memory(
        baseline=round(median(memory.baseline for memory in known)),
        settled=round(median(memory.settled for memory in known)),
        peak=middle_int(memory.peak for memory in known),
        growth=round(median(memory.growth for memory in known)),
        peak_file=middle_int(memory.peak_file for memory in known),
    )


def middle_interval(intervals: Iterable[Interval | None]) -> Interval | None:
    known = [interval for interval in intervals if interval is not None]
    if not known:
        return None
    return Interval(
        estimate=median(interval.estimate for interval in known),
        low=median(interval.low for interval in known),
        high=median(interval.high for interval in known),
    )


def joint_verdict(trials: Sequence[TrialSummary]) -> tuple[Verdict, str]:
    """The verdict that all trials share; trials that disagree decide nothing."""
    found = Counter(trial.verdict for trial in trials)
    if len(found) == 1:
        return trials[0].verdict, trials[0].reason
    said = ", ".join(f"{count} x {verdict.value}" for verdict, count in found.most_common())
    return Verdict.INCONCLUSIVE, f"its {len(trials)} trials disagree ({said}): run more TRIALS."


def latency_of(blocks: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median block's p50 and p95, and the slowest answer of all; seconds."""
    known = [block for block in blocks if block]
    if not known:
        return {}
    found = {name: median(block[name] for block in known) for name in ("p50", "p95")}
    return {**found, "max": max(block["max"] for block in known)}


def versions_of(trials: Sequence[Trial]) -> dict[str, str]:
    known = next((trial.environment for trial in trials if trial.environment), None)
    if known is None:
        return {}
    packages = {name.replace("_", "-"): version for name, version in known.packages.items()}
    kept = {name: packages[name] for name in sorted(packages) if name not in MOVING_PACKAGES}
    return {"python": known.python, "libc": known.libc, **kept}


def variant_summary(trials: Sequence[Trial]) -> VariantSummary:
    """One variant from all its trials."""
    first = trials[0].start
    parts = [trial_summary(trial) for trial in trials]
    verdict, reason = joint_verdict(parts)
    found = {c.sentence for trial in trials for c in caveats(conditions_of(trial))}
    cpu = [cpu_of(trial) for trial in trials]
    user, system = middle(c.user for c in cpu if c), middle(c.system for c in cpu if c)
    memory = middle_memory(part.memory_bytes for part in parts)
    prediction = trials[0].prediction or not_predicted(trials[0])
    limit_bytes = first.variant.memory_limit_bytes
    return VariantSummary(
        name=first.variant.name,
        axes=encode(first.variant.axes),
        trials=tuple(parts),
        verdict=verdict,
        reason=reason,
        cause=likely_cause(trials[0]),
        requests=requests_of(trials),
        memory_bytes=memory,
        memory_limit_bytes=limit_bytes,
        prediction=prediction,
        growth_bytes_per_request=middle_interval(part.growth_bytes_per_request for part in parts),
        threads=Threads(
            middle_int(part.threads.baseline for part in parts),
            middle_int(part.threads.settled for part in parts),
        ),
        processes=middle_int(processes_of(trial) for trial in trials),
        cpu_seconds=None if user is None or system is None else CpuSeconds(user, system),
        elapsed_seconds=middle(part.elapsed_seconds for part in parts),
        latency_seconds=latency_of(
            [block.latency_seconds for trial in trials for block in trial.blocks]
        ),
        versions=versions_of(trials),
        caveats=tuple(sorted(found)) + prediction_caveats(verdict, memory, prediction, limit_bytes),
        load=load_of(trials[0]),
        oom_kills=middle_int(oom_kills_of(trial) for trial in trials),
        workers_lost=middle_int(workers_lost_of(trial) for trial in trials),
        companion_seconds=latency_of(
            [block.companion_seconds for trial in trials for block in trial.blocks]
        ),
        aftermath=aftermath_of(trials),
    )


def load_of(trial: Trial) -> dict[str, str | int]:
    start = trial.start
    return {
        "requests": start.requests,
        "concurrency": start.concurrency,
        "connection": start.connection.value,
        "blocks": start.blocks,
    }


def probes_of(trial: Trial) -> list[ProbeReading]:
    """The view from inside at each trough, in order."""
    ordered = sorted(trial.troughs, key=lambda trough: trough.index)
    return [trough.probe for trough in ordered if trough.probe is not None]


def oom_kills_of(trial: Trial) -> int | None:
    """How far the cgroup's own counter rose; None where nobody read it."""
    counts = [probe.oom_kills for probe in probes_of(trial) if probe.oom_kills is not None]
    return max(counts) - min(counts) if counts else None


def identities(probe: ProbeReading) -> set[tuple[int, float]]:
    return {(process.pid, process.started_at_seconds) for process in probe.processes}


def workers_lost_of(trial: Trial) -> int | None:
    """How many processes of the first reading are not in the last one."""
    probes = probes_of(trial)
    if len(probes) < 2:
        return None
    return len(identities(probes[0]) - identities(probes[-1]))


def aftermath_of(trials: Sequence[Trial]) -> AftermathSummary | None:
    """That of the last trial that has one."""
    seen = next((trial.aftermath for trial in reversed(trials) if trial.aftermath), None)
    if seen is None:
        return None
    return AftermathSummary(
        scenario=seen.scenario.value,
        waited_seconds=seen.waited_seconds,
        memory_before_bytes=seen.memory_before_bytes,
        memory_after_bytes=seen.memory_after_bytes,
        processes_before=len(seen.before.processes) if seen.before else None,
        # Where no probe answers any more the shells are left: one task each.
        processes_after=len(seen.after.processes) if seen.after else seen.tasks_after,
        asked=seen.asked,
        answered=seen.answered,
    )


def not_predicted(trial: Trial) -> Prediction:
    """It ended before a prediction was written down."""
    return Prediction(None, f"not predicted: {trial.end.reason if trial.end else 'cut off'}", {})


def prediction_caveats(
    verdict: Verdict, memory: Memory | None, prediction: Prediction, limit_bytes: int
) -> tuple[str, ...]:
    """What the prediction adds to the troughs' own verdict; it never changes it."""
    predicted = prediction.growth_bytes
    if predicted is None:
        return ()
    found = []
    if predicted >= limit_bytes:
        found.append(
            f"The predicted growth of {format_mib(predicted)} does not fit under its limit of "
            f"{format_mib(limit_bytes)}: lower WORKERS or HOST_CPUS, or raise its mem_limit in "
            "compose.yaml."
        )
    if verdict is Verdict.LEAK and memory and memory.growth < predicted:
        found.append(
            f"It climbs, but is still below its predicted ceiling ({format_mib(memory.growth)} of "
            f"{format_mib(predicted)}), and a pool that fills looks the same until then: run it "
            "again with twice the REQUESTS."
        )
    return tuple(found)


def cgroup_of(trials: Iterable[Trial], known: str) -> str:
    sources = {sample.source for trial in trials for sample in trial.samples[:1]}
    told = sorted(s.removeprefix("cgroup-") for s in sources if s.startswith("cgroup-"))
    return ", ".join(told) or known


def bases_of(trials: Mapping[str, Sequence[Trial]]) -> tuple[Base, ...]:
    """Where the images came from, one row an image."""
    starts = [found[0].start for found in trials.values()]
    rows = {
        start.variant.image: Base(
            image=start.variant.image,
            kind=start.container.get("memlab.base.kind", "unknown"),
            reference=start.container.get("memlab.base.reference", "") or "not recorded",
        )
        for start in starts
    }
    return tuple(rows[image] for image in sorted(rows))


def exit_code_of(
    experiment: Experiment, variants: Sequence[VariantSummary], missing: Sequence[Missing]
) -> ExitCode:
    """What the run's exit says; nothing measured is never a pass."""
    ended_badly = any(trial.end != EndKind.COMPLETE.value for v in variants for trial in v.trials)
    if experiment.interrupted:
        return ExitCode.INTERRUPTED
    cut_off = experiment.elapsed_seconds is None
    if cut_off or missing or not variants or ended_badly:
        return ExitCode.INCOMPLETE
    if any(variant.memory_bytes is None for variant in variants):
        return ExitCode.INCOMPLETE
    if any(variant.verdict is Verdict.INCONCLUSIVE for variant in variants):
        return ExitCode.UNDECIDED
    return ExitCode.DECIDED


def asked_about(
    experiment: Experiment, variants: tuple[VariantSummary, ...]
) -> tuple[VariantSummary, ...]:
    """Of an own app's run the app as it is; what is tried beside it answers nothing by itself."""
    return variants[:1] if experiment.suite == OWN_SUITE else variants


def claims_exit_code(
    experiment: Experiment,
    variants: Sequence[VariantSummary],
    missing: Sequence[Missing],
    claims: Sequence[Claim],
) -> ExitCode:
    """What the exit of a run says that was asked for claims: their outcomes, not the verdicts."""
    if experiment.interrupted:
        return ExitCode.INTERRUPTED
    ended_badly = any(trial.end in BAD_ENDS for v in variants for trial in v.trials)
    if experiment.elapsed_seconds is None or missing or not variants or ended_badly:
        return ExitCode.INCOMPLETE
    outcomes = {claim.outcome for claim in claims}
    if Outcome.INCONCLUSIVE in outcomes:
        return ExitCode.UNDECIDED
    return ExitCode.CONTRADICTED if Outcome.REFUTED in outcomes else ExitCode.DECIDED


def asked_claims(experiment: Experiment, book: ClaimBook | None) -> tuple[ClaimRecord, ...]:
    """The statements that a run of the thread's suite is about; none of any other suite."""
    if book is None or experiment.suite != CLAIMS_SUITE:
        return ()
    only = experiment.settings.get("claim")
    everything = experiment.settings.get("variants", "*") == "*"
    return claims_asked(book, experiment.variants, str(only) if only else None, everything)


def missing_of(
    experiment: Experiment, trials: Mapping[str, Sequence[Trial]]
) -> tuple[Missing, ...]:
    said = {missing.name for missing in experiment.missing}
    unsaid = (n for n in experiment.variants if n not in trials and n not in said)
    return (*experiment.missing, *(Missing(name, NEVER_RAN) for name in unsaid))


def summarise(
    run_id: str,
    experiment: Experiment,
    trials: Mapping[str, Sequence[Trial]],
    comparison: Comparison | None = None,
    book: ClaimBook | None = None,
    own: OwnAnswer | None = None,
) -> Summary:
    """The whole of `summary.json`.

    Args:
        run_id: the run's folder name.
        experiment: what was asked for, and where.
        trials: what was observed, by variant.
        comparison: what another engine found, where that is known.
        book: the thread's statements, for a run that may be about them.
        own: the answer about an own app, whose first cause is its variant's.
    """
    order: Callable[[str], int] = {
        name: i for i, name in enumerate(experiment.variants)
    }.__getitem__
    names = sorted((name for name in trials if name in experiment.variants), key=order)
    variants = tuple(
        replace(found, cause=own_cause(found, own))
        for found in (variant_summary(trials[name]) for name in names)
    )
    missing = missing_of(experiment, trials)
    records = asked_claims(experiment, book)
    claims = judge_claims(records, variants, missing)
    code = (
        claims_exit_code(experiment, variants, missing, claims)
        if records
        else exit_code_of(experiment, asked_about(experiment, variants), missing)
    )
    every = [trial for found in trials.values() for trial in found]
    engine = experiment.engine
    shown = {variant.axes["host_cpus"] for variant in variants}
    run = RunInfo(
        id=run_id,
        suite=experiment.suite,
        started_at=experiment.started_at,
        elapsed_seconds=experiment.elapsed_seconds,
        partial=experiment.interrupted or experiment.elapsed_seconds is None,
        engine=replace(engine, cgroup=cgroup_of(every, engine.cgroup)),
        host=experiment.host,
        host_cpus_shown=int(next(iter(shown))) if len(shown) == 1 and None not in shown else None,  # type: ignore[arg-type]
        bases=bases_of(trials),
        git_commit=experiment.git_commit,
        command=experiment.command,
        settings={**experiment.settings, **experiment.lanes},
        lock_hashes=experiment.lock_hashes,
        missing=missing,
        exit_code=int(code),
        comparison=comparison,
    )
    topics = topics_of(book.topics if book else (), claims)
    return Summary(SCHEMA_VERSION, run, variants, claims, topics, own)


def own_cause(found: VariantSummary, own: OwnAnswer | None) -> str | None:
    """A variant's cause: more than its own ledger speaks for that of an own app."""
    if own is None or own.variant != found.name or not own.causes:
        return found.cause
    return f"{own.causes[0].cause} ({own.causes[0].standing})"


def curve_of(trial: Trial) -> Curve:
    """What the figure shows of a trial; seconds since its baseline."""
    baseline = baseline_of(trial)
    origin = baseline.sample.read_at_seconds if baseline else trial.start.at_seconds
    samples: Sequence[Sample] = [s for s in trial.samples if s.read_at_seconds >= origin]
    troughs = sorted(trial.troughs, key=lambda trough: trough.index)
    return Curve(
        variant=trial.start.variant.name,
        trial=trial.start.trial,
        seconds=tuple(s.read_at_seconds - origin for s in samples),
        memory_bytes=tuple(s.memory_bytes for s in samples),
        block_spans_seconds=tuple(
            (block.started_at_seconds - origin, block.ended_at_seconds - origin)
            for block in trial.blocks
        ),
        trough_seconds=tuple(t.sample.read_at_seconds - origin for t in troughs),
        trough_bytes=tuple(t.sample.memory_bytes for t in troughs),
        watched_seconds=tuple(watched_seconds([s.read_at_seconds for s in samples], trial.pauses)),
    )
