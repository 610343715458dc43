"""What helps against a growth whose holder is known by name, by whose code it is. Pure."""

from collections.abc import Mapping

from lab.causes.holders import HolderFinding, package_text
from lab.causes.releases import tracker_text
from lab.records.holders import CodeKind, Owner

JOIN_THREADS = "join the threads that are started, or give them a pool"
LIBRARY_ADVICE: Mapping[str, str] = {
    "threading": JOIN_THREADS,
    "logging": "make loggers and handlers once, not with each request",
    "asyncio": "await or cancel the tasks and timers that are made",
    "weakref": "drop the objects that weakref.finalize waits for",
    "atexit": "register functions with atexit once, not with each request",
    "warnings": "use few texts of warnings: Python remembers each new one",
    "mimetypes": "add types once, not with each request",
}
"""Advice by the first part of the name of the module that holds the memory."""
LIMITS: Mapping[str, str] = {
    "list": "limit {path}, or drop its entries once they are used",
    "deque": "give {path} a maxlen, or drop its entries once they are used",
    "Queue": "give {path} a maxsize, or take out what is put in",
    "SimpleQueue": "take out of {path} what is put in, or use a Queue with a maxsize",
}
"""Advice by the type of the app's own container that has no keys."""
KEYED = "limit {path}, let its entries expire, or use fewer different keys"


def advice_for_holder(holder: HolderFinding, caller: str | None = None) -> str | None:
    """The advice for a holder that is known by name; None without one.

    Args:
        caller: the line of the app that leads to what was left, where one is known.
    """
    found = next((each for each in holder.holders if each.path), None)
    if found is None:
        return advice_for_package(holder)
    path = found.path
    owner = holder.owner
    if owner is None or owner.kind is CodeKind.APP:
        return LIMITS.get(found.kind, KEYED).format(path=path)
    if owner.kind is CodeKind.LIBRARY:
        return advice_for_library(owner, caller)
    if not owner.is_in_app:
        return advice_for_package(holder) or f"let {owner.module} hold fewer entries"
    name = package_text(owner.package) if owner.package else owner.module
    return f"give {path} fewer different entries or a shorter life: its code is {name}'s"


def advice_for_library(owner: Owner, caller: str | None) -> str:
    """The advice where the standard library remembers what the app does."""
    advice = LIBRARY_ADVICE.get(owner.module.partition(".")[0])
    where = f" ({caller})" if caller else ""
    if advice is not None:
        return f"{advice}{where}"
    return f"look for what the app calls of {owner.module} with each request{where}"


def advice_for_package(holder: HolderFinding) -> str | None:
    """The package to move; None where none is known."""
    package = holder.culprit
    if package is None:
        return None
    return (
        f"move {package_text(package)} to a release that does not leak, or report it "
        f"{tracker_text(package)}"
    )
