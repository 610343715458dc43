"""What is sent to a variant: its own load where it has one, else what the settings say."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.errors import UsageError
from lab.matrix.servers import USER_APP_STACK
from lab.records.variant import Connection, RequestKind, Scenario, Variant
from lab.settings import Settings


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The load of one trial, nothing left open."""

    requests: int
    concurrency: int
    connection: Connection
    blocks: int
    kind: RequestKind
    companion: str | None
    """A second path that is asked for meanwhile, one request at a time."""
    may_extend: bool
    """Whether more of it may follow while nothing is decided."""


def plan_load(variant: Variant, settings: Settings) -> LoadPlan:
    """The load of a variant under these settings.

    To an exact load nothing is added, and after a scenario there is nothing to go on with: what an
    own app gives back is looked at after all its load, however much that was.

    Raises:
        UsageError: it has fewer requests than blocks.
    """
    own = variant.load
    requests = own.requests or settings.requests
    blocks = own.blocks or settings.blocks
    if requests < blocks:
        raise UsageError(
            f"{variant.name} sends {requests} requests, which are fewer than its {blocks} blocks: "
            "set REQUESTS or BLOCKS, or its lab.requests or lab.blocks in compose.yaml"
        )
    return LoadPlan(
        requests=requests,
        concurrency=own.concurrency or settings.concurrency,
        connection=own.connection or settings.connection,
        blocks=blocks,
        kind=own.kind,
        companion=own.companion,
        may_extend=not own.exact and may_extend(variant),
    )


def may_extend(variant: Variant) -> bool:
    gives_back = variant.scenario is Scenario.GIVE_BACK and variant.axes.stack == USER_APP_STACK
    return variant.scenario is None or gives_back


def plan_loads(variants: Sequence[Variant], settings: Settings) -> dict[str, LoadPlan]:
    """The loads by the variants' names; raises UsageError for the first that cannot be sent."""
    return {variant.name: plan_load(variant, settings) for variant in variants}


def block_sizes(requests: int, blocks: int) -> list[int]:
    """Equal shares of the load; the first ones take what does not divide."""
    share, rest = divmod(requests, blocks)
    return [share + (index < rest) for index in range(blocks)]
