"""What a process has more of than at the baseline, by name: tasks, threads, descriptors, files.

Asked twice in the run that explains. Who made a thing is known from tracemalloc, which is on then.
No code of the app runs: fields are read by the types' own descriptors.
"""

import gc
import os
import re
import sys
import threading
import tracemalloc
import types

import lines
import opened
import tree
from reach import is_a

LEAST = 4
"""As many may come and go."""
LEAST_KIND_BYTES = 256 * 1024
MOST = 12
"""The most entries of one kind."""
MOST_CENSUS_FRAMES = 12
LONGEST = 160
PARTS_DEPTH = 4
BEFORE = {}
BYTES = ("file", "kernel")


class Entry:
    """Things of one kind and name: how many, and the newest of them."""

    def __init__(self):
        self.count, self.waits, self.made = 0, (), ()


def begin():
    BEFORE.clear()
    BEFORE.update((key, entry.count) for key, entry in counted().items())


def end():
    """The kinds and names of which there are more, the most first; of threads all groups."""
    found = []
    for (kind, name), entry in counted().items():
        before = BEFORE.get((kind, name), 0)
        least = LEAST_KIND_BYTES if kind in BYTES else LEAST
        if entry.count - before >= least or (kind == "thread" and entry.count >= LEAST):
            found.append(record(kind, name, before, entry))
    found.sort(key=lambda each: each["before"] - each["after"])
    kinds = sorted({each["kind"] for each in found})
    return [each for kind in kinds for each in [e for e in found if e["kind"] == kind][:MOST]]


def record(kind, name, before, entry):
    return {
        "kind": kind,
        "name": name[:LONGEST],
        "before": before,
        "after": entry.count,
        "waits": list(entry.waits)[:MOST_CENSUS_FRAMES],
        "made": list(entry.made)[:MOST_CENSUS_FRAMES],
    }


def counted():
    """An Entry for each kind and name."""
    found = {}
    objects = gc.get_objects()
    for kind, things in (
        ("task", tasks(objects)),
        ("thread", threads()),
        ("descriptor", opened.descriptors(objects)),
        ("process", processes(objects)),
        ("file", opened.files()),
        ("kernel", kernel()),
    ):
        for name, count, waits, thing in things:
            one = "socket" if kind == "descriptor" and opened.is_socket(name) else kind
            entry = found.setdefault((one, name), Entry())
            entry.count += count
            entry.waits = waits or entry.waits
            entry.made = made(thing) or entry.made
    return found


def made(thing):
    """The lines that made an object, the innermost first; none where it was not traced."""
    if thing is None or not tracemalloc.is_tracing():
        return ()
    found = next(filter(None, map(tracemalloc.get_object_traceback, parts(thing))), ())
    frames = [(frame.filename, frame.lineno) for frame in found]
    return written(reversed(frames))


def parts(thing):
    """An object, then what hangs on it: Python 3.11 does not find the trace of a plain object."""
    level = [thing]
    for _ in range(PARTS_DEPTH):
        yield from level
        level = [value for each in level for value in values(each)]


def values(thing):
    """What the attributes of a plain object hold that is made with it."""
    found = getattr(thing, "__dict__", None) if not is_a(thing, (type, types.ModuleType)) else None
    if type(found) is not dict:
        return []
    shared = (type, types.FunctionType, types.ModuleType, str, int)
    own = [value for name, value in list(found.items()) if name != "_tstate_lock"]  # made later
    return [each for each in own if not is_a(each, shared)]


def written(frames):
    return tuple("%s:%d" % (lines.shown(file), number) for file, number in frames)


def of_frame(frame):
    """The lines of a frame and of those that called it, the innermost first."""
    found = []
    while frame is not None and len(found) < MOST_CENSUS_FRAMES:
        found.append((frame.f_code.co_filename, frame.f_lineno))
        frame = frame.f_back
    return written(found)


def tasks(objects):
    """Tasks that have not ended: the coroutine, and where it waits."""
    module = sys.modules.get("asyncio.tasks")
    kinds = [getattr(module, name, None) for name in ("_PyTask", "_CTask")]
    for kind in filter(None, kinds):
        for task in [each for each in opened.of_kind(objects, kind) if not kind.done(each)]:
            coroutine = (
                kind.get_coro(task) if hasattr(kind, "get_coro") else kind._coro.__get__(task)
            )
            yield coroutine_name(coroutine), 1, awaited(coroutine), task


def coroutine_name(found):
    frame = getattr(found, "cr_frame", None) if is_a(found, types.CoroutineType) else None
    module = frame.f_globals.get("__name__", "") if frame is not None else ""
    name = getattr(found, "__qualname__", type(found).__name__)
    return "%s.%s()" % (module, name) if type(module) is str and module else "%s()" % name


def awaited(found):
    """The lines at which a coroutine waits, the innermost first."""
    lines = []
    while is_a(found, types.CoroutineType) and found.cr_frame is not None and len(lines) < 50:
        lines.append((found.cr_frame.f_code.co_filename, found.cr_frame.f_lineno))
        found = found.cr_await
    return written(reversed(lines))


def threads():
    """Threads: what each runs, and where it is; those without a frame are of C code."""
    frames, known = sys._current_frames(), {each.ident: each for each in threading.enumerate()}
    others = [ident for ident in frames if ident != threading.get_ident()]
    for ident in others:
        thread = known.get(ident)
        yield thread_name(thread), 1, of_frame(frames[ident]), thread
    try:
        count = len(os.listdir("/proc/self/task"))
    except OSError:
        return
    yield "threads of C code", count - len(frames), (), None


def thread_name(thread):
    if thread is None:
        return "a thread that threading does not know"
    if thread is threading.main_thread():
        return "the main thread"
    target = thread.__dict__.get("_target")
    name = "%s.%s.run" % (type(thread).__module__, type(thread).__qualname__)
    if is_a(target, types.MethodType):
        target = target.__func__
    if is_a(target, types.FunctionType):
        name = "%s.%s" % (target.__module__, target.__qualname__)
    return "%s in %s" % (name, pool_name(str(thread.__dict__.get("_name", ""))))


def pool_name(name):
    """A thread's name without its number."""
    return re.sub(r"[-_ ]*\d+(\s*\(.*\))?", "", name).strip() or "a thread"


def processes(objects):
    """Children of this process: their commands, and who started the newest of them."""
    started = {}
    for each in objects:
        if type(each).__name__ in ("Popen", "Process") and type(each.__dict__) is dict:
            pid = each.__dict__.get("pid") or getattr(each.__dict__.get("_popen"), "pid", None)
            started[pid] = each
    for pid in tree.members():
        if tree.parent(pid) == os.getpid():
            yield command(pid), 1, (), started.get(pid)


def command(pid):
    words = (tree.read_text("/proc/%d/cmdline" % pid) or "").replace("\0", " ").strip()
    if words:
        return re.sub(r"\d{3,}", "*", words)
    name = (tree.read_text("/proc/%d/comm" % pid) or "?").strip()
    return "%s, ended and never waited for" % name


KERNEL = {
    "kernel_stack": "stacks of threads",
    "pagetables": "page tables",
    "sock": "buffers of sockets",
    "slab_unreclaimable": "structures of files and sockets (slabs)",
    "slab_reclaimable": "names and inodes of files (slabs)",
    "percpu": "counters of each CPU",
}
"""Keys of a cgroup's memory.stat, in words."""


def kernel():
    """Bytes of the kernel's own by kind, as far as a cgroup counts them."""
    text = tree.cgroup_text("memory.stat")
    for key, words in KERNEL.items():
        size = tree.number_in(text, key)
        if size is not None:
            yield words, size, (), None
