"""Who holds what has grown: containers that got longer, and the path from a root to each.

Asked twice in the run that explains: `begin` remembers how long each container is, `holders` says
which got longer, what their new entries are, roughly how many bytes they hold, and which objects
that are new nothing in Python refers to.
"""

import collections
import functools
import gc
import itertools
import sys
import types

import owners
import paths
import reach
from reach import is_a

LENGTHS = {}
LOST = {}
"""Objects of each type at the baseline to which nothing in Python refers."""
COUNTS = {}
"""Objects of each type at the baseline."""
MOST_CONTAINERS = 100000
"""The most containers that are remembered at the baseline; of more, only the long ones."""
LEAST_GROWTH = 8
MOST_HOLDERS = 40
MOST_EXAMPLES = 4
MOST_GROWN = 20000
"""Containers that got longer; entries of a holder may be such, one a request."""
SAMPLED = 20
"""Entries of a container whose size is measured; the rest is taken to be alike."""
MOST_OBJECTS_OF_ENTRY = 500
"""The most objects that are counted as one entry's."""
LEAST_LOST = 50
KINDS = (dict, list, set, collections.deque)
SHARED = (types.ModuleType, type, types.BuiltinFunctionType, types.CodeType)
CACHE = type(functools.lru_cache(maxsize=None)(len))


def length(found):
    """The number of entries; None: the object is not a container. No code of the app runs."""
    if is_a(found, CACHE):
        return found.cache_info().currsize
    for kind in KINDS:
        if is_a(found, kind):
            return kind.__len__(found)
    return len(found) if is_a(found, bytearray) else None


def containers(objects):
    """Every container: what the collector tracks, and the untracked dicts that these hold."""
    for found in objects:
        if length(found) is not None:
            yield found
        for each in reach.referents(found):
            if type(each) in (dict, bytearray) and not gc.is_tracked(each):
                yield each


def begin():
    """Remember the length of each container, and what nothing in Python refers to."""
    gc.collect()
    reach.frame_roots()  # up to 3.12 a frame keeps the dict in which its variables were shown
    objects = gc.get_objects()
    many = len(objects) > MOST_CONTAINERS
    LENGTHS.clear()
    LOST.clear()
    for found in containers(objects):
        size = length(found)
        if not many or size >= LEAST_GROWTH:
            LENGTHS[id(found)] = (type(found), size)
    COUNTS.clear()
    COUNTS.update(collections.Counter(map(type, objects)))
    met = search(objects)
    LOST.update({} if met.limit else lost(objects, met))


def before_of(found):
    """The length of a container at the baseline; 0 for a new one."""
    kind, size = LENGTHS.get(id(found), (None, 0))
    return size if kind is type(found) else 0


def grown(objects):
    """(entries more, container) of all that got longer, each once, the most first."""
    found, seen = [], set()
    for each in containers(objects):
        more = length(each) - before_of(each)
        if more >= LEAST_GROWTH and id(each) not in seen and id(each) not in own_ids():
            seen.add(id(each))
            found.append((more, each))
    found.sort(key=lambda pair: -pair[0])
    return found


def own_ids():
    """The identities of this module's containers, which are not the app's."""
    return {id(LENGTHS), id(LOST), id(COUNTS)}


def newest(found, count):
    """At most that many entries of a container, the last ones where it has an order."""
    if is_a(found, CACHE):
        return cached(found)[-count:]
    if is_a(found, dict):
        skipped = max(dict.__len__(found) - count, 0)
        return [pair for pair in itertools.islice(dict.items(found), skipped, None)]
    if is_a(found, (list, collections.deque)):
        return [found[-1 - index] for index in range(min(count, len(found)))]
    if is_a(found, set):
        return list(itertools.islice(set.__iter__(found), count))
    return []


def cached(found):
    """(key, result) pairs of a cache. One with a limit keeps them in links of its own."""
    refers = reach.referents(found)
    inner = max((each for each in refers if type(each) is dict), key=len, default={})
    pairs = list(dict.items(inner))
    if not pairs or type(pairs[0][1]).__name__ != "_lru_list_elem":
        return pairs
    keys = {id(key) for key, _ in pairs}
    return [
        (key, result)
        for key, result in zip(refers, refers[1:])  # noqa: B905, RUF007 - Python 3.7
        if id(key) in keys
    ]


def entry_bytes(entries):
    """Bytes of one entry and what hangs on it alone, on average over these."""
    seen, total = set(), 0
    for entry in entries:
        waiting, parts = list(entry) if type(entry) is tuple else [entry], 0
        while waiting and parts < MOST_OBJECTS_OF_ENTRY:
            each = waiting.pop()
            if id(each) in seen or each is None or is_shared(each):
                continue
            seen.add(id(each))
            total += sys.getsizeof(each, 0)
            parts += 1
            if not is_a(each, reach.ATOMS):
                waiting.extend(reach.referents(each))
    return total / len(entries) if entries else 0


def is_shared(found):
    """Whether an object is shared by design: a module, a class or a function of a module."""
    if type(found) is types.FunctionType:
        return "<locals>" not in found.__qualname__ and found.__name__ != "<lambda>"
    return is_a(found, SHARED) or (type(found) is dict and "__builtins__" in found)


def kinds_of(entries):
    """The commonest type of the entries' values."""
    values = [each[1] if is_a(each, tuple) and len(each) == 2 else each for each in entries]
    names = collections.Counter(type(each).__name__ for each in values)
    return names.most_common(1)[0][0] if names else ""


def holder(found, more, met):
    """One container as a record."""
    path = met.path(found)
    entries = newest(found, min(SAMPLED, more))
    own = sys.getsizeof(found, 0) * more / max(length(found), 1)
    each = 1 if is_a(found, bytearray) else entry_bytes(entries)
    cache = found.cache_info() if is_a(found, CACHE) else None
    return {
        "path": paths.written(path) if path else None,
        "kind": "lru_cache" if cache else type(found).__name__,
        "entries_before": before_of(found),
        "entries_after": length(found),
        "held_bytes": int(each * more + (0 if is_a(found, bytearray) else own)),
        "entries": kinds_of(entries),
        "limit": cache.maxsize if cache else getattr(found, "maxlen", None),
        "owner": owners.owner_of(path) if path else None,
    }


def is_inside(found, others, met):
    """Whether a container is a part of another one that grew, by the identities of these."""
    path = met.path(found)
    return path is not None and any(id(step) in others for step in path[1:-1])


def lost(objects, met, hidden=()):
    """How many objects of each type live though nothing in Python refers to them.

    A context that is a root of its own is one: only C code, such as a thread's state, has it.
    """
    unmet = [
        each for each in objects if is_lost(met.parents.get(id(each))) and id(each) not in hidden
    ]
    referred = {id(each) for found in unmet for each in reach.referents(found)}
    return collections.Counter(type(each) for each in unmet if id(each) not in referred)


def is_lost(parent):
    """Whether an object is reached by no way, or only as a context that C code has."""
    return parent is None or (type(parent) is reach.Root and parent.kind == "context")


def search(objects, hidden=(), limits=reach.LIMITS):
    roots = reach.module_roots() + reach.frame_roots()
    hidden = (LENGTHS, LOST, COUNTS, objects, *hidden)
    return reach.search(roots, hidden, reach.context_roots(objects), limits)


def holders(own=(), limits=reach.LIMITS):
    """The containers that hold more than at the baseline, the one with the most bytes first.

    Args:
        own: objects of the lab; what only these hold is not the app's.
        limits: those of the search.
    """
    gc.collect()
    objects = gc.get_objects()
    longer = grown(objects)
    met = search(objects, (longer,), limits)
    hidden = reach.search([reach.Root("lab", "lab", each) for each in own]).parents
    longest = [pair for pair in longer[:MOST_GROWN] if is_apps(pair[1], met, hidden)]
    others = {id(found) for _, found in longest}
    outermost = [pair for pair in longest if not is_inside(pair[1], others, met)]
    records = [holder(found, more, met) for more, found in outermost[: 4 * MOST_HOLDERS]]
    records.sort(key=lambda record: -record["held_bytes"])
    return {
        "holders": records[:MOST_HOLDERS],
        "lost": [] if met.limit else lost_since(lost(objects, met, hidden)),
        "examples": examples([each for each in objects if is_apps(each, met, hidden)], met),
        "limit": met.limit,
    }


def is_apps(found, met, hidden):
    """Whether an object is the app's: not one that only the lab's own hold."""
    return id(found) in met.parents or id(found) not in hidden


def examples(objects, met):
    """The types with the most new objects: their counts, and the path to the newest object."""
    newest_of = {type(found): found for found in objects if id(found) in met.parents}
    more = collections.Counter(map(type, objects))
    more.subtract(COUNTS)
    return [
        {"type": type_name(kind), "count": count, "path": paths.written(met.path(newest_of[kind]))}
        for kind, count in more.most_common(2 * MOST_EXAMPLES)
        if count >= LEAST_LOST and kind in newest_of
    ][:MOST_EXAMPLES]


def type_name(kind):
    return "%s.%s" % (kind.__module__, kind.__qualname__)


def lost_since(counts):
    """Types with many more unreferenced objects than at the baseline."""
    more = {kind: count - LOST.get(kind, 0) for kind, count in counts.items()}
    found = sorted(
        (kind for kind in more if more[kind] >= LEAST_LOST), key=lambda kind: -more[kind]
    )
    return [{"type": type_name(kind), "count": more[kind]} for kind in found]
