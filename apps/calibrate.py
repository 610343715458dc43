"""What one thread retains of a workload: measured in a process of its own, before any load.

Prints one JSON object; bytes are differences of PSS without the pages of files. The main thread
runs first, as any server's first request does: glibc raises its mmap threshold when that call's
blocks are freed. `null` for a workload that needs another service.
"""

import json
import os
import sys
import threading
from functools import partial

import tree
import workloads


def kept_bytes():
    """The memory of this process without pages of files, which other processes share."""
    sizes = tree.rollup(os.getpid())
    known = [sizes[name] for name in ("Pss_Anon", "Pss_Shmem") if name in sizes]
    return sum(known) if known else sizes.get("Pss", sizes["Rss"])


def parked_thread_bytes(workload):
    """Growth while one new thread, having run the workload, waits and does nothing."""
    before, ran, leave = kept_bytes(), threading.Event(), threading.Event()

    def run():
        workload()
        ran.set()
        leave.wait()

    thread = threading.Thread(target=run)
    thread.start()
    ran.wait()
    kept = kept_bytes() - before
    leave.set()
    thread.join()
    return kept


def high_water_bytes():
    text = tree.read_text("/proc/self/status") or ""
    lines = (line.split() for line in text.splitlines())
    return next((int(line[1]) * 1024 for line in lines if line and line[0] == "VmHWM:"), 0)


def measured(name, repeats):
    """What a process retains of a workload; the workload's imports are loaded before."""
    workloads.find(name)
    workload, before = partial(workloads.run, name), kept_bytes()
    high_before = high_water_bytes()
    for _ in range(repeats):
        workload()
    return {
        "loop_kept_bytes": kept_bytes() - before,
        "request_bytes": high_water_bytes() - high_before,
        "thread_kept_bytes": parked_thread_bytes(workload),
        "arena_limit": int(os.environ.get("MALLOC_ARENA_MAX", 0)) or None,
        "cpu_count": os.cpu_count(),
    }


def main(name):
    repeats = workloads.HOMES[name].repeats
    print(json.dumps(measured(name, repeats) if repeats else None))


if __name__ == "__main__":
    main(sys.argv[1])
