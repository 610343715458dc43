"""Which variant begins first, and how much of a run is done: rough expectations, no measurement."""

from collections.abc import Mapping, Sequence

from lab.matrix.load_plan import LoadPlan
from lab.matrix.servers import min_cooldown_seconds
from lab.records.variant import Variant

START_SECONDS = 8.0
"""Start, calibration, warm-up: about as long on two cores that others use, too."""
EXTRA_COOLDOWN_SECONDS = 1.0
"""What a quiet takes beyond its least: the next reading of the engine, and now and then more."""
REQUEST_SECONDS = 0.025
"""Of the `lists` workload on one core; the others are sized to be no dearer a variant."""


def expected_seconds(variant: Variant, plan: LoadPlan) -> float:
    """How long a trial will take, roughly."""
    quiet = (plan.blocks + 1) * (min_cooldown_seconds(variant.axes) + EXTRA_COOLDOWN_SECONDS)
    return START_SECONDS + quiet + plan.requests * REQUEST_SECONDS


def expected_work(variant: Variant, plan: LoadPlan) -> float:
    """Its share of the budget times its duration: what a lane has to give for it."""
    return variant.memory_limit_bytes * expected_seconds(variant, plan)


def work_of(variants: Sequence[Variant], plans: Mapping[str, LoadPlan]) -> dict[str, float]:
    return {variant.name: expected_work(variant, plans[variant.name]) for variant in variants}


def longest_first(
    variants: Sequence[Variant], plans: Mapping[str, LoadPlan]
) -> tuple[Variant, ...]:
    """Most work first: what is small fills the gaps at the end."""
    work = work_of(variants, plans)
    return tuple(sorted(variants, key=lambda variant: -work[variant.name]))
