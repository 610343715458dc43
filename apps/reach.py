"""Which objects this process can reach from its roots, and by which shortest path.

Roots are modules, the frames of threads and contexts. One search from all of them, breadth first,
gives each object its shortest path; what it does not meet although it lives, only C code holds.
The lab's own modules, threads and frames are not roots.
"""

import collections
import gc
import os
import sys
import threading
import time
import types

try:
    import contextvars
except ImportError:  # before 3.7
    contextvars = None

OWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")
MOST_OBJECTS = 300000
"""The most objects that a search meets: about 130 bytes each while it lasts."""
MOST_CPU_SECONDS = 20.0
"""CPU time of a search. On a busy machine a search waits, which says nothing of its size."""
MOST_SEARCH_SECONDS = 60.0
"""Time of a search with all that it waits."""
LOOK_AT_CLOCK = 4096
"""Objects between two looks at the clock."""
ATOMS = (str, bytes, int, float, complex, bool, type(None), types.CodeType, range)
CODE_KINDS = ("app", "package", "standard library")
"""Whose code a module is, by its distance."""
FEW_ENTRIES = 16
"""An untracked dict with fewer entries is not followed."""

cpu_seconds = getattr(time, "thread_time", time.process_time)
"""CPU time of this thread; before 3.7, and where no thread has its own, of the process."""


class SearchLimits:
    """Where a search ends."""

    def __init__(self, objects=MOST_OBJECTS, cpu=MOST_CPU_SECONDS, seconds=MOST_SEARCH_SECONDS):
        self.objects, self.cpu_seconds, self.seconds = objects, cpu, seconds

    def clocks(self):
        """Clocks, with what they show at the end of a search that begins now, and its text."""
        known = (
            (time.monotonic, self.seconds, "%.0f s"),
            (cpu_seconds, self.cpu_seconds, "%.0f s of CPU time"),
        )
        return [(clock, clock() + most, text % most) for clock, most, text in known]


LIMITS = SearchLimits()


class Reach:
    """Parents of what was met, and how the search ended."""

    def __init__(self):
        self.parents = {}
        """The object that refers to it, by the identity of what was met; a root's is its Root."""
        self.limit = None
        """Why the search ended early; None when it met everything."""

    def path(self, found):
        """The objects from a root to this one, the root's record first; None when not met."""
        steps, seen = [found], set()
        while type(steps[-1]) is not Root:
            here = id(steps[-1])
            parent = self.parents.get(here)
            if parent is None or here in seen:
                return None
            seen.add(here)
            steps.append(parent)
        return steps[::-1]


class Root:
    """Where a search begins, and its name as one would write it."""

    def __init__(self, name, kind, found, module=None):
        self.name, self.kind, self.found = name, kind, found
        self.module = module
        """The module whose code refers to it; None where none is known."""


def is_a(found, kinds):
    """Like `isinstance`, by the type alone: a proxy's `__class__` is code of the app."""
    return issubclass(type(found), kinds)


def is_own_file(name):
    return bool(name) and os.path.abspath(name).startswith(OWN)


def distance(module):
    """The distance of a module from the app: 0 its own, 1 a package, 2 the standard library."""
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return 2
    if "site-packages" in file or "dist-packages" in file:
        return 1
    return 2 if file.startswith((sys.base_prefix, os.path.dirname(os.__file__))) else 0


def module_name(module):
    """The name of a module; for the program that was started the name of its file."""
    name = module.__name__
    if name == "__main__" and isinstance(getattr(module, "__file__", None), str):
        return os.path.splitext(os.path.basename(module.__file__))[0]
    return name


def module_roots():
    found = []
    for module in list(sys.modules.values()):
        if not is_a(module, types.ModuleType) or is_own_file(
            getattr(module, "__file__", None) if isinstance(module.__dict__, dict) else None
        ):
            continue
        root = Root(module_name(module), "module", module.__dict__, module)
        found.append((distance(module), root))
    found.sort(key=lambda pair: pair[0])
    return [root for _, root in found]


def frame_roots():
    """Roots for the local variables in every other thread's frames, innermost frame first."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    found = []
    for ident, frame in sys._current_frames().items():
        if ident == threading.get_ident():
            continue
        while frame is not None:
            if not is_own_file(frame.f_code.co_filename):
                where = "%s() in thread %s" % (frame.f_code.co_name, names.get(ident, ident))
                module = sys.modules.get(frame.f_globals.get("__name__"))
                found.extend(local_roots(frame.f_locals, where, module))
            frame = frame.f_back
    return found


def local_roots(values, where, module):
    """A root for each local variable; the variables of a module's own frame are the module's."""
    if "__name__" in values:
        return []
    pairs = list(values.items())
    return [
        Root("%s of %s" % (name, where), "frame", each, module)
        for name, each in pairs
        if is_followed(each)
    ]


def context_roots(objects):
    """Contexts that only a thread's state refers to."""
    kind = contextvars.Context if contextvars else ()
    return [Root("context", "context", each) for each in objects if is_a(each, kind)]


def is_followed(found):
    """Whether it can hold something: what the collector tracks, and larger dicts of atoms."""
    if is_a(found, ATOMS):
        return False
    if gc.is_tracked(found) or is_a(found, type):
        return True
    return type(found) in (dict, bytearray) and len(found) >= FEW_ENTRIES


def referents(found):
    """The objects that one refers to.

    Not those of `_asyncio` but what its dict holds: before Python 3.14 it shows the objects of its
    free list, which are dead, and to hold one of these breaks the list and the app.
    """
    if is_a(found, types.ModuleType) and found.__name__ == "_asyncio":
        return [found.__dict__]
    return gc.get_referents(found)


def search(roots, hidden=(), late=(), limits=LIMITS):
    """The Reach of these roots; a module's objects are met by their own module first.

    Args:
        late: roots where nothing else met them.
    """
    reach, ignored = Reach(), {id(each) for each in hidden}
    ends = limits.clocks()
    for group in (roots, late):
        if reach.limit is None:
            go_on(reach, group, ignored, (limits.objects, ends))
    return reach


def go_on(reach, roots, ignored, ends):
    """Meet what these roots refer to, up to the first of these ends: so many objects, and clocks
    with what they show then and its text."""
    waiting, count = collections.deque(), 0
    most_objects, clocks = ends
    for root in roots:
        if reach.parents.setdefault(id(root.found), root) is root:
            waiting.append(root.found)
    while waiting:
        found = waiting.popleft()
        for each in referents(found):
            if id(each) in reach.parents or id(each) in ignored or not is_followed(each):
                continue
            reach.parents[id(each)] = found
            waiting.append(each)
        count += 1
        if len(reach.parents) > most_objects:
            reach.limit = "the search ended at {:,} objects".format(most_objects)
            return
        if count % LOOK_AT_CLOCK == 0:
            after = [text for clock, end, text in clocks if clock() > end]
            if after:
                reach.limit = "the search ended after " + after[0]
                return
