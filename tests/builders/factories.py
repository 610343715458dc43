"""Synthetic summaries: whole records, of which a test names what matters to it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.errors import ExitCode
from lab.records.experiment import EngineInfo, EngineKind, HostInfo, MissingVariant
from lab.records.judgement import Interval, Verdict
from lab.records.summary import (
    SCHEMA_VERSION,
    CpuSeconds,
    ImageBase,
    Memory,
    RequestCounts,
    RunInfo,
    Summary,
    ThreadCounts,
    TrialSummary,
    VariantSummary,
)
from lab.records.trial import EndKind, Prediction
from lab.records.variant import Axes
from lab.units import MIB

THREAD_BYTES = int(15.26 * MIB)
CORE_PYTHONS = ("3.7", "3.8", "3.9", "3.10")
CORE_THREADS = {"3.7": 200, "3.8": 26, "3.9": 25, "3.10": 25}


def axes(name: str = "py37-fastapi-sync", **changes: Any) -> Axes:
    """Axes as the labels of a variant with that name would say."""
    python, _, arm = name.partition("-")
    flask = arm.startswith("flask")
    known: dict[str, Any] = {
        "python": f"{python[2:3]}.{python[3:]}" if python.startswith("py") else "3.10",
        "stack": "thread",
        "framework": "flask" if flask else "fastapi",
        "server": "gunicorn-gthread" if flask else "gunicorn-uvicorn",
        "endpoint": "async" if arm.endswith("async") else "sync",
        "workload": "lists",
        "workers": 1,
        "host_cpus": 16,
        "pool_threads": 8 if flask else None,
        "suite": "core",
    }
    return Axes(**{**known, **changes})


def memory(growth: int, baseline: int = 24 * MIB, peak: int | None = None) -> Memory:
    """Memory that grew by `growth` bytes."""
    settled = baseline + growth
    return Memory(baseline, settled, peak or settled + 16 * MIB, growth, 3 * MIB)


def requests(sent: int = 1000, **failures: int) -> RequestCounts:
    """Counts of a load of which some failed, by kind."""
    failed = sum(failures.values())
    kinds = {kind.replace("_", "-"): count for kind, count in failures.items()}
    return RequestCounts(sent, sent - failed, failed, kinds)


def trial_summary(number: int = 1, growth: int = 0, **changes: Any) -> TrialSummary:
    """One complete trial."""
    trial = TrialSummary(
        trial=number,
        verdict=Verdict.FLAT,
        reason="The last four troughs lie within 0.4 MiB.",
        end=EndKind.COMPLETE,
        memory_bytes=memory(growth),
        requests=requests(),
        growth_bytes_per_request=Interval(0.0, -120.0, 130.0),
        troughs_bytes=troughs(growth),
        threads=ThreadCounts(3, 3),
        elapsed_seconds=24.0,
        log_tail=(),
    )
    return replace(trial, **changes)


def troughs(growth: int, blocks: int = 8, baseline: int = 24 * MIB) -> tuple[int, ...]:
    """Troughs that rise fast and are then stable."""
    return tuple(
        baseline + int(growth * (1 - math.exp(-2 * index)) / (1 - math.exp(-2 * blocks)))
        for index in range(blocks + 1)
    )


def variant_summary(
    name: str = "py37-fastapi-sync",
    verdict: Verdict = Verdict.FLAT,
    growth: int = 0,
    predicted: int | None = 0,
    threads: int = 1,
    **changes: Any,
) -> VariantSummary:
    """One variant with one complete trial, predicted from `threads`."""
    trial = trial_summary(growth=growth, verdict=verdict, threads=ThreadCounts(3, 3 + threads))
    variant = VariantSummary(
        name=name,
        axes=axes(name),
        trials=(trial,),
        verdict=verdict,
        reason=f"The last four troughs of {name} lie within 0.4 MiB.",
        cause=None,
        requests=trial.requests,
        memory_bytes=trial.memory_bytes,
        memory_limit_bytes=4096 * MIB,
        prediction=prediction(predicted, threads),
        growth_bytes_per_request=trial.growth_bytes_per_request,
        threads=trial.threads,
        processes=2,
        cpu_seconds=CpuSeconds(18.2, 3.9),
        elapsed_seconds=24.0,
        latency_seconds={"p50": 0.82, "p95": 1.31, "max": 1.9},
        versions=versions(axes(name).python),
        caveats=(),
        load={"requests": 1000, "concurrency": 40, "connection": "close", "blocks": 8},
        oom_kills=0,
        workers_lost=0,
        companion_seconds={},
        post_load=None,
    )
    return replace(variant, **changes)


def prediction(growth: int | None, threads: int) -> Prediction:
    """One from `threads` of a single worker."""
    inputs = {
        "workers": 1,
        "threads": threads,
        "arenas": 128,
        "thread_kept_bytes": THREAD_BYTES,
    }
    formula = "workers * min(threads, arenas) * thread_kept_bytes"
    return Prediction(growth, formula, inputs)


def versions(python: str, **changes: str) -> dict[str, str]:
    """What a variant of the thread's stack says of itself."""
    known = {
        "python": f"{python}.17",
        "libc": "glibc 2.36",
        "fastapi": "0.63.0",
        "starlette": "0.13.6",
        "uvicorn": "0.17.6",
        "uvloop": "0.16.0",
        "gunicorn": "20.1.0",
        "flask": "1.1.4",
        "markupsafe": "2.0.1" if python == "3.7" else "2.1.5",
    }
    return {**known, **changes}


def run_info(**changes: Any) -> RunInfo:
    """A finished run of the core suite."""
    run = RunInfo(
        id="20240105T101500Z-core",
        suite="core",
        started_at="2024-01-05T10:15:00Z",
        elapsed_seconds=201.4,
        partial=False,
        engine=EngineInfo(EngineKind.DOCKER, "20.10.24", "v1"),
        host=HostInfo(2, 16 * 1024 * MIB, "Linux 6.1.0", "A CPU of four cores"),
        host_cpus_shown=16,
        bases=tuple(
            ImageBase(f"python:{python}-slim", "official", f"sha256:{'0123456789abcdef' * 4}")
            for python in CORE_PYTHONS
        ),
        git_commit="0" * 40,
        command="make repro SUITE=core",
        settings={"SUITE": "core", "REQUESTS": 1000, "CONCURRENCY": 40, "BLOCKS": 8, "SEED": None},
        lock_hashes={"thread-3.7": "sha256:aa", "thread-3.8": "sha256:bb"},
        missing=(),
        exit_code=ExitCode.DECIDED,
    )
    return replace(run, **changes)


def summary(variants: Sequence[VariantSummary] = (), **run_changes: Any) -> Summary:
    """A summary of those variants, without claims."""
    return Summary(SCHEMA_VERSION, run_info(**run_changes), tuple(variants), ())


def core_variants() -> tuple[VariantSummary, ...]:
    """Twelve variants: sync grows with its threads, async stays flat."""
    return tuple(
        core_variant(python, arm)
        for python in CORE_PYTHONS
        for arm in ("fastapi-sync", "fastapi-async", "flask")
    )


def core_variant(python: str, arm: str) -> VariantSummary:
    """One cell of the core suite."""
    name = f"py{python.replace('.', '')}-{arm}"
    if arm == "fastapi-async":
        return variant_summary(name, growth=int(0.3 * MIB), predicted=0, threads=0)
    threads = CORE_THREADS[python] if arm == "fastapi-sync" else 8
    predicted = threads * THREAD_BYTES
    return variant_summary(name, Verdict.BOUNDED, int(predicted * 0.98), predicted, threads)


def core_summary(**run_changes: Any) -> Summary:
    """The core suite, twelve of twelve decided."""
    return summary(core_variants(), **run_changes)


def missing(name: str = "py37-flask", reason: str = "its image did not build") -> MissingVariant:
    """A variant that never ran."""
    return MissingVariant(name, reason)


def many_variants(count: int = 200, **changes: Any) -> tuple[VariantSummary, ...]:
    """A large matrix of variants whose names do not fit the core's scheme."""
    verdicts = tuple(Verdict)
    return tuple(
        variant_summary(
            f"variant-{index:03d}-of-a-large-suite",
            verdicts[index % 4],
            growth=index * MIB,
            predicted=index * MIB,
            threads=index,
            caveats=(f"block {index} was short", "the driver was busy"),
            **changes,
        )
        for index in range(count)
    )


def failures(variant: VariantSummary, log: Sequence[str], **kinds: int) -> VariantSummary:
    """The variant, ended badly: some requests failed and its container died."""
    counts = requests(**kinds)
    trial = replace(
        variant.trials[0],
        verdict=Verdict.INCONCLUSIVE,
        end=EndKind.DIED,
        reason="The container died in block 3.",
        requests=counts,
        log_tail=tuple(log),
    )
    return replace(
        variant,
        verdict=Verdict.INCONCLUSIVE,
        reason="The container died in block 3.",
        trials=(trial,),
        requests=counts,
    )


def unmeasured(name: str = "py37-flask", **changes: Any) -> VariantSummary:
    """A variant that never got ready: every number is missing."""
    nothing: Mapping[str, Any] = {
        "memory_bytes": None,
        "requests": RequestCounts(0, 0, 0, {}),
        "growth_bytes_per_request": None,
        "threads": ThreadCounts(None, None),
        "elapsed_seconds": None,
    }
    reason = "It never got ready within 60 s."
    trial = trial_summary(
        verdict=Verdict.INCONCLUSIVE,
        reason=reason,
        end=EndKind.NEVER_READY,
        troughs_bytes=(),
        **nothing,
    )
    variant = replace(
        variant_summary(name, Verdict.INCONCLUSIVE),
        reason=reason,
        trials=(trial,),
        processes=None,
        cpu_seconds=None,
        latency_seconds={},
        oom_kills=None,
        workers_lost=None,
        versions={},
        prediction=Prediction(None, "not calibrated: the variant never got ready", {}),
        **nothing,
    )
    return replace(variant, **changes)
