"""How one object refers to the next, written as code: `app.CLIENT.hooks['a']`.

No code of the app runs: attributes are read from the objects' own dicts and slots.
"""

import collections
import threading
import types

from reach import is_a

try:
    import contextvars
except ImportError:  # before 3.7
    contextvars = None

LONGEST_KEY = 40
MOST_STEPS_WRITTEN = 24
"""The most steps that are written; a longer chain is cut in its middle."""
CELL = type((lambda found: lambda: found)(0).__closure__[0])
SUSPENDED = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)
FRAMES = ("gi_frame", "cr_frame", "ag_frame")


def written(path):
    """A path from a root's record to an object, as code."""
    root, steps = path[0], without_hulls(path[1:])
    names = [
        module_step(holder, held)
        if holder is root.found and root.kind == "module"
        else step(holder, held)
        for holder, held in zip(steps, steps[1:])  # noqa: B905, RUF007 - Python 3.7
    ]
    if len(names) > MOST_STEPS_WRITTEN:
        left = len(names) - MOST_STEPS_WRITTEN
        names[MOST_STEPS_WRITTEN // 2 : -MOST_STEPS_WRITTEN // 2] = [" ... %d steps ..." % left]
    return root.name + "".join(names)


def without_hulls(steps):
    """The steps without what code does not write: dicts of attributes, closures' tuples."""
    kept = []
    for index, each in enumerate(steps):
        before = kept[-1] if kept else None
        after = steps[index + 1] if index + 1 < len(steps) else None
        if before is not None and after is not None and is_hull(before, each, after):
            continue
        kept.append(each)
    return kept


def is_hull(holder, held, after):
    if is_a(holder, (type, threading.local)):
        return type(held) is dict
    if is_a(holder, types.FunctionType):
        return held is holder.__closure__ or (held is holder.__dict__)
    if contextvars and is_a(holder, contextvars.Context):
        return type(held).__name__.startswith("hamt") or type(after).__name__.startswith("hamt")
    if is_a(holder, SUSPENDED):
        return type(held) is types.FrameType
    return type(held) is dict and held is instance_dict(holder)


def module_step(holder, held):
    name = key_of(holder, held)
    return ".%s" % name if isinstance(name, str) else ""


def step(holder, held):
    """How one object refers to the next; empty where code has no word for it."""
    if is_a(holder, dict):
        return "[%s]" % shortened(key_of(holder, held))
    if is_a(holder, (list, tuple, set, frozenset, collections.deque)):
        return "[...]"
    if is_a(holder, types.FunctionType):
        return function_step(holder, held)
    if is_a(holder, SUSPENDED):
        return suspended_step(holder, held)
    if contextvars and is_a(holder, contextvars.Context):
        names = [variable.name for variable, value in holder.items() if value is held]
        return " variable %s" % names[0] if names else ""
    return attribute_step(holder, held)


def function_step(function, held):
    if held is function.__defaults__:
        return ".__defaults__"
    if held is function.__kwdefaults__:
        return ".__kwdefaults__"
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):  # noqa: B905
        if cell is held:
            return ".<closure>.%s" % name
    return named(function.__dict__, held)


def suspended_step(holder, held):
    """The local variable of a generator or coroutine that waits."""
    frames = [getattr(holder, name) for name in FRAMES if hasattr(holder, name)]
    values = dict(frames[0].f_locals) if frames and frames[0] is not None else {}
    return "%s()%s" % (" in " + holder.__name__, named(values, held))


def attribute_step(holder, held):
    if is_a(holder, type):
        return named(vars(holder), held)
    if is_a(holder, threading.local):
        return named(of_all_threads(holder, held), held)
    if is_a(holder, CELL):
        return ""
    return named(instance_dict(holder) or {}, held) or slot_step(holder, held)


def of_all_threads(holder, held):
    """The attributes of a `threading.local` that hold this object.

    The search meets those of another thread.
    """
    import gc

    inner = [each for each in gc.get_referrers(held) if type(each) is dict]
    return next((each for each in inner if any(type(key) is str for key in each)), {})


def slot_step(holder, held):
    for kind in type(holder).__mro__:
        for name, slot in list(vars(kind).items()):
            if isinstance(slot, types.MemberDescriptorType) and member(slot, holder) is held:
                return ".%s" % name
    return ""


def named(values, held):
    name = key_of(values, held)
    return ".%s" % name if isinstance(name, str) else ""


def key_of(values, held):
    """The key under which a mapping holds something; None where it does not."""
    for key, value in list(values.items()):
        if value is held:
            return key
    return None


def instance_dict(holder):
    """An object's own attributes; None where it has none."""
    try:
        found = object.__getattribute__(holder, "__dict__")
    except Exception:
        return None
    return found if is_a(found, dict) else None


def member(slot, holder):
    try:
        return slot.__get__(holder)
    except Exception:
        return None


def shortened(key):
    """A key of a plain kind as code writes it, cut; of any other kind its type."""
    if is_a(key, (str, bytes, int, float, bool)):
        text = ascii(key)
        return text if len(text) <= LONGEST_KEY else text[: LONGEST_KEY - 4] + "...'"
    return "key" if key is None else type(key).__name__
