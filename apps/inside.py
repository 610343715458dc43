"""What a user app's process answers in addition to the probe: who listens, types, lines.

Counting objects and tracing lines disturb what they measure, so only a run that explains does it,
never one that is judged.
"""

import gc
import json
import os
import sys
import threading

import census
import holders
import lines
import native
import probe
import tree

MOST_TYPES = 400
MOST_LINES = 60
FRAMES = 12
MOST_SOCKETS = 200
BEFORE = {}
LISTEN = "0A"
OWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def listening_inodes(port):
    """Inodes of the sockets that listen on a port, of either family."""
    found = set()
    for fields in tree.sockets():
        if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
            found.add(fields[9])
    return found


def listening():
    """Addresses and ports that the variant listens on, as Linux writes them: `0100007F:1F90`.

    Servers beside it share its network: only what its own processes hold is theirs.
    """
    own, found = {name for pid in tree.members() for name in held(pid)}, set()
    for fields in tree.sockets():
        if fields[3] == LISTEN and "socket:[%s]" % fields[9] in own:
            found.add(fields[1])
    return sorted(found)[:MOST_SOCKETS]


def held(pid="self"):
    """What each descriptor of a process is, e.g. `socket:[123]` or a file's name."""
    folder = "/proc/%s/fd/" % pid
    for number in names_in(folder):
        try:
            yield os.readlink(folder + number)
        except OSError:
            continue


def names_in(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []  # it ended, or is another user's


def health():
    """Whether this process holds the socket that the app listens on."""
    inodes = listening_inodes(int(os.environ.get("PORT", "0")))
    listens = any(name[8:-1] in inodes for name in held() if name.startswith("socket:["))
    return {"pid": os.getpid(), "parent_pid": os.getppid(), "listens": listens}


def worker():
    """The probe's own reading, with what only this module counts."""
    names = list(held())
    record = dict(probe.worker(), started_at_seconds=tree.started_at_seconds())
    record["sockets"] = sum(name.startswith("socket:") for name in names)
    record["python_threads"] = threading.active_count()
    record["collected"] = sum(row["collected"] for row in gc.get_stats())
    return record


def objects():
    """How many objects of each type the collector knows, the most frequent first."""
    gc.collect()
    return {"objects": counts_of(gc.get_objects())}


def counts_of(found):
    """How many of these objects there are of each type, the most frequent first."""
    counts = {}
    for each in found:
        # Either may be anything: a class may define an attribute of that name.
        name = "%s.%s" % (type(each).__module__, type(each).__qualname__)
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:MOST_TYPES])


def garbage():
    """How many objects of each type only the collector frees: those of cycles that wait for it."""
    flags, before = gc.get_debug(), len(gc.garbage)
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
    finally:
        gc.set_debug(flags)
    most = counts_of(gc.garbage[before:])
    del gc.garbage[before:]
    gc.collect()
    return most


def trace():
    """Begin to record every allocation with its lines."""
    gc.collect()
    return native.begin() if "LAB_MEMRAY" in os.environ else trace_python()


def trace_python():
    import tracemalloc

    census.begin()
    holders.begin()
    tracemalloc.start(FRAMES)
    BEFORE["snapshot"] = tracemalloc.take_snapshot()
    BEFORE["objects"] = objects()["objects"]
    return {"traced": True}


def trace_lines():
    """Begin to record every allocation with its lines, and nothing else."""
    import tracemalloc

    gc.collect()
    tracemalloc.start(FRAMES)
    BEFORE["snapshot"] = tracemalloc.take_snapshot()
    BEFORE.pop("lines", None)
    return {"traced": True}


def traced_lines():
    """Live allocations since `trace_lines`, by the lines that allocated; not what holds them.

    The answer is kept for who asks again, as the first may come too late: the trace has ended.
    """
    if "snapshot" not in BEFORE:
        return None
    if "lines" not in BEFORE:
        gc.collect()
        grown = grown_since(BEFORE["snapshot"])
        BEFORE["lines"] = {
            "tracer": "tracemalloc",
            "allocated_bytes": sum(each.size_diff for each in grown),
            "lines": list(map(line, grown[:MOST_LINES])),
            "types": {},
        }
    return BEFORE["lines"]


def grown_since(before):
    """What is live since a snapshot, the line that allocated most first; ends the trace."""
    import tracemalloc

    snapshot = tracemalloc.take_snapshot()
    tracemalloc.stop()
    grown = snapshot.compare_to(before, "traceback")
    grown = [each for each in grown if each.size_diff > 0 and not is_ours(each)]
    return sorted(grown, key=lambda each: -each.size_diff)


def traced():
    """Live allocations since `trace`, by the lines that allocated."""
    if native.is_on():
        return native.end()
    if "snapshot" not in BEFORE:
        return None
    waiting = garbage()
    now = objects()["objects"]
    more = census.end()
    searched = holders.holders([BEFORE, census.BEFORE])
    grown = grown_since(BEFORE["snapshot"])
    most = grown[:MOST_LINES]
    types = {name: count - BEFORE["objects"].get(name, 0) for name, count in now.items()}
    types = {name: more for name, more in types.items() if not name.startswith("tracemalloc.")}
    return {
        "search": searched,
        "tracer": "tracemalloc",
        "allocated_bytes": sum(each.size_diff for each in grown),
        "lines": lines.owned(list(map(line, most)), list(map(stack, most))),
        "types": {name: more for name, more in types.items() if more > 0},
        "garbage": waiting,
        "more": more,
    }


def is_ours(difference):
    """Whether the lab's own probe allocated."""
    return any(frame.filename.startswith(OWN) for frame in difference.traceback)


def stack(difference):
    """(file, number) from the innermost line outwards."""
    frames = [(frame.filename, frame.lineno) for frame in difference.traceback]
    return frames[::-1] if sys.version_info >= (3, 7) else frames  # oldest first since 3.7


def line(difference):
    """Frames from the innermost outwards, e.g. `/app/app.py:12`."""
    return {
        "bytes": difference.size_diff,
        "count": difference.count_diff,
        "frames": ["%s:%d" % (lines.shown(file), number) for file, number in stack(difference)],
    }


ANSWERS = dict(
    probe.ANSWERS,
    **{
        "/_lab/health": health,
        "/_lab/listening": listening,
        "/_lab/worker": worker,
        "/_lab/reading": lambda: dict(probe.whole_tree(), worker=worker()),
        "/_lab/calibration": lambda: None,
        "/_lab/objects": objects,
        "/_lab/trace": trace,
        "/_lab/traced": traced,
        "/_lab/trace-lines": trace_lines,
        "/_lab/traced-lines": traced_lines,
    },
)


def answer(question):
    """The answer to a question, as JSON."""
    found = ANSWERS.get(question)
    return json.dumps(found() if found else {"error": "no such probe"}).encode()
