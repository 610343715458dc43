"""The process tree of this container, read from its own /proc."""

import os

TICKS = os.sysconf("SC_CLK_TCK")


def boot_time_seconds():
    with open("/proc/stat") as lines:
        return next(float(line.split()[1]) for line in lines if line.startswith("btime"))


def read_text(path):
    """The text of a file that may vanish or be forbidden; None then."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def rollup_bytes(pid):
    """RSS and PSS of a process in bytes; None where the kernel does not say."""
    text = read_text("/proc/%d/smaps_rollup" % pid) or ""
    sizes = {line.split(":")[0]: line.split()[1] for line in text.splitlines()[1:]}
    return [int(sizes[key]) * 1024 if key in sizes else None for key in ("Rss", "Pss")]


def descriptors(pid):
    try:
        return len(os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return None


def process(pid, boot_seconds):
    """One process as a record; None when it ended meanwhile."""
    stat = read_text("/proc/%d/stat" % pid)
    if stat is None:
        return None
    name, fields = (
        stat[stat.index("(") + 1 : stat.rindex(")")],
        stat[stat.rindex(")") + 2 :].split(),
    )
    rss, pss = rollup_bytes(pid)
    return {
        "pid": pid,
        "parent_pid": int(fields[1]),
        "started_at_seconds": boot_seconds + int(fields[19]) / TICKS,
        "name": name,
        "threads": int(fields[17]),
        "rss_bytes": rss,
        "pss_bytes": pss,
        "descriptors": descriptors(pid),
    }


def read_tree():
    """Every process that this one can see."""
    boot = boot_time_seconds()
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return [record for record in (process(pid, boot) for pid in pids) if record]


def number_in(text, key):
    """The number behind `key` in a file of `key number` lines; None when absent."""
    pairs = (line.split() for line in (text or "").splitlines())
    return next((int(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] == key), None)


def read_cgroup():
    """The kernel's peak and count of kills, by cgroup v2 or v1."""
    peak = read_text("/sys/fs/cgroup/memory.peak")
    peak = peak or read_text("/sys/fs/cgroup/memory/memory.max_usage_in_bytes")
    events = read_text("/sys/fs/cgroup/memory.events")
    events = events or read_text("/sys/fs/cgroup/memory/memory.oom_control")
    return {"peak_bytes": int(peak) if peak else None, "oom_kills": number_in(events, "oom_kill")}
