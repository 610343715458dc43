"""Requests of a user app in words: each kind with its counts, what was refused, whose fault."""

from collections.abc import Iterator, Mapping, Sequence

from lab.records.observations import Block, KindCounts

MOST_KINDS_NAMED = 8
"""How many kinds of requests one sentence names."""
APPS_FAULT = (
    "a 5xx is the app's own fault: its log says what it needs (a database, a variable, a package)"
)
REQUESTS_FAULT = (
    "a 4xx is the request's fault: correct its path, method, headers or body in [[requests]], or "
    "name the status in its `expect`"
)
NO_ANSWER_FAULT = (
    "a request without an answer waits for something: does a server that it needs run?"
)
ENDLESS_FAULT = "an answer without an end, or of more than 1 GiB: request a path that ends"
OVERLOAD = "a connection that is refused or reset, or a timeout: lower `concurrency`"


def merged(blocks: Sequence[Block]) -> dict[str, KindCounts]:
    """The counts of each kind of request over all blocks."""
    sums: dict[str, KindCounts] = {}
    for block in blocks:
        for name, counts in block.kinds.items():
            sums[name] = added(sums[name], counts) if name in sums else counts
    return sums


def added(one: KindCounts, other: KindCounts) -> KindCounts:
    names = dict.fromkeys((*one.outcomes, *other.outcomes))
    outcomes = {name: one.outcomes.get(name, 0) + other.outcomes.get(name, 0) for name in names}
    first = one.first_refused or other.first_refused
    failed, body_bytes = one.failed + other.failed, one.body_bytes + other.body_bytes
    return KindCounts(outcomes, failed, body_bytes, first)


def failed_kinds(blocks: Sequence[Block]) -> dict[str, KindCounts]:
    """The kinds of which something was not served as expected."""
    return {name: counts for name, counts in merged(blocks).items() if counts.failed}


def kinds_text(kinds: Mapping[str, KindCounts]) -> str:
    """Each kind with its counts by status and the first body that was refused."""
    texts = list(kind_texts(kinds))
    more = (
        f"; and {len(texts) - MOST_KINDS_NAMED} more kinds" if len(texts) > MOST_KINDS_NAMED else ""
    )
    return "; ".join(texts[:MOST_KINDS_NAMED]) + more


def kind_texts(kinds: Mapping[str, KindCounts]) -> Iterator[str]:
    for name, counts in kinds.items():
        outcomes = ", ".join(f"{outcome} x {count}" for outcome, count in counts.outcomes.items())
        refused = f" (the first said: {counts.first_refused})" if counts.first_refused else ""
        yield f"{name}: {outcomes}{refused}"


def next_step(kinds: Mapping[str, KindCounts]) -> str:
    """Whose fault the failures are, and what to do: the app's before the request's."""
    outcomes = {name for counts in kinds.values() for name in counts.outcomes}
    if any(name.startswith("5") for name in outcomes):
        return APPS_FAULT
    if any(name[:1] in "34" for name in outcomes):
        return REQUESTS_FAULT
    if "too-large" in outcomes:
        return ENDLESS_FAULT
    return OVERLOAD
