"""How far a variant will grow, said before it is measured.

Sources of the rules: concurrent.futures.thread of each CPython (`max_workers` is 5 a CPU up to
3.7, `min(32, CPUs + 4)` from 3.8, which also reuses idle threads), Starlette up to 0.14.2 (sync
endpoints run in the loop's default executor), gunicorn's gthread worker (a pool of `--threads`),
glibc (8 arenas a CPU on 64 bits).
"""

from dataclasses import dataclass
from typing import TypeAlias

from lab.model import Axes, Calibration, Prediction
from lab.units import format_mib

Inputs: TypeAlias = dict[str, float | int | str | None]

IDLE_REUSE_SINCE = (3, 8)
THREADS_PER_CPU_BEFORE_3_8 = 5
POOL_CAP_SINCE_3_8 = 32
POOL_SPARE_SINCE_3_8 = 4
THREADS_A_CLIENT_OF_GTHREAD = 2
"""A gthread worker's pool thread closes the connection itself after the answer has gone out."""
ARENAS_PER_CPU = 8


@dataclass(frozen=True, slots=True)
class Load:
    """What will be sent."""

    requests: int
    concurrency: int


def python_version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")[:2]
    return int(major), int(minor)


def default_pool(python: str, cpus: int) -> int:
    """`max_workers` of the loop's default executor."""
    if python_version(python) < IDLE_REUSE_SINCE:
        return THREADS_PER_CPU_BEFORE_3_8 * cpus
    return min(POOL_CAP_SINCE_3_8, cpus + POOL_SPARE_SINCE_3_8)


def threads_that_run(axes: Axes, cpus: int, load: Load) -> tuple[int, str]:
    """Pool threads of one worker that will run the workload, and the rule in words."""
    if axes.endpoint == "async":
        return 0, "an async endpoint runs on the event loop: no thread of the pool"
    if axes.pool_threads is not None:
        pool, rule = axes.pool_threads, f"the server's pool has {axes.pool_threads} threads"
    else:
        pool = default_pool(axes.python, cpus)
        rule = f"the default pool of Python {axes.python} on {cpus} CPUs has {pool} threads"
    if python_version(axes.python) < IDLE_REUSE_SINCE:
        served = load.requests // axes.workers
        return min(pool, served), f"{rule}; each request starts one more until it is full"
    if axes.server == "gunicorn-gthread":
        busy, why = THREADS_A_CLIENT_OF_GTHREAD * load.concurrency, "two a client: one still closes"
    else:
        busy, why = load.concurrency, "one a request in flight"
    return min(pool, busy), f"{rule}; idle threads are reused, so at most {why}"


def predict(axes: Axes, calibration: Calibration | None, load: Load) -> Prediction:
    """The growth to expect, with its formula; no measured result of the variant goes in.

    Args:
        axes: the variant's coordinates.
        calibration: what one thread and the loop's thread kept in a process of their own;
            without it nothing is predicted.
        load: what will be sent.
    """
    if calibration is None:
        return Prediction(
            None, "not predicted: no thread was measured beforehand (probes are off)", {}
        )
    threads, rule = threads_that_run(axes, calibration.cpu_count, load)
    arenas = calibration.arena_limit or ARENAS_PER_CPU * calibration.cpu_count
    kept_threads = min(threads, arenas)
    per_worker = kept_threads * calibration.thread_kept_bytes + calibration.loop_kept_bytes
    growth = axes.workers * per_worker
    inputs: Inputs = {
        "workers": axes.workers,
        "threads": threads,
        "threads_rule": rule,
        "arenas": arenas,
        "cpus": calibration.cpu_count,
        "thread_kept_bytes": calibration.thread_kept_bytes,
        "loop_kept_bytes": calibration.loop_kept_bytes,
        "requests": load.requests,
        "concurrency": load.concurrency,
    }
    return Prediction(growth, formula(axes.workers, threads, arenas, calibration, growth), inputs)


def formula(workers: int, threads: int, arenas: int, measured: Calibration, growth: int) -> str:
    kept, loop = format_mib(measured.thread_kept_bytes), format_mib(measured.loop_kept_bytes)
    return (
        f"workers x (min(threads, arenas) x kept by a thread + kept by the main thread) = "
        f"{workers} x (min({threads}, {arenas}) x {kept} + {loop}) = {format_mib(growth)}"
    )
