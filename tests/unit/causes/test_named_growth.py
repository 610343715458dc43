"""What there is more of, in words, and the line that bounds a pool."""

from dataclasses import replace

import pytest
from lab.causes.named_growth import named_for, named_sentences, pool_line
from lab.records.holders import NamedGrowth, NamedKind
from lab.records.interventions import Cause
from lab.records.observations import AllocationTrace

TASK = NamedGrowth(
    NamedKind.TASK,
    "app.wait()",
    1,
    6001,
    ("/lib/python3.11/asyncio/locks.py:213", "/app/app.py:12"),
    ("/app/app.py:30",),
)
POOL = NamedGrowth(NamedKind.THREAD, "concurrent.futures.thread._worker in asyncio", 0, 12, (), ())
FILE = NamedGrowth(NamedKind.FILE, "/srv/log*.txt", 0, 12 << 20, (), ())
SOCKET = NamedGrowth(NamedKind.SOCKET, "TCP to 127.0.0.1:5432", 0, 6000, (), ("/app/app.py:9",))
TRACE = AllocationTrace("tracemalloc", 6000, 0, (), {}, more=(TASK, POOL, FILE, SOCKET))


def test_each_is_a_sentence_with_the_lines_that_wait_and_made_it() -> None:
    assert list(named_sentences([TASK, POOL, FILE, SOCKET])) == [
        "6,001 tasks (1 before) of app.wait(), waiting at 3.11/asyncio/locks.py:213, from "
        "app.py:12, made at app.py:30.",
        "12 threads (0 before): concurrent.futures.thread._worker in asyncio.",
        "12.0 MiB more in /srv/log*.txt.",
        "6,000 sockets (0 before): TCP to 127.0.0.1:5432, opened at app.py:9.",
    ]


@pytest.mark.parametrize(
    ("cause", "named"),
    [
        (Cause.LIVE_OBJECTS, (TASK,)),
        (Cause.THREAD_ARENAS, (POOL,)),
        (Cause.THREADS, ()),
        (Cause.SOCKETS, (SOCKET,)),
        (Cause.PAGE_CACHE, (FILE,)),
        (Cause.FRAGMENTATION, ()),
    ],
)
def test_a_cause_is_named_by_what_fits_and_grows_with_the_requests(
    cause: Cause, named: tuple[NamedGrowth, ...]
) -> None:
    assert named_for([cause], [TRACE]) == named


def test_without_a_trace_nothing_is_named() -> None:
    assert named_for([Cause.SOCKETS], []) == ()


def test_the_pool_with_most_threads_names_its_line() -> None:
    few = replace(POOL, name="concurrent.futures.thread._worker in AnyIO worker thread", after=5)
    endless = replace(POOL, name="socketserver.ThreadingMixIn.process_request_thread in Thread")

    assert pool_line([few, POOL]) == (
        "loop.set_default_executor(ThreadPoolExecutor(max_workers=6)) (now 12 threads)"
    )
    assert pool_line([endless]) == ("a server with a pool: it starts a thread a request (12 now)")
    assert pool_line([replace(POOL, name="app.work in ship")]) is None
