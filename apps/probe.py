"""Each worker's own listener under /_lab/, on a thread and a port of its own.

It takes no thread of the pool that is measured and no connection of the measured server.
The first worker listens on LAB_PROBE_PORT, the next on the port above, and so on.
"""

import gc
import json
import os
import platform
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import allocator
import distributions
import tree

PORTS = 256


def worker():
    """This worker's allocator and interpreter."""
    record = {"pid": os.getpid(), "arenas": allocator.arenas(), "gc_counts": gc.get_count()}
    record.update(allocator.malloc_bytes())
    record.update(allocator.python_memory())
    record["allocated_blocks"] = sys.getallocatedblocks()
    record["started_at_seconds"] = STARTED_AT_SECONDS
    return record


def environment():
    """Versions of the interpreter, the C library and every package."""
    return {
        "python": platform.python_version(),
        "libc": libc(),
        "cpu_count": os.cpu_count(),
        "packages": {name.lower(): version for name, version in packages() if name},
    }


def libc():
    """Name and version of the C library that runs. Before Python 3.8 `platform` tells the oldest
    one with which the interpreter would run."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):  # another C library
        return " ".join(platform.libc_ver())


def packages():
    """(name, version) of each distribution; before Python 3.8 the library cannot list them."""
    try:
        from importlib.metadata import distributions as listed
    except ImportError:
        return distributions.installed()
    return [(each.metadata["Name"], each.version) for each in listed()]


def calibration():
    return json.loads(tree.read_text(os.environ["LAB_CALIBRATION"]) or "null")


def whole_tree():
    return dict(tree.read_cgroup(), processes=tree.read_tree())


def reading():
    """The worker's reading and the process tree's in one: all readings of a single worker."""
    return dict(whole_tree(), worker=worker())


def first_processes():
    """The processes whose end ends all others: PID 1, the supervisor and images/entry."""
    named = (os.environ.get(name) for name in ("LAB_SUPERVISOR", "LAB_ENTRY"))
    return {1} | {int(pid) for pid in named if pid}


def master():
    """The master, this worker's parent; an error when all processes would end with it."""
    pid = os.getppid()
    if pid in first_processes():
        return {"error": "this worker has no master: its parent, %d, is what all end with" % pid}
    return {"master_pid": pid}


def kill_master(answered):
    os.kill(answered["master_pid"], signal.SIGKILL)


ANSWERS = {
    "/_lab/health": lambda: {"pid": os.getpid()},
    "/_lab/tree": whole_tree,
    "/_lab/worker": worker,
    "/_lab/reading": reading,
    "/_lab/environment": environment,
    "/_lab/calibration": calibration,
    "/_lab/collect": lambda: {"collected": gc.collect()},
    "/_lab/trim": lambda: {"trimmed": allocator.trim()},
    "/_lab/kill-master": master,
}
AFTERWARDS = {"/_lab/kill-master": kill_master}
"""Actions by path: what is done after the answer was sent, given the answer."""
STARTED_AT_SECONDS = tree.started_at_seconds()


class ProbeHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = ANSWERS.get(self.path)
        found = answer() if answer else {"error": "no such probe"}
        refused = answer is master and "error" in found
        self.send(404 if answer is None else 409 if refused else 200, json.dumps(found).encode())
        if self.path in AFTERWARDS and not refused:
            AFTERWARDS[self.path](found)

    def send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Log nothing: probes leave no line in the server's log."""


class ProbeServer(HTTPServer):
    def handle_error(self, *_):
        """Ignore the error of a client that hung up."""


def bind(host, first_port):
    """A listener on the first free port from `first_port` on, a different one for each worker."""
    for port in range(first_port, first_port + PORTS):
        try:
            return ProbeServer((host, port), ProbeHandler)
        except OSError:
            continue
    raise RuntimeError("no free probe port from %d on" % first_port)


def start():
    """Answer probes from a daemon thread, unless LAB_PROBES is 0."""
    if os.environ.get("LAB_PROBES", "1") == "0":
        return
    host = os.environ.get("LAB_PROBE_HOST", "0.0.0.0")
    listener = bind(host, int(os.environ.get("LAB_PROBE_PORT", "8100")))
    threading.Thread(target=listener.serve_forever, name="lab-probe", daemon=True).start()
