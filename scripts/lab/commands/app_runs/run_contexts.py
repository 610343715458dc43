"""What the trials of one `make try` share: the judged app waits as its description says."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lab.app.services import again_name, base_name
from lab.app.spec import AppSpec
from lab.commands.decider import RunDecider
from lab.engines.protocol import Engine
from lab.load.request_mix import UserApp
from lab.measure.budget import Budget
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import Waits
from lab.measure.progress import RunProgress
from lab.measure.slots import SlotPlan, Slots
from lab.records.variant import Variant
from lab.settings import Settings
from lab.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class RunContexts:
    """Makes the contexts of one run; each has slots and a time of its own."""

    spec: AppSpec
    engine: Engine
    settings: Settings
    slot_plan: SlotPlan
    folder: RunFolder
    compared: frozenset[str]
    """The control run and the changes."""
    waits: Waits
    """What explains waits longer on a busy machine: it may start beside a load."""

    def made(
        self,
        progress: RunProgress,
        user_apps: Mapping[str, UserApp],
        finished: frozenset[tuple[str, int]],
    ) -> RunContext:
        """A context whose time begins now."""
        return RunContext(
            self.engine,
            self.settings,
            Slots(self.slot_plan),
            self.folder,
            progress,
            self.waits,
            decider=RunDecider(True, self.settings.rule),
            budget=Budget(self.settings.budget_seconds, time.monotonic()),
            compared=self.compared,
            user_apps=user_apps,
            finished=finished,
        )

    def of(self, variant: Variant, context: RunContext) -> RunContext:
        """The context for one variant: the app that is judged starts within its `ready_seconds`,
        however busy the machine is."""
        if variant.name not in (base_name(self.spec), again_name(self.spec)):
            return context
        return replace(context, waits=replace(context.waits, busy_factor=lambda: 1.0))
