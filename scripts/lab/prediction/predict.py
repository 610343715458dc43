"""The predicted growth of a variant, computed before it is measured.

Sources of the rules: concurrent.futures.thread of each CPython (`max_workers` is 5 a CPU up to
3.7, `min(32, CPUs + 4)` from 3.8, which also reuses idle threads), Starlette up to 0.14.2 (sync
endpoints run in the loop's default executor) and anyio after it (40 threads, idle ones first),
gunicorn's gthread worker (a pool of `--threads`) and its sync one (none), Werkzeug's development
server (a thread a request), glibc (8 arenas a CPU on 64 bits).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lab.matrix.servers import ANYIO_STACKS
from lab.records.observations import Calibration
from lab.records.trial import Prediction
from lab.records.variant import Axes
from lab.text.phrases import in_mib

Inputs: TypeAlias = dict[str, float | int | str | None]

IDLE_REUSE_SINCE = (3, 8)
THREADS_PER_CPU_BEFORE_3_8 = 5
POOL_CAP_SINCE_3_8 = 32
POOL_SPARE_SINCE_3_8 = 4
THREADS_A_CLIENT_OF_GTHREAD = 2
"""A gthread worker's pool thread closes the connection itself after the answer has gone out."""
ARENAS_PER_CPU = 8
ANYIO_THREADS = 40
"""anyio's default limiter, whatever the Python and the CPUs."""
LOOP_SERVERS = frozenset({"gunicorn-uvicorn", "gunicorn-uvicorn-h11", "uvicorn", "hypercorn"})
IN_FLIGHT = "one a request in flight"


@dataclass(frozen=True, slots=True)
class OfferedLoad:
    """The load that will be sent."""

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


def threads_that_run(axes: Axes, cpus: int, load: OfferedLoad) -> tuple[int | None, str]:
    """Threads of one worker that will run the workload, and the rule in words; None: no rule."""
    if axes.endpoint == "async":
        return 0, "an async endpoint runs on the event loop: no thread of the pool"
    if axes.endpoint == "processes":
        return None, "no rule for an endpoint on a pool of processes"
    if axes.server in LOOP_SERVERS:
        return threads_of_loop(axes, cpus, load)
    if axes.server in RULES:
        return RULES[axes.server](axes, load)
    return None, f"no rule for the server {axes.server}"


def threads_of_loop(axes: Axes, cpus: int, load: OfferedLoad) -> tuple[int, str]:
    """Threads behind an event loop, and their rule: anyio's, the app's own or the default pool."""
    if axes.endpoint == "executor" and axes.pool_threads is not None:
        pool, rule = axes.pool_threads, f"the app's own pool has {axes.pool_threads} threads"
    elif axes.endpoint != "executor" and axes.stack in ANYIO_STACKS:
        pool = axes.pool_threads or ANYIO_THREADS
        return reused(pool, load.concurrency, f"anyio has {pool} threads", IN_FLIGHT)
    else:
        pool = default_pool(axes.python, cpus)
        rule = f"the default pool of Python {axes.python} on {cpus} CPUs has {pool} threads"
    return of_executor(axes, load, pool, rule, load.concurrency, IN_FLIGHT)


def threads_of_gthread(axes: Axes, load: OfferedLoad) -> tuple[int | None, str]:
    if axes.pool_threads is None:
        return None, "no rule for gthread without its --threads"
    rule = f"the server's pool has {axes.pool_threads} threads"
    busy = THREADS_A_CLIENT_OF_GTHREAD * load.concurrency
    return of_executor(axes, load, axes.pool_threads, rule, busy, "two a client: one still closes")


def threads_of_flask(axes: Axes, load: OfferedLoad) -> tuple[int, str]:
    if axes.pool_threads == 0:
        return 0, "without threads the server's main thread runs everything"
    busy = min(load.concurrency, load.requests)
    return (
        busy,
        "a thread a request, whose arena the next one uses: at most one a request in flight",
    )


def threads_of_sync(_: Axes, __: OfferedLoad) -> tuple[int, str]:
    return 0, "a sync worker runs everything on its main thread"


def of_executor(
    axes: Axes, load: OfferedLoad, pool: int, rule: str, busy: int, why: str
) -> tuple[int, str]:
    """Threads of a ThreadPoolExecutor, and their rule, which changed with Python 3.8."""
    if python_version(axes.python) < IDLE_REUSE_SINCE:
        served = load.requests // axes.workers
        return min(pool, served), f"{rule}; each request starts one more until it is full"
    return reused(pool, busy, rule, why)


def reused(pool: int, busy: int, rule: str, why: str) -> tuple[int, str]:
    return min(pool, busy), f"{rule}; idle threads are reused, so at most {why}"


RULES: Mapping[str, Callable[[Axes, OfferedLoad], tuple[int | None, str]]] = {
    "gunicorn-gthread": threads_of_gthread,
    "gunicorn-sync": threads_of_sync,
    "flask-dev": threads_of_flask,
}
"""Rules of the servers that run the workload themselves."""


def predict(axes: Axes, calibration: Calibration | None, load: OfferedLoad) -> Prediction:
    """The growth to expect, with its formula; no measured result of the variant goes in.

    Args:
        axes: the variant's coordinates.
        calibration: what one thread and the loop's thread retained in a process of their own;
            without it nothing is predicted.
        load: what will be sent.
    """
    if calibration is None:
        return not_predicted("no thread was measured beforehand (no probes, or another service)")
    threads, rule = threads_that_run(axes, calibration.cpu_count, load)
    if threads is None:
        return not_predicted(rule)
    arenas = calibration.arena_limit or ARENAS_PER_CPU * calibration.cpu_count
    kept_threads = min(threads, arenas)
    per_worker = kept_threads * calibration.thread_retained_bytes + calibration.loop_retained_bytes
    growth = axes.workers * per_worker
    inputs: Inputs = {
        "workers": axes.workers,
        "threads": threads,
        "threads_rule": rule,
        "arenas": arenas,
        "cpus": calibration.cpu_count,
        "thread_kept_bytes": calibration.thread_retained_bytes,
        "loop_kept_bytes": calibration.loop_retained_bytes,
        "requests": load.requests,
        "concurrency": load.concurrency,
    }
    return Prediction(growth, formula(axes.workers, threads, arenas, calibration, growth), inputs)


def not_predicted(why: str) -> Prediction:
    return Prediction(None, f"not predicted: {why}", {})


def formula(workers: int, threads: int, arenas: int, measured: Calibration, growth: int) -> str:
    thread, loop = in_mib(measured.thread_retained_bytes), in_mib(measured.loop_retained_bytes)
    return (
        f"workers x (min(threads, arenas) x retained by a thread + retained by the main thread) = "
        f"{workers} x (min({threads}, {arenas}) x {thread} + {loop}) = {in_mib(growth)}"
    )
