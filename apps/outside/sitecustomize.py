"""The lab's probe in each process of a user app, which PYTHONPATH puts in front of it.

A thread waits on a Unix socket below LAB_PROBE_SOCKETS that is named after the process; what it
answers with is loaded by the first question. The app's own modules never meet the lab's: these are
loaded under names of their own. Before a fork the thread ends, so that a master forks as it would
without it; parent and child go on with one each. Then the sitecustomize that this one hides runs.
"""

import _thread
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
APPS = os.path.dirname(HERE)
JOIN_SECONDS = 10.0
MODULES = (
    "tree",
    "allocator",
    "distributions",
    "probe",
    "reach",
    "paths",
    "owners",
    "holders",
    "callees",
    "lines",
    "native",
    "opened",
    "census",
    "inside",
)
"""The lab's modules, each after those that it imports."""


class Listener:
    """The probe of this process."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = None
        self.ended = _thread.allocate_lock()
        self.answer = None

    def start(self):
        """Start the probe's thread; without a folder for sockets the app has no probe."""
        try:
            self.socket = bound(self.folder, "%d.sock" % os.getpid())
        except OSError:
            self.socket = None
            return
        self.ended = _thread.allocate_lock()
        self.ended.acquire()
        _thread.start_new_thread(self.serve, (self.socket, self.ended))

    def serve(self, listening, ended):
        try:
            while True:
                self.converse(listening)
        except OSError:
            pass  # shut down, before a fork or at the end
        finally:
            ended.release()

    def converse(self, listening):
        """Read one question, a line, and send its answer up to the end of the connection."""
        import _socket

        connected = _socket.socket(fileno=listening._accept()[0])
        try:
            question = connected.recv(4096).decode("ascii", "replace").strip()
            connected.sendall(self.answer_to(question))
        except OSError:
            pass  # the client has gone
        finally:
            connected.close()

    def answer_to(self, question):
        try:
            if self.answer is None:
                self.answer = load_answers()
            return self.answer(question)
        except Exception as error:
            return ('{"error": "%s"}' % type(error).__name__).encode()

    def stop(self):
        """Wake the thread and wait for its end."""
        import _socket

        if self.socket is not None:
            try:
                self.socket.shutdown(_socket.SHUT_RDWR)
            except OSError:
                return  # no thread listens
            self.ended.acquire(True, JOIN_SECONDS)
            self.socket.close()
            self.socket = None

    def start_in_child(self):
        """Start the child's own thread: no thread of the parent survives a fork."""
        if self.socket is not None:
            self.socket.close()
        self.start()


def bound(folder, name):
    """A socket bound to that name, by the folder's descriptor: a path may be too long."""
    import _socket

    path = os.path.join(folder, name)
    if os.path.exists(path):
        os.unlink(path)
    made = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    os.set_inheritable(made.fileno(), False)
    if not hasattr(os, "O_PATH"):
        made.bind(path)
        made.listen(8)
        return made
    opened = os.open(folder, os.O_PATH)
    try:
        made.bind("/proc/self/fd/%d/%s" % (opened, name))
        made.listen(8)
    finally:
        os.close(opened)
    return made


def load_answers():
    """Load the lab's modules from their files; they import only one another."""
    import builtins
    import types

    own = {}

    def own_import(name, *rest, **named):
        return own[name] if name in own else builtins.__import__(name, *rest, **named)

    for name in MODULES:
        module = types.ModuleType("_lab_" + name)
        module.__builtins__ = dict(vars(builtins), __import__=own_import)
        module.__file__ = os.path.join(APPS, name + ".py")
        with open(module.__file__, "rb") as file:
            exec(compile(file.read(), module.__file__, "exec"), module.__dict__)
        own[name] = module
    return own["inside"].answer


def run_hidden():
    """Run the sitecustomize that Python would have found without this folder."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    paths = [path for path in sys.path if os.path.abspath(path or ".") != HERE]
    spec = PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def lead_port(fixed, host, port):
    """Let this process listen on the lab's host and port where it names the one that it fixes."""
    import socket

    bind = socket.socket.bind
    own_host = {"127.0.0.1": "::1"}.get(host, "::")

    def bound_there(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[1] == fixed:
            there = own_host if self.family == socket.AF_INET6 else host
            address = (there, port, *address[2:])
        return bind(self, address)

    socket.socket.bind = bound_there


def lead_clients(address, ports, names):
    """Let this process meet the lab's own servers where it names theirs, or this machine's."""
    import socket

    own, resolve = socket.socket, socket.getaddrinfo
    local = ("localhost", "127.0.0.1", "::1")

    def led(host, port):
        port = int(port) if str(port).isdigit() else port
        return host in names or (host in local and port in ports)

    def there(sock, target):
        is_led = sock.family == socket.AF_INET and isinstance(target, tuple) and led(*target[:2])
        return (address, target[1]) if is_led else target

    def connected(self, target, connect=own.connect):
        return connect(self, there(self, target))

    def connected_ex(self, target, connect=own.connect_ex):
        return connect(self, there(self, target))

    def resolved(host, port, *rest, **named):
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        return resolve(address if led(text, port) else host, port, *rest, **named)

    own.connect, own.connect_ex, socket.getaddrinfo = connected, connected_ex, resolved


def lead_secrets(pairs, folder):
    """Let this process open the files of secrets in the app's folder where there are none."""
    import builtins
    import io

    files = {"/run/secrets/" + name: os.path.join(folder, file) for name, file in pairs}
    own = io.open

    class Opened:  # no function: as an attribute of a class it is called like the builtin one
        def __call__(self, file, *rest, **named):
            is_path = isinstance(file, (str, bytes)) or hasattr(file, "__fspath__")
            led = files.get(os.fsdecode(file)) if is_path else None
            return own(led if led and not os.path.exists(file) else file, *rest, **named)

    builtins.open = io.open = Opened()


def leave_out_middleware(names):
    """Let the frameworks that this process imports call no middleware of the app."""
    own = {}
    with open(os.path.join(APPS, "middleware.py"), "rb") as file:
        exec(compile(file.read(), file.name, "exec"), own)
    own["leave_out"](names)


def freeze():
    """Keep what is loaded out of the collector's way: its pages stay shared after a fork."""
    import gc

    gc.collect()
    gc.freeze()


def start():
    if os.environ.get("LAB_GC_FREEZE") and hasattr(os, "register_at_fork"):
        os.register_at_fork(before=freeze)
    if os.environ.get("LAB_NO_MIDDLEWARE"):
        leave_out_middleware(os.environ["LAB_NO_MIDDLEWARE"].split())
    if os.environ.get("LAB_BESIDE"):
        ports = [int(port) for port in os.environ["LAB_BESIDE_PORTS"].split(",")]
        names = os.environ["LAB_BESIDE_NAMES"].split(",")
        lead_clients(os.environ["LAB_BESIDE"], ports, names)
    if os.environ.get("LAB_SECRETS"):
        lines = os.environ["LAB_SECRETS"].splitlines()
        pairs = [line.split("=", 1) for line in lines]
        lead_secrets(pairs, os.environ.get("LAB_FOLDER", "."))
    if os.environ.get("LAB_LED_PORT"):
        address = os.environ["HOST"], int(os.environ["PORT"])
        lead_port(int(os.environ["LAB_LED_PORT"]), *address)
    folder = os.environ.get("LAB_PROBE_SOCKETS")
    if not folder:
        return
    # The thread that imports it first is its main thread: never the probe's, which may be asked
    # before a slow app has imported it.
    import threading  # noqa: F401

    listener = Listener(folder)
    listener.start()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=listener.stop,
            after_in_parent=listener.start,
            after_in_child=listener.start_in_child,
        )


start()
run_hidden()
