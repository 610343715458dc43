"""What a claim's rule may ask of a variant: quantities by name, and why one is not known."""

from collections.abc import Callable, Mapping
from statistics import median

from lab.claims.rules import Gap, UnknownQuantity, Value
from lab.records.judgement import STOPPED, Verdict
from lab.records.summary import Memory, TrialSummary, VariantSummary
from lab.records.trial import EndKind
from lab.text.phrases import DASH, in_mib, number, short_duration, size
from lab.verdict import end_criteria
from lab.verdict.joint import joint_verdict

BROKEN_OFF = frozenset(EndKind) - {EndKind.COMPLETE, EndKind.DIED, EndKind.NO_REQUESTS_SERVED}
"""Ends after which nothing of a trial decides anything."""

LEAST_SERVED_SHARE = 0.9
"""Below this share of served requests the memory left behind is of other work than planned."""

QuantityReader = Callable[[VariantSummary], Value | None]


def of_memory(read: Callable[[Memory], int | None]) -> QuantityReader:
    return lambda variant: read(variant.memory_bytes) if variant.memory_bytes else None


def gained(trial: TrialSummary, pick: Callable[[tuple[int, ...]], int | None]) -> int | None:
    """The trough after a block that `pick` chooses, less the baseline."""
    picked = pick(trial.troughs_bytes[1:]) if len(trial.troughs_bytes) > 1 else None
    return None if picked is None else picked - trial.troughs_bytes[0]


def of_troughs(pick: Callable[[tuple[int, ...]], int | None]) -> QuantityReader:
    """The median over the trials of one trough's gain."""

    def read(variant: VariantSummary) -> int | None:
        value = [gain for t in variant.trials if (gain := gained(t, pick)) is not None]
        return round(median(value)) if value else None

    return read


def nth(index: int) -> Callable[[tuple[int, ...]], int | None]:
    return lambda troughs: troughs[index] if len(troughs) > index else None


HALF = of_troughs(lambda troughs: troughs[len(troughs) // 2 - 1] if len(troughs) > 1 else None)


def second_half_growth(variant: VariantSummary) -> int | None:
    half, whole = HALF(variant), of_troughs(nth(-1))(variant)
    return None if half is None or whole is None else int(whole) - int(half)


def peak_growth(variant: VariantSummary) -> int | None:
    memory = variant.memory_bytes
    return memory.peak - memory.baseline if memory and memory.peak is not None else None


def mean_growth(variant: VariantSummary) -> float | None:
    """Growth in bytes a request over the whole load, including requests that fill the pool."""
    memory, trials = variant.memory_bytes, len(variant.trials)
    return memory.growth * trials / variant.requests.ok if memory else None


def flat_bytes(variant: VariantSummary) -> float | None:
    """Growth below this counts as none, by the rule of the verdict."""
    memory, workers = variant.memory_bytes, variant.axes.workers
    if memory is None:
        return None
    return end_criteria.flat_bytes(workers, memory.baseline)


def verdict_of(variant: VariantSummary) -> Verdict | None:
    """The joint verdict of the trials; None where it is open."""
    joint = joint_verdict([trial.verdict for trial in variant.trials])
    return None if joint is Verdict.INCONCLUSIVE else joint


def is_verdict(*wanted: Verdict) -> QuantityReader:
    def read(variant: VariantSummary) -> bool | None:
        value = verdict_of(variant)
        return None if value is None else value in wanted

    return read


def verdict_word(variant: VariantSummary) -> str | None:
    verdict = verdict_of(variant)
    return verdict.value if verdict else None


def threads_gained(variant: VariantSummary) -> int | None:
    threads = variant.threads
    if threads.baseline is None or threads.settled is None:
        return None
    return threads.settled - threads.baseline


def cpu(variant: VariantSummary) -> float | None:
    return variant.cpu_seconds.user + variant.cpu_seconds.system if variant.cpu_seconds else None


def of_post_load(field: str) -> QuantityReader:
    return lambda variant: getattr(variant.post_load, field) if variant.post_load else None


COUNTED: Mapping[str, QuantityReader] = {
    "ok": lambda v: v.requests.ok,
    "sent": lambda v: v.requests.sent,
    "failed": lambda v: v.requests.failed,
    "reset": lambda v: v.requests.failures.get("reset", 0),
    "oom_kills": lambda v: v.oom_kills,
    "workers_lost": lambda v: v.workers_lost,
    "end": lambda v: v.trials[-1].end.value,
    "workers": lambda v: v.axes.workers,
    "cpus": lambda v: v.axes.host_cpus,
    "concurrency": lambda v: v.load.get("concurrency"),
    "baseline_bytes": of_memory(lambda memory: memory.baseline),
    "peak_bytes": of_memory(lambda memory: memory.peak),
    "limit_bytes": lambda v: v.memory_limit_bytes,
    "predicted_bytes": lambda v: v.prediction.growth_bytes,
    "first_block_growth_bytes": of_troughs(nth(0)),
    "second_block_growth_bytes": of_troughs(nth(1)),
}
"""Quantities that are known even when a variant died or refused requests later on."""

SETTLED: Mapping[str, QuantityReader] = {
    "growth_bytes": of_memory(lambda memory: memory.growth),
    "settled_bytes": of_memory(lambda memory: memory.settled),
    "peak_growth_bytes": peak_growth,
    "flat_bytes": flat_bytes,
    "half_growth_bytes": HALF,
    "second_half_growth_bytes": second_half_growth,
    "highest_growth_bytes": of_troughs(max),
    "lowest_growth_bytes": of_troughs(lambda troughs: min(troughs[1:], default=None)),
    "growth_bytes_per_request": lambda v: (
        v.growth_bytes_per_request.estimate if v.growth_bytes_per_request else None
    ),
    "mean_growth_bytes_per_request": mean_growth,
    "threads_baseline": lambda v: v.threads.baseline,
    "threads_settled": lambda v: v.threads.settled,
    "threads_gained": threads_gained,
    "processes": lambda v: v.processes,
    "elapsed_seconds": lambda v: v.elapsed_seconds,
    "cpu_seconds": cpu,
    "latency_p50_seconds": lambda v: v.latency_seconds.get("p50"),
    "latency_p95_seconds": lambda v: v.latency_seconds.get("p95"),
    "companion_p50_seconds": lambda v: v.companion_seconds.get("p50"),
    "companion_p95_seconds": lambda v: v.companion_seconds.get("p95"),
    "before_memory_bytes": of_post_load("memory_before_bytes"),
    "after_memory_bytes": of_post_load("memory_after_bytes"),
    "before_processes": of_post_load("processes_before"),
    "after_processes": of_post_load("processes_after"),
    "asked": of_post_load("asked"),
    "answered": of_post_load("answered"),
}
"""Quantities that need a load that was served to its end."""

JUDGED: Mapping[str, QuantityReader] = {
    "verdict": verdict_word,
    "stopped": is_verdict(*STOPPED),
    "leaks": is_verdict(Verdict.LEAK),
}
"""Quantities of the verdict; where it is open one more trial may give them."""

QUANTITIES: Mapping[str, QuantityReader] = {**COUNTED, **SETTLED, **JUDGED}


def quantity(variant: VariantSummary, name: str) -> Value | Gap:
    """A quantity by its name, or why it is not known."""
    why = obstacle(variant, name)
    value = None if why else QUANTITIES[name](variant)
    if value is not None:
        return value
    return Gap((UnknownQuantity(variant.name, name, why or without(variant, name)),))


def obstacle(variant: VariantSummary, name: str) -> str | None:
    """The reason why a variant has no such quantity; None where it has."""
    counts, ends = variant.requests, {trial.end for trial in variant.trials}
    if broken := ends.intersection(BROKEN_OFF):
        return f"a trial of it ended early ({min(kind.value for kind in broken)})"
    if not counts.ok:
        return "it served no request"
    if name in COUNTED:
        return None
    if EndKind.DIED in ends:
        return "it died under the load"
    if counts.ok < LEAST_SERVED_SHARE * counts.sent:
        return f"it answered only {counts.ok:,} of {counts.sent:,} requests"
    return None


def without(variant: VariantSummary, name: str) -> str:
    if name in JUDGED:
        return f"no verdict: {variant.reason.rstrip('.')}"
    return f"{name} was not measured"


def quantity_text(name: str, value: Value | None) -> str:
    """A value with its unit; bytes as MiB."""
    if value is None or isinstance(value, str):
        return value or DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("bytes_per_request"):
        return size(value)
    if name.endswith("bytes"):
        return in_mib(value)
    if name.endswith("seconds"):
        return short_duration(value)
    return number(value, 0 if float(value).is_integer() else 1)
