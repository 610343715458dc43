"""The process tree of this variant, from /proc: a container's own, or that of LAB_SUPERVISOR."""

import os
import time

TICKS = os.sysconf("SC_CLK_TCK")


def read_text(path):
    """The text of a file that may vanish or be forbidden; None then.

    The name of a process is of any bytes: Linux cuts a long one within a character.
    """
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return None


def sockets(folder="/proc/net"):
    """The fields of each TCP socket that this network shows, a line at a time.

    A busy machine has tens of thousands: their whole text is megabytes, which the allocator of the
    process that reads would keep.
    """
    for name in ("tcp", "tcp6"):
        try:
            with open(os.path.join(folder, name)) as file:
                next(file, None)
                for line in file:
                    yield line.split()
        except OSError:
            continue


def rollup(pid):
    """The sizes of a process by the kernel's names, in bytes, as far as it gives them."""
    text = read_text("/proc/%d/smaps_rollup" % pid) or ""
    pairs = (line.split() for line in text.splitlines()[1:])
    return {pair[0].rstrip(":"): int(pair[1]) * 1024 for pair in pairs}


def descriptors(pid):
    try:
        return len(os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return None


def process(pid):
    """One process as a record; None when it ended meanwhile.

    It began so many seconds after the machine: the time of day would change when the clock is set.
    """
    stat = read_text("/proc/%d/stat" % pid)
    if stat is None:
        return None
    name, fields = (
        stat[stat.index("(") + 1 : stat.rindex(")")],
        stat[stat.rindex(")") + 2 :].split(),
    )
    sizes = rollup(pid)
    return {
        "pid": pid,
        "parent_pid": int(fields[1]),
        "started_at_seconds": int(fields[19]) / TICKS,
        "name": name,
        "threads": int(fields[17]),
        "rss_bytes": sizes.get("Rss"),
        "pss_bytes": sizes.get("Pss"),
        "descriptors": descriptors(pid),
    }


def started_at_seconds():
    """When this process began, as in its record; without /proc, the current time."""
    own = process(os.getpid())
    return time.time() if own is None else own["started_at_seconds"]


def parent(pid):
    text = read_text("/proc/%d/stat" % pid)
    return int(text[text.rindex(")") + 2 :].split()[1]) if text else None


def members():
    """PIDs of the variant: in a container all that are visible, else those below LAB_SUPERVISOR."""
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    supervisor = os.environ.get("LAB_SUPERVISOR")
    if supervisor is None:
        return pids
    parents, found = {pid: parent(pid) for pid in pids}, [int(supervisor)]
    for pid in found:
        found += [child for child in pids if parents[child] == pid]
    return found[1:]


def read_tree():
    """Every process of the variant; none where there is no /proc."""
    if read_text("/proc/self/stat") is None:
        return []
    return [record for record in map(process, members()) if record]


def number_in(text, key):
    """The number behind `key` in a file of `key number` lines; None when absent."""
    pairs = (line.split() for line in (text or "").splitlines())
    return next((int(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] == key), None)


def cgroup_text(*names):
    """The first of these files of this variant's own cgroup; a container's is the mount itself."""
    own = os.environ.get("LAB_CGROUP")
    folders = ("/sys/fs/cgroup", "/sys/fs/cgroup/memory") if own is None else (own,) if own else ()
    texts = (read_text(os.path.join(folder, name)) for folder in folders for name in names)
    return next(filter(None, texts), None)


def memory_without_cache():
    """What `docker stats` would print now: usage without inactive page cache; None if not known."""
    usage = cgroup_text("memory.current", "memory.usage_in_bytes")
    counters = cgroup_text("memory.stat")
    if not usage or not counters:
        return None
    usage_bytes = int(usage)
    for name in ("total_inactive_file", "inactive_file"):
        inactive_bytes = number_in(counters, name)
        if inactive_bytes is not None and inactive_bytes < usage_bytes:
            return usage_bytes - inactive_bytes
    return usage_bytes


def read_cgroup():
    """The kernel's view of the whole variant: memory, peak and count of kills, by v2 or v1."""
    peak = cgroup_text("memory.peak", "memory.max_usage_in_bytes")
    events = cgroup_text("memory.events", "memory.oom_control")
    return {
        "memory_bytes": memory_without_cache(),
        "peak_bytes": int(peak) if peak else None,
        "oom_kills": number_in(events, "oom_kill"),
    }
