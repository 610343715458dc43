"""The pools that an endpoint can choose: one of threads, one of processes, or anyio's own."""

import asyncio
import os
import signal
from concurrent import futures
from functools import lru_cache

import workloads


def size():
    """LAB_POOL as a number of threads; None leaves each pool as it comes."""
    return int(os.environ.get("LAB_POOL") or 0) or None


@lru_cache(maxsize=None)
def executor():
    """One pool of threads for the whole worker."""
    return futures.ThreadPoolExecutor(max_workers=size())


@lru_cache(maxsize=None)
def processes():
    """One pool of processes for the whole worker."""
    count = max((os.cpu_count() or 1) - 1, 1)
    return futures.ProcessPoolExecutor(max_workers=count, initializer=forget_signals)


def forget_signals():
    """A forked child must not wake its parent's loop by the signals that it gets itself."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


async def in_executor(name):
    return await asyncio.get_event_loop().run_in_executor(executor(), workloads.run, name)


async def in_processes(name):
    return await asyncio.get_event_loop().run_in_executor(processes(), workloads.run, name)


async def on_loop(name):
    return workloads.run(name)


AWAITED = {"async": on_loop, "executor": in_executor, "processes": in_processes}
"""How the endpoints that are coroutines run a workload."""


def limited(app):
    """The app with LAB_POOL as the number of anyio's threads, where sync endpoints run in those."""
    from starlette import concurrency

    if size() is None or not hasattr(concurrency, "anyio"):
        return app
    from anyio.to_thread import current_default_thread_limiter

    async def with_fewer_threads(scope, receive, send):
        # The limiter belongs to the running loop: the first that is heard of it.
        if scope["type"] == "lifespan":
            current_default_thread_limiter().total_tokens = size()
        await app(scope, receive, send)

    return with_fewer_threads
