"""The pools that an endpoint can choose: one of threads, one of processes, or anyio's own."""

import asyncio
import os
import signal
import sys
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


def limit_threads():
    """Give the running loop's anyio LAB_POOL threads, where sync endpoints run in them."""
    concurrency = sys.modules.get("starlette.concurrency")
    if size() is not None and hasattr(concurrency, "anyio"):
        from anyio.to_thread import current_default_thread_limiter

        current_default_thread_limiter().total_tokens = size()
