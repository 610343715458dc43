"""What there is more of, by name: tasks, threads, descriptors, processes, files. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from lab.causes.causes import WORTH_NAMING_BYTES
from lab.causes.holders import FEW_A_REQUEST
from lab.causes.traces import is_app_frame, python_trace, short_frame
from lab.records.holders import NamedGrowth, NamedKind
from lab.records.interventions import Cause
from lab.records.observations import AllocationTrace
from lab.text.phrases import clipped, counted, number, size

KINDS: Mapping[Cause, tuple[NamedKind, ...]] = {
    Cause.LIVE_OBJECTS: (NamedKind.TASK,),
    Cause.THREADS: (NamedKind.THREAD,),
    Cause.THREAD_ARENAS: (NamedKind.THREAD,),
    Cause.PROCESSES: (NamedKind.PROCESS,),
    Cause.DESCRIPTORS: (NamedKind.DESCRIPTOR,),
    Cause.SOCKETS: (NamedKind.SOCKET,),
    Cause.PAGE_CACHE: (NamedKind.FILE,),
    Cause.KERNEL: (NamedKind.KERNEL, NamedKind.SOCKET, NamedKind.THREAD),
}
"""What each cause is named by."""
BYTES = (NamedKind.FILE, NamedKind.KERNEL)
NOUNS: Mapping[NamedKind, tuple[str, str, str]] = {
    NamedKind.TASK: ("task of", "waiting at", "made at"),
    NamedKind.THREAD: ("thread:", "blocked at", "started at"),
    NamedKind.PROCESS: ("process:", "waiting at", "started at"),
    NamedKind.DESCRIPTOR: ("descriptor:", "used at", "opened at"),
    NamedKind.SOCKET: ("socket:", "used at", "opened at"),
}
"""A noun, and the words in front of the line where one waits and of the line that made it."""
MOST_GROWTHS_NAMED = 3
LONGEST_NAME = 160
FEWEST_THREADS = 4
POOLS: Mapping[str, str] = {
    "AnyIO worker": "anyio.to_thread.current_default_thread_limiter().total_tokens = {}",
    "asyncio": "loop.set_default_executor(ThreadPoolExecutor(max_workers={}))",
    "waitress": "waitress-serve --threads={}",
    "ThreadPoolExecutor": "ThreadPoolExecutor(max_workers={0}), of gunicorn --threads {0}",
}
"""The line that bounds a pool to so many threads, by what the names of its threads begin with."""
SMALL_POOL = 8
ENDLESS = ("process_request_thread",)
"""Functions of threads that a server starts for each request."""


def named_for(
    causes: Sequence[Cause], traces: Sequence[AllocationTrace]
) -> tuple[NamedGrowth, ...]:
    """What names these causes, in their order, the most first."""
    trace = python_trace(traces)
    if trace is None:
        return ()
    growths: dict[NamedGrowth, None] = {}
    for cause in causes:
        fitting = [each for each in trace.more if each.kind in KINDS.get(cause, ())]
        fitting = [each for each in fitting if is_named(each, cause, trace.requests)]
        growths.update(dict.fromkeys(fitting[:MOST_GROWTHS_NAMED]))
    return tuple(growths)


def is_named(growth: NamedGrowth, cause: Cause, requests: int) -> bool:
    """Whether there is enough more of it; of a pool's threads whether there are several."""
    if growth.kind in BYTES:
        return growth.more >= WORTH_NAMING_BYTES
    if cause is Cause.THREAD_ARENAS:
        return growth.after >= FEWEST_THREADS
    return growth.more >= max(FEW_A_REQUEST * requests, 1)


def named_sentences(growths: Sequence[NamedGrowth]) -> Iterator[str]:
    """A sentence on each growth: how many there are, the name, where it waits and was made."""
    for each in growths:
        name = clipped(each.name, LONGEST_NAME)
        if each.kind in BYTES:
            yield f"{size(each.more)} more in {name}."
            continue
        noun, waits, made = NOUNS[each.kind]
        first, _, rest = noun.partition(" ")
        plural = "es" if each.kind is NamedKind.PROCESS else "s"
        word = first.rstrip(":")
        total = f"{number(each.after)} {word}{plural if each.after != 1 else ''}"
        ending = f" {rest}" if rest else ":"
        text = f"{total} ({number(each.before)} before){ending} {name}"
        yield f"{text}{frames_clause(waits, each.waits)}{frames_clause(made, each.made)}."


def frames_clause(words: str, frames: Sequence[str]) -> str:
    """`, waiting at asyncio/locks.py:213, from app.py:12`; empty without a frame."""
    if not frames:
        return ""
    own = next((each for each in frames if is_app_frame(each)), None)
    frame = short_frame(frames[0])
    if own is not None and own != frames[0]:
        frame = f"{frame}, from {short_frame(own)}"
    return f", {words} {clipped(frame, LONGEST_NAME)}"


def pool_line(growths: Sequence[NamedGrowth]) -> str | None:
    """The line that bounds the pool with most threads; None where no pool is known."""
    threads = [each for each in growths if each.kind is NamedKind.THREAD]
    for each in sorted(threads, key=lambda each: -each.after):
        function, _, pool = each.name.partition(" in ")
        line = next((POOLS[prefix] for prefix in POOLS if pool.startswith(prefix)), None)
        if line is not None:
            fewer = max(1, min(SMALL_POOL, each.after // 2))
            return f"{line.format(fewer)} (now {counted(each.after, 'thread')})"
        if function.endswith(ENDLESS):
            return f"a server with a pool: it starts a thread a request ({number(each.after)} now)"
    return None
