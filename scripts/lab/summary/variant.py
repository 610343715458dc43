"""A variant from its trials: the joint verdict, and medians. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from lab.causes.causes import likely_cause
from lab.records.judgement import Interval, Verdict
from lab.records.summary import (
    CpuSeconds,
    Memory,
    PostLoadSummary,
    ThreadCounts,
    TrialSummary,
    VariantSummary,
)
from lab.records.trial import EndKind, Prediction, Trial
from lab.summary.trial import (
    cpu_of,
    load_of,
    processes_of,
    requests_of,
    trial_summary,
    workers_lost_of,
)
from lab.text.phrases import in_mib
from lab.verdict.joint import disagreement, joint_verdict
from lab.verdict.validity import caveats, conditions_of, oom_kills_of

MOVING_PACKAGES = ("colorama", "pip")
"""Left out of the versions: they take no part in serving."""


def variant_summary(trials: Sequence[Trial]) -> VariantSummary:
    """One variant from all its trials."""
    first = trials[0].start
    parts = [trial_summary(trial) for trial in trials]
    verdict, reason = joint_judgement(parts)
    sentences = {c.sentence for trial in trials for c in caveats(conditions_of(trial))}
    blocks = [block for trial in trials for block in trial.blocks]
    memory = middle_memory(part.memory_bytes for part in parts)
    prediction = trials[0].prediction or not_predicted(trials[0])
    limit_bytes = first.variant.memory_limit_bytes
    return VariantSummary(
        name=first.variant.name,
        axes=first.variant.axes,
        trials=tuple(parts),
        verdict=verdict,
        reason=reason,
        cause=likely_cause(trials[0], verdict),
        requests=requests_of(trials),
        memory_bytes=memory,
        memory_limit_bytes=limit_bytes,
        prediction=prediction,
        growth_bytes_per_request=middle_interval(part.growth_bytes_per_request for part in parts),
        threads=ThreadCounts(
            middle_int(part.threads.baseline for part in parts),
            middle_int(part.threads.settled for part in parts),
        ),
        processes=middle_int(processes_of(trial) for trial in trials),
        cpu_seconds=middle_cpu(cpu_of(trial) for trial in trials),
        elapsed_seconds=median_number(part.elapsed_seconds for part in parts),
        latency_seconds=latency_of([block.latency_seconds for block in blocks]),
        versions=versions_of(trials),
        caveats=tuple(sorted(sentences))
        + prediction_caveats(verdict, memory, prediction, limit_bytes),
        load=load_of(trials[0]),
        oom_kills=middle_int(oom_kills_of(trial) for trial in trials),
        workers_lost=middle_int(workers_lost_of(trial) for trial in trials),
        companion_seconds=latency_of([block.companion_seconds for block in blocks]),
        post_load=post_load_summary_of(trials),
    )


def median_number(values: Iterable[float | None]) -> float | None:
    """The median of the measured values; None without any."""
    numbers = [value for value in values if value is not None]
    return median(numbers) if numbers else None


def middle_int(values: Iterable[int | None]) -> int | None:
    middle = median_number(values)
    return None if middle is None else round(middle)


def middle_cpu(measured: Iterable[CpuSeconds | None]) -> CpuSeconds | None:
    cpus = [cpu for cpu in measured if cpu is not None]
    if not cpus:
        return None
    return CpuSeconds(median(cpu.user for cpu in cpus), median(cpu.system for cpu in cpus))


def middle_memory(memories: Iterable[Memory | None]) -> Memory | None:
    stated = [memory for memory in memories if memory is not None]
    if not stated:
        return None
    return Memory(
        baseline=round(median(memory.baseline for memory in stated)),
        settled=round(median(memory.settled for memory in stated)),
        peak=middle_int(memory.peak for memory in stated),
        growth=round(median(memory.growth for memory in stated)),
        peak_file=middle_int(memory.peak_file for memory in stated),
    )


def middle_interval(intervals: Iterable[Interval | None]) -> Interval | None:
    stated = [interval for interval in intervals if interval is not None]
    if not stated:
        return None
    return Interval(
        estimate=median(interval.estimate for interval in stated),
        low=median(interval.low for interval in stated),
        high=median(interval.high for interval in stated),
    )


def joint_judgement(trials: Sequence[TrialSummary]) -> tuple[Verdict, str]:
    """The joint verdict, and the reason of the first trial that has it, or why there is none."""
    verdicts = [trial.verdict for trial in trials]
    complete = all(trial.end is EndKind.COMPLETE for trial in trials)
    if (why := disagreement(verdicts, complete=complete)) is not None:
        return Verdict.INCONCLUSIVE, why
    joint = joint_verdict(verdicts)
    return joint, trials[verdicts.index(joint)].reason


def latency_of(blocks: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median block's p50 and p95, and the slowest answer of all; seconds."""
    measured = [block for block in blocks if block.keys() >= {"p50", "p95", "max"}]
    if not measured:
        return {}
    latency = {name: median(block[name] for block in measured) for name in ("p50", "p95")}
    return {**latency, "max": max(block["max"] for block in measured)}


def versions_of(trials: Sequence[Trial]) -> dict[str, str]:
    environment = next((trial.environment for trial in trials if trial.environment), None)
    if environment is None:
        return {}
    packages = {name.replace("_", "-"): version for name, version in environment.packages.items()}
    serving = {name: packages[name] for name in sorted(packages) if name not in MOVING_PACKAGES}
    return {"python": environment.python, "libc": environment.libc, **serving}


def post_load_summary_of(trials: Sequence[Trial]) -> PostLoadSummary | None:
    """The post-load summary of the last trial that has one; None without one."""
    seen = next((trial.post_load for trial in reversed(trials) if trial.post_load), None)
    if seen is None:
        return None
    return PostLoadSummary(
        scenario=seen.scenario,
        waited_seconds=seen.waited_seconds,
        memory_before_bytes=seen.memory_before_bytes,
        memory_after_bytes=seen.memory_after_bytes,
        processes_before=len(seen.before.processes) if seen.before else None,
        # Where no probe answers any more only shells are left, with one task each.
        processes_after=len(seen.after.processes) if seen.after else seen.tasks_after,
        asked=seen.asked,
        answered=seen.answered,
    )


def not_predicted(trial: Trial) -> Prediction:
    """The prediction of a trial that ended before one was written down."""
    return Prediction(None, f"not predicted: {trial.end.reason if trial.end else 'cut off'}", {})


def prediction_caveats(
    verdict: Verdict, memory: Memory | None, prediction: Prediction, limit_bytes: int
) -> tuple[str, ...]:
    """Caveats from the prediction, which never change the verdict."""
    predicted = prediction.growth_bytes
    if predicted is None:
        return ()
    doubts = []
    if predicted >= limit_bytes:
        doubts.append(
            f"The predicted growth of {in_mib(predicted)} does not fit under its limit of "
            f"{in_mib(limit_bytes)}: lower WORKERS or HOST_CPUS, or raise its mem_limit in "
            "compose.yaml."
        )
    if verdict is Verdict.LEAK and memory and memory.growth < predicted:
        doubts.append(
            f"Its growth is below the predicted ceiling ({in_mib(memory.growth)} of "
            f"{in_mib(predicted)}), but no reading shows it free in the allocator, as that "
            "of a pool that fills would be."
        )
    return tuple(doubts)
