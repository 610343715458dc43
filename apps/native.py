"""Native allocations, traced with memray: what C code asked malloc for and did not give back."""

import gc
import mmap
import os
import sys

import distributions
import lines
import tree

OWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
MOST_LINES = 60
MOST_NATIVE_FRAMES = 40
MOST_STACK = 6
MOST_LINES_RESOLVED = 5
"""Lines whose C function is looked for in the libraries that are loaded."""
INTERPRETER = ("Objects/", "Python/", "Modules/", "./Include/", "Include/", "Programs/", "Parser/")
"""Files of the interpreter's own sources."""
NO_NAMES = ("", "<unknown>")
STATE = {}


def begin():
    """Begin to trace; memray's packages come last on the path."""
    gc.collect()
    sys.path.append(os.environ["LAB_MEMRAY"])
    import memray

    name = "memray-%d.bin" % os.getpid()
    STATE["file"] = os.path.join(os.environ.get("HOME") or "/tmp", name)
    STATE["tracker"] = memray.Tracker(STATE["file"], native_traces=True)
    STATE["tracker"].__enter__()
    return {"traced": True}


def is_on():
    return "tracker" in STATE


def end():
    """What was allocated since `begin` and is still there."""
    import memray

    gc.collect()
    STATE.pop("tracker").__exit__(None, None, None)
    reader = memray.FileReader(STATE["file"])
    found = reader.get_leaked_allocation_records(merge_threads=True)
    records = sorted((each for each in found if not is_probes(each)), key=by_size)
    os.unlink(STATE["file"])
    most = records[:MOST_LINES]
    return {
        "tracer": "memray",
        "allocated_bytes": sum(record.size for record in records),
        "lines": with_symbols(lines.owned(list(map(line, most)), list(map(stack, most))), most),
        "types": {},
        "search": None,
    }


def by_size(record):
    return -record.size


def is_probes(record):
    """Whether the lab's own probe allocated: by the innermost frame of Python."""
    return any(file.startswith(OWN) for _, file, _ in record.stack_trace(1))


def stack(record):
    """(file, number) of the lines of Python, the innermost first."""
    return [(file, number) for _, file, number in record.stack_trace(MOST_STACK)] or [("", 0)]


def line(record):
    """The frames that name a file; those of a stripped library name none."""
    stack = record.hybrid_stack_trace(MOST_NATIVE_FRAMES)
    frames = ["%s:%d" % (lines.shown(file), number) for _, file, number in stack if number]
    return {"bytes": record.size, "count": record.n_allocations, "frames": frames}


def with_symbols(found, records):
    """The lines with the innermost C function that is not the interpreter's as the first call."""
    named = [symbol_of(record) for record in records[:MOST_LINES_RESOLVED]]
    homes = libraries_with({name for name in named if name})
    owners = distributions.owners(list(homes.values()))
    for each, name in zip(found, named):  # noqa: B905 - Python 3.7
        if name in homes:
            each["calls"].insert(0, {"function": name, "package": owners.get(homes[name])})
    return found


def symbol_of(record):
    """The innermost function of an extension; None where its library has no names."""
    for name, file, _ in record.hybrid_stack_trace(MOST_NATIVE_FRAMES):
        if file.startswith(INTERPRETER) or file.endswith(".py"):
            return None
        if name not in NO_NAMES:
            return name
    return None


def libraries_with(symbols):
    """The loaded library that names each of these functions, by the function."""
    found = {}
    for file in sorted(loaded_libraries()):
        missing = [symbol for symbol in symbols if symbol not in found]
        if missing:
            found.update((symbol, file) for symbol in named_in(file, missing))
    return found


def loaded_libraries():
    """Shared objects in the folders of packages that this process has loaded."""
    rows = (tree.read_text("/proc/self/maps") or "").splitlines()
    files = {row.split(None, 5)[5] for row in rows if len(row.split(None, 5)) == 6}
    return {file for file in files if "-packages/" in file and ".so" in os.path.basename(file)}


def named_in(file, symbols):
    """Those of the functions that a library's table of names has."""
    try:
        with open(file, "rb") as opened:
            return names_in(opened, symbols)
    except (OSError, ValueError):
        return []


def names_in(opened, symbols):
    with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return [each for each in symbols if data.find(b"\0%s\0" % each.encode()) >= 0]
