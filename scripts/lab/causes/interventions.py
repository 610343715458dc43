"""Which interventions of a user app would tell its plausible causes apart."""

from collections.abc import Sequence

from lab.causes.causes import Plausible
from lab.records.interventions import Intervention

MOST_AT_ONCE = 4
"""Interventions that are tried side by side: more would not fit into the time."""


def worth_trying(
    causes: Sequence[Plausible], changes: Sequence[Intervention], most: int = MOST_AT_ONCE
) -> tuple[Intervention, ...]:
    """Those that would prove a plausible cause, the likeliest cause's first."""
    wanted: dict[str, Intervention] = {}
    for cause in causes:
        for change in changes:
            if cause.cause in change.proves:
                wanted.setdefault(change.name, change)
    return tuple(wanted.values())[:most]
