"""A job that SIGINT or SIGTERM ends early, with its clean-up."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvloop


def only_once(call: Callable[[], object]) -> Callable[[], None]:
    """A call that does nothing the second time: a second Ctrl-C may not cut the clean-up short."""
    left = [call]

    def first_only() -> None:
        if left:
            left.pop()()

    return first_only


async def until_signal(job: Coroutine[Any, Any, None]) -> bool:
    """Whether SIGINT or SIGTERM ended the job before it was done."""
    work = asyncio.ensure_future(job)
    with handled_by(only_once(work.cancel)), contextlib.suppress(asyncio.CancelledError):
        await work
    return work.cancelled()


@contextlib.contextmanager
def handled_by(interrupt: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `interrupt`; afterwards their earlier handlers are restored.

    A handler that stays on a closed loop swallows the Ctrl-C that comes while a report is written.
    """
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])


def run_until_signal(job: Coroutine[Any, Any, None]) -> bool:
    """`until_signal` on its own event loop."""
    runner = uvloop.new_event_loop()
    try:
        return bool(runner.run_until_complete(until_signal(job)))
    finally:
        runner.close()
