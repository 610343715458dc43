"""The numbers of one trial, as the summary gives them. Pure."""

from collections import Counter
from collections.abc import Iterable

from lab.records.judgement import Interval
from lab.records.observations import ProbeReading, Trough
from lab.records.summary import CpuSeconds, Memory, RequestCounts, ThreadCounts, TrialSummary
from lab.records.trial import EndKind, Trial
from lab.verdict.verdict import judge_trial

INTERVAL_DECIMALS = 3
"""Decimals of bytes a request."""


def peak_of(trial: Trial) -> int | None:
    """The kernel's own peak: from the engine's payload (v1), else as the probe read it (v2)."""
    samples = (*trial.samples, *(trough.sample for trough in trial.troughs))
    from_engine = [sample.peak_bytes for sample in samples if sample.peak_bytes is not None]
    from_inside = [
        trough.probe.peak_bytes
        for trough in trial.troughs
        if trough.probe and trough.probe.peak_bytes is not None
    ]
    return max(from_engine or from_inside, default=None)


def memory_of(trial: Trial) -> Memory | None:
    baseline, settled = trial.baseline, trial.settled
    if baseline is None or settled is None:
        return None
    return Memory(
        baseline=baseline.sample.memory_bytes,
        settled=settled.sample.memory_bytes,
        peak=peak_of(trial),
        growth=settled.sample.memory_bytes - baseline.sample.memory_bytes,
        peak_file=settled.sample.file_bytes,
    )


def requests_of(trials: Iterable[Trial]) -> RequestCounts:
    blocks = [block for trial in trials for block in trial.blocks]
    failures: Counter[str] = Counter()
    for block in blocks:
        failures.update(block.failures)
    sent, ok = sum(block.sent for block in blocks), sum(block.ok for block in blocks)
    return RequestCounts(
        sent=sent, ok=ok, failed=sent - ok, failures=dict(sorted(failures.items()))
    )


def threads_of(trial: Trial) -> ThreadCounts:
    baseline, settled = trial.baseline, trial.settled
    return ThreadCounts(tasks(baseline), tasks(settled))


def tasks(trough: Trough | None) -> int | None:
    """Tasks in the variant: the engine's count, which the probe's agrees with."""
    return trough.sample.pids if trough else None


def processes_of(trial: Trial) -> int | None:
    settled = trial.settled
    return len(settled.probe.processes) if settled and settled.probe else None


def load_seconds(trial: Trial) -> float | None:
    """Wall time under load, without the cooldowns."""
    if not trial.blocks:
        return None
    spans = (block.ended_at_seconds - block.started_at_seconds for block in trial.blocks)
    return sum(max(0.0, seconds) for seconds in spans)


def cpu_of(trial: Trial) -> CpuSeconds | None:
    baseline, settled = trial.baseline, trial.settled
    if baseline is None or settled is None:
        return None
    first, last = baseline.sample, settled.sample
    # Of processes that ended meanwhile nothing is counted any more: the sum may have fallen.
    return CpuSeconds(
        user=max(0.0, last.cpu_user_seconds - first.cpu_user_seconds),
        system=max(0.0, last.cpu_system_seconds - first.cpu_system_seconds),
    )


def trial_summary(trial: Trial) -> TrialSummary:
    judged = judge_trial(trial)
    end = trial.end
    return TrialSummary(
        trial=trial.start.trial,
        verdict=judged.verdict,
        reason=judged.reason,
        end=end.kind if end else EndKind.CUT_OFF,
        memory_bytes=memory_of(trial),
        requests=requests_of([trial]),
        growth_bytes_per_request=rounded(judged.interval),
        troughs_bytes=tuple(trough.sample.memory_bytes for trough in trial.troughs),
        threads=threads_of(trial),
        elapsed_seconds=load_seconds(trial),
        log_tail=end.log_tail if end else (),
    )


def rounded(interval: Interval | None) -> Interval | None:
    """The interval, rounded so that every machine gives the same digits."""
    if interval is None:
        return None
    numbers = (interval.estimate, interval.low, interval.high)
    # A zero has no sign, as the sign would be noise.
    return Interval(*(round(number, INTERVAL_DECIMALS) + 0.0 for number in numbers))


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
    return [trough.probe for trough in trial.troughs if trough.probe is not None]


def identities(probe: ProbeReading) -> set[tuple[int, float]]:
    return {(process.pid, process.started_at_seconds) for process in probe.processes}


def workers_lost_of(trial: Trial) -> int | None:
    """How many processes of the first reading are not in the last one."""
    probes = probes_of(trial)
    if len(probes) < 2:
        return None
    return len(identities(probes[0]) - identities(probes[-1]))
