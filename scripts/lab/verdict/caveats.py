"""The closed set of caveats: what is said of each, and which of them forbid a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class CaveatKind(Enum):
    """The closed set of caveats: the sentence with its numbers and the next action."""

    DIED_AT_LIMIT = (
        "Its server was killed at the memory limit of {limit} after {requests:,} requests; raise"
        " the limit, or lower CONCURRENCY."
    )
    NOT_COMPLETE = "The trial ended early ({end}): {reason}; see its log and run it again."
    NO_REQUESTS = "None of {sent:,} requests was answered with 2xx; look at the server's log."
    KILLED = "{they_were} killed at the memory limit of {limit}; raise it."
    NO_BASELINE = "The baseline is missing; run the trial again."
    TROUGHS_MISSING = "Troughs are missing ({missing} of {blocks}); run the trial again."
    EMPTY_BLOCK = (
        "No request was completed in {empty} of {blocks} blocks; look at the server's log."
    )
    TOO_FEW_BLOCKS = (
        "A verdict needs {least} blocks, and the load had {blocks}; set BLOCKS={least} or more."
    )
    MANY_FAILED = "{failed:,} of {sent:,} requests failed ({share}); lower CONCURRENCY."
    DRIVER_BUSY = "The driver used {busy:.2f} of a core in the median block; lower LANES."
    NEAR_LIMIT = (
        "Memory reached {highest}, and its limit is {limit}: the limit may have stopped its growth;"
        " raise mem_limit."
    )
    SOME_FAILED = "{failed:,} of {sent:,} requests failed; the report lists their kinds."
    DRIVER_BUSY_AT_TIMES = (
        "The driver used more than {most} of a core in {count} of {blocks} blocks; lower LANES."
    )
    NOT_STABLE = (
        "Memory was not yet stable at {count} of {troughs} troughs;"
        " raise REQUESTS or lower LANES, so that the host is less busy."
    )
    EXTENDED = (
        "The verdict was open after the {planned} planned blocks, or a leak had to be confirmed;"
        " {they_were} added."
    )
    PAGE_CACHE = (
        "Page cache in active use grew by {grown}; the verdict leaves it out, as the kernel takes"
        " it back when memory is short."
    )
    SAMPLES_LEFT_OUT = (
        "{they_were} left out of the raw file, which had no room for all: its curve has fewer"
        " points; blocks and troughs are all there. Fewer VARIANTS or TRIALS leave more room."
    )
    GAPS = "Samples are missing for up to {seconds:.0f} s ({gaps}); lower LANES."


OF_USER_APPS: Mapping[CaveatKind, str] = {
    CaveatKind.TOO_FEW_BLOCKS: (
        "A verdict needs {least} blocks, and the load had {blocks}; set `blocks` = {least}."
    ),
    CaveatKind.MANY_FAILED: "{failed:,} of {sent:,} requests failed ({share}): {kinds}: {next}.",
    CaveatKind.SOME_FAILED: "{failed:,} of {sent:,} requests failed: {kinds}.",
    CaveatKind.DRIVER_BUSY: (
        "The driver used {busy:.2f} of a core in the median block, so the load may have come more"
        " slowly than the app can take it; memory is judged over requests, whatever their pace."
    ),
    CaveatKind.DRIVER_BUSY_AT_TIMES: (
        "The driver used more than {most} of a core in {count} of {blocks} blocks, in which the"
        " load may have come more slowly than the app can take it."
    ),
    CaveatKind.NEAR_LIMIT: (
        "Memory reached {highest}, and its limit is {limit}: the limit may have stopped its growth;"
        " raise `memory`."
    ),
    CaveatKind.KILLED: "{they_were} killed at the memory limit of {limit}; raise `memory`.",
    CaveatKind.NOT_STABLE: (
        "Memory was not yet stable at {count} of {troughs} troughs: the app, or other work on this"
        " host, was still busy."
    ),
    CaveatKind.SAMPLES_LEFT_OUT: (
        "{they_were} left out of the raw file, which had no room for all: its curve has fewer"
        " points; blocks and troughs are all there."
    ),
    CaveatKind.GAPS: (
        "Samples are missing for up to {seconds:.0f} s ({gaps}): the host was busy with other work."
    ),
}
"""The sentences for a user app, whose load is set by the keys of its lab.toml."""
FORBIDDING = frozenset(
    {
        CaveatKind.DIED_AT_LIMIT,
        CaveatKind.NOT_COMPLETE,
        CaveatKind.NO_REQUESTS,
        CaveatKind.KILLED,
        CaveatKind.NO_BASELINE,
        CaveatKind.TROUGHS_MISSING,
        CaveatKind.EMPTY_BLOCK,
        CaveatKind.TOO_FEW_BLOCKS,
        CaveatKind.MANY_FAILED,
        CaveatKind.DRIVER_BUSY,
        CaveatKind.NEAR_LIMIT,
    }
)


@dataclass(frozen=True, slots=True)
class Caveat:
    """One caveat with its numbers."""

    kind: CaveatKind
    numbers: Mapping[str, object]
    of_user_app: bool = False

    @property
    def sentence(self) -> str:
        """The caveat with its numbers and the next action."""
        own = OF_USER_APPS.get(self.kind) if self.of_user_app else None
        return (own or self.kind.value).format(**self.numbers)

    @property
    def forbids(self) -> bool:
        """Whether it leaves no verdict but `inconclusive`."""
        if self.of_user_app and self.kind is CaveatKind.DRIVER_BUSY:
            return False
        return self.kind in FORBIDDING
