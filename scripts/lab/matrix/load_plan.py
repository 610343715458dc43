"""The load of a variant: its own where it has one, else that of the settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.errors import UsageError
from lab.records.run_limits import (
    MOST_PLANNED_TRIALS,
    MOST_VARIANTS,
    MOST_WRITTEN_BYTES,
    RECORDS_SHARE,
    expected_bytes,
)
from lab.records.variant import Connection, RequestKind, Scenario, Variant
from lab.settings import Settings
from lab.text.phrases import counted, in_mib


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The load of one trial, every value set."""

    requests: int
    concurrency: int
    connection: Connection
    blocks: int
    kind: RequestKind
    companion: str | None
    """A second path that gets one request after the other during the load."""
    may_extend: bool
    """Whether the load may be extended while the verdict is open."""


def plan_load(variant: Variant, settings: Settings) -> LoadPlan:
    """The load of a variant under these settings.

    An exact load is never extended, nor is a load that ends with a post-load action; only a user
    app's give-back waits until its load, however long, is over.

    Raises:
        UsageError: the load has fewer requests than blocks.
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
    gives_back = variant.scenario is Scenario.GIVE_BACK and variant.is_user_app
    return variant.scenario is None or gives_back


def plan_loads(variants: Sequence[Variant], settings: Settings) -> dict[str, LoadPlan]:
    """The loads by the variants' names.

    Raises:
        UsageError: a load cannot be sent, or the run is larger than one report reads.
    """
    check_trials(len(variants), settings)
    loads = {variant.name: plan_load(variant, settings) for variant in variants}
    check_bytes(variants, loads, settings)
    return loads


def check_trials(variants: int, settings: Settings) -> None:
    """Refuse more variants or trials than one report reads."""
    if variants > MOST_VARIANTS:
        raise UsageError(
            f"{variants} variants are more than the {MOST_VARIANTS} of one run: set VARIANTS, and "
            "compare the runs"
        )
    if (trials := variants * settings.trials) > MOST_PLANNED_TRIALS:
        raise UsageError(
            f"{variants} variants with TRIALS={settings.trials} are {trials:,} trials, of "
            f"{MOST_PLANNED_TRIALS} at most in one run: set TRIALS or VARIANTS, and compare the "
            "runs"
        )


def check_bytes(
    variants: Sequence[Variant], loads: Mapping[str, LoadPlan], settings: Settings
) -> None:
    """Refuse a run whose raw files would be larger than what is read."""
    needed = settings.trials * sum(trial_bytes(each, loads[each.name]) for each in variants)
    if needed > RECORDS_SHARE * MOST_WRITTEN_BYTES:
        raise UsageError(
            f"{counted(len(variants), 'variant')} with TRIALS={settings.trials} and "
            f"BLOCKS={settings.blocks} would write {in_mib(needed)} of blocks and troughs; one "
            f"report reads {in_mib(RECORDS_SHARE * MOST_WRITTEN_BYTES)} of them at most: set "
            "BLOCKS, TRIALS, WORKERS or VARIANTS, and compare the runs"
        )


def trial_bytes(variant: Variant, load: LoadPlan) -> int:
    """What the raw file of a trial has at least, without samples."""
    return expected_bytes(load.blocks, variant.axes.workers)


def block_sizes(requests: int, blocks: int) -> list[int]:
    """Equal shares of the load; the first ones take what does not divide."""
    share, rest = divmod(requests, blocks)
    return [share + (index < rest) for index in range(blocks)]
