"""Each kind of request of an app alone: the variants that tell which of them grows."""

from dataclasses import dataclass, replace

from lab.app.requests import weighted_request_of
from lab.app.spec import AppSpec, RequestProtocol
from lab.records.interventions import KindApart
from lab.records.judgement import LEAST_REQUESTS

MOST_APART = 6
"""The kinds with the largest shares; a run each would take too long for more."""
LOAD_DIVISOR, BLOCKS_APART = 4, 8


@dataclass(frozen=True, slots=True)
class KindAlone:
    """One kind of request alone."""

    suffix: str
    """The end of the variant's name, e.g. `only-2`."""
    description: AppSpec
    kind: str
    """Method and path."""
    share: float
    """The kind's share of the app's requests, from 0 to 1."""


def each_alone(description: AppSpec) -> tuple[KindAlone, ...]:
    """The kinds with the largest shares, in the description's order; none where there is but one.

    What opens a connection and sends nothing has no name to be told by, and is left out.
    """
    numbered = [
        (number, request)
        for number, request in enumerate(description.requests, start=1)
        if request.kind is not RequestProtocol.TCP
    ]
    if len(description.requests) < 2:
        return ()
    weights = sum(request.weight for request in description.requests)
    largest = sorted(numbered, key=lambda each: -each[1].weight)[:MOST_APART]
    count = max(description.count // LOAD_DIVISOR, LEAST_REQUESTS)
    return tuple(
        KindAlone(
            f"only-{number}",
            replace(description, requests=(request,), count=count, blocks=BLOCKS_APART),
            weighted_request_of(request).name,
            request.weight / weights,
        )
        for number, request in sorted(largest, key=lambda each: each[0])
    )


def kinds_apart(description: AppSpec, base: str) -> tuple[KindApart, ...]:
    """The variants of `each_alone`, for the records of a run.

    Args:
        base: the name of the variant that is the app as it is.
    """
    return tuple(
        KindApart(f"{base}-{each.suffix}", each.kind, each.share)
        for each in each_alone(description)
    )
