"""The order of a run's variants and their share of its work: rough expectations, not measured."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from lab.matrix.load_plan import LoadPlan
from lab.matrix.servers import min_cooldown_seconds
from lab.records.variant import Variant

FULL_COOLDOWNS = 3
"""At the baseline, after the first block and at the end; the others are short."""
START_SECONDS = 8.0
"""Seconds of start, calibration and warm-up, on two cores that other variants use as well."""
EXTRA_COOLDOWN_SECONDS = 2.0
"""Seconds of a cooldown beyond its minimum: until two readings agree, and the engine's next one."""
REQUEST_SECONDS = 0.025
"""Seconds of one `lists` request on one core; the other workloads cost no more."""


def expected_seconds(variant: Variant, plan: LoadPlan) -> float:
    """A rough expectation of a trial's duration in seconds."""
    full = FULL_COOLDOWNS * min_cooldown_seconds(variant.axes)
    cooldowns = full + (plan.blocks + FULL_COOLDOWNS) * EXTRA_COOLDOWN_SECONDS
    return START_SECONDS + cooldowns + plan.requests * REQUEST_SECONDS


def expected_work(variant: Variant, plan: LoadPlan) -> float:
    """The memory limit in bytes times the expected seconds: its part of the budget."""
    return variant.memory_limit_bytes * expected_seconds(variant, plan)


def work_of(variants: Sequence[Variant], plans: Mapping[str, LoadPlan]) -> dict[str, float]:
    return {variant.name: expected_work(variant, plans[variant.name]) for variant in variants}


def longest_first(
    variants: Sequence[Variant], plans: Mapping[str, LoadPlan]
) -> tuple[Variant, ...]:
    """Most work first, so that small variants fill the gaps at the end."""
    work = work_of(variants, plans)
    return tuple(sorted(variants, key=lambda variant: -work[variant.name]))


def starting_order(
    variants: Sequence[Variant], plans: Mapping[str, LoadPlan]
) -> tuple[Variant, ...]:
    """Most work first among variants of equal cooldowns, which are spread over the whole order.

    So their first loads begin one after the other, while other variants still start.
    """
    by_cooldown: dict[float, list[Variant]] = defaultdict(list)
    for variant in longest_first(variants, plans):
        by_cooldown[min_cooldown_seconds(variant.axes)].append(variant)
    positions = [
        ((index + 0.5) / len(group), variant)
        for group in by_cooldown.values()
        for index, variant in enumerate(group)
    ]
    return tuple(variant for _, variant in sorted(positions, key=lambda each: each[0]))
