"""What may be run of a user app: its variants, the interventions and the slots for them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lab.app.interventions import Allocators, applied, interventions_for
from lab.app.kinds_apart import each_alone, kinds_apart
from lab.app.requests import user_app_of
from lab.app.services import (
    again_name,
    base_name,
    control_name,
    native_name,
    traced_name,
    variant_name,
)
from lab.app.spec import AppSpec
from lab.errors import UsageError
from lab.load.request_mix import UserApp
from lab.matrix.variants import read_matrix
from lab.measure.host import free_memory_bytes
from lab.measure.slots import SlotPlan, plan_slots
from lab.records.interventions import Intervention, KindApart
from lab.records.suites import USER_APP_SUITE
from lab.records.variant import Variant
from lab.settings import Settings
from lab.units import MIB

RERUN = "LAB_RERUN"
"""Set to 1 by `make verify`: what helps was measured where the bundle comes from."""


def changes_for(
    spec: AppSpec, allocators: Allocators, given: Mapping[str, str]
) -> tuple[Intervention, ...]:
    """What may be changed of the app to prove a cause; nothing where a bundle is verified."""
    return () if given.get(RERUN) == "1" else interventions_for(spec, allocators)


@dataclass(frozen=True, slots=True)
class AppRunPlan:
    """What may be run of one app."""

    spec: AppSpec
    variants: Mapping[str, Variant]
    """By their names, as the compose file that was written for this run says."""
    changes: tuple[Intervention, ...]
    user_apps: Mapping[str, UserApp]

    @property
    def base(self) -> Variant:
        """The app as it is."""
        return self.variants[base_name(self.spec)]

    @property
    def repetition(self) -> Variant:
        """The app as it is with a higher limit of memory."""
        return self.variants[again_name(self.spec)]

    @property
    def control(self) -> Variant:
        """The app as it is once more, at the same time as the interventions."""
        return self.variants[control_name(self.spec)]

    @property
    def apart(self) -> tuple[KindApart, ...]:
        """The kinds of its requests that can be sent alone, as far as the compose file has them."""
        kinds = kinds_apart(self.spec, base_name(self.spec))
        return tuple(each for each in kinds if each.variant in self.variants)

    @property
    def traced(self) -> tuple[str, ...]:
        """The names of the variants that trace allocations, as far as the compose file has them."""
        names = (traced_name(self.spec), native_name(self.spec))
        return tuple(name for name in names if name in self.variants)

    @property
    def compared(self) -> frozenset[str]:
        """The names of the control run and of each change that is compared with it."""
        names = (variant_name(self.spec, change) for change in self.changes)
        return frozenset((control_name(self.spec), *names))

    def changed(self, change: Intervention) -> Variant:
        return self.variants[variant_name(self.spec, change)]


def plan_of(
    spec: AppSpec, compose_file: Path, given: Mapping[str, str], allocators: Allocators
) -> AppRunPlan:
    """What may be run of an app whose services were written.

    Args:
        spec: the app.
        compose_file: the variants that were written for it.
        given: the settings, for the file's `${...}`.
        allocators: where the libraries of other allocators stand for the app.

    Raises:
        UsageError: the app or the file cannot be used.
    """
    changes = changes_for(spec, allocators, given)
    variants = {variant.name: variant for variant in read_matrix(compose_file, given)}
    user_apps = {name: user_app_of(spec) for name in variants}
    for alone in each_alone(spec):
        user_apps[f"{base_name(spec)}-{alone.suffix}"] = user_app_of(alone.description)
    for change in changes:
        user_apps[variant_name(spec, change)] = user_app_of(applied(spec, change))
    return AppRunPlan(spec, variants, changes, user_apps)


def settings_of(spec: AppSpec, settings: Settings) -> Settings:
    """The settings with what lab.toml says of the load, which comes before the matrix' own."""
    return replace(
        settings,
        suite=USER_APP_SUITE,
        variants=("*",),
        requests=spec.count,
        concurrency=spec.concurrency,
        blocks=spec.blocks,
        workers=spec.workers,
        probes=spec.probes,
        matters_bytes=spec.matters_bytes or settings.matters_bytes,
    )


def slots_for(plan: AppRunPlan, settings: Settings) -> SlotPlan:
    """How many variants of the app run side by side.

    Raises:
        UsageError: the memory budget does not hold one.
    """
    slot_plan = plan_slots(
        tuple(plan.variants.values()),
        slots=settings.lanes,
        budget_bytes=settings.memory_budget_bytes,
        free_bytes=free_memory_bytes(),
        cpus=os.cpu_count() or 1,
    )
    limit_bytes, budget_bytes = plan.base.memory_limit_bytes, slot_plan.budget_bytes
    if limit_bytes > budget_bytes:
        raise UsageError(
            f"{plan.spec.file}: memory = {limit_bytes // MIB}m is more than the budget of "
            f"{budget_bytes // MIB} MiB: lower it, or raise MEMORY_BUDGET"
        )
    return slot_plan
