"""What an endpoint does; the same functions stand behind every framework.

A workload that needs packages is imported when it is chosen, so that no other variant carries them.
"""

import gc
import importlib
import os
from collections import namedtuple
from functools import lru_cache

ENTRIES = 1_000_000
"""Length of each list in the thread's report."""

Home = namedtuple("Home", "module function repeats")
Home.__doc__ = (
    "Module and function of a workload, and how often its calibration repeats it; 0: never."
)


def lists():
    """Make and drop two lists of a million entries: 2 x 7.63 MiB of pointers."""
    first = [0] * ENTRIES
    second = [0] * ENTRIES
    return len(first) + len(second)


def hello():
    """Do nothing: what is left is the cost of the server."""
    return 0


HOMES = {
    "lists": Home("workloads", "lists", 3),
    "hello": Home("workloads", "hello", 3),
    "records": Home("workloads_plain", "records", 3),
    "cycles": Home("workloads_plain", "cycles", 3),
    "strings": Home("workloads_plain", "strings", 1),
    "load": Home("workloads_plain", "load", 1),
    "model": Home("workloads_science", "model", 3),
    "image": Home("workloads_image", "image", 3),
    "palette": Home("workloads_science", "palette", 3),
    "numpy": Home("workloads_science", "small_calls", 3),
    "predict": Home("workloads_predict", "predict", 0),
    "db": Home("workloads_database", "rows", 0),
    "db-multiprocessing": Home("workloads_database", "rows_by_processes", 0),
    "db-merged": Home("workloads_database", "rows_merged", 0),
}


@lru_cache(maxsize=None)
def find(name):
    """The function of a workload; imports what it needs."""
    if name not in HOMES:
        raise ValueError("LAB_WORKLOAD=%r is unknown: there is %s" % (name, ", ".join(HOMES)))
    return getattr(importlib.import_module(HOMES[name].module), HOMES[name].function)


def served():
    """The workloads that this app has routes for: two that need nothing, and the chosen one."""
    names = dict.fromkeys(["lists", "hello", os.environ.get("LAB_WORKLOAD", "lists")])
    for name in names:
        find(name)
    return list(names)


def run(name):
    """Run a workload, and the collector behind it when LAB_COLLECT is 1; picklable by its name."""
    done = find(name)()
    if os.environ.get("LAB_COLLECT", "0") == "1":
        gc.collect()
    return done
