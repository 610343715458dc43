"""What all parts of one trial share, and the error that ends it."""

import asyncio
import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

from lab.errors import VariantError
from lab.load.request_mix import UserApp
from lab.matrix.load_plan import LoadPlan, plan_load
from lab.measure.context import RunContext
from lab.measure.sampling import Watch
from lab.probes.channels import HEALTH_PATH
from lab.probes.client import ProbeClient
from lab.records.observations import Block
from lab.records.request_kinds import kinds_text, next_step
from lab.records.run_limits import MOST_RAW_BYTES
from lab.records.trial import EndKind
from lab.records.variant import Variant
from lab.store.trial_writer import TrialWriter
from lab.text.phrases import counted, in_mib, size


class TrialEnded(VariantError):
    """A trial cannot go on."""

    def __init__(self, kind: EndKind, reason: str, *, at_limit: bool = False) -> None:
        super().__init__(reason)
        self.kind, self.at_limit = kind, at_limit


@dataclass(frozen=True, slots=True)
class TrialContext:
    """What all parts of one trial share."""

    run: RunContext
    variant: Variant
    number: int
    plan: LoadPlan
    writer: TrialWriter
    watch: Watch
    show: Callable[..., None]
    """Changes the variant's line of the progress."""

    @property
    def user_app(self) -> UserApp | None:
        return self.run.user_apps.get(self.variant.name)

    @property
    def health_path(self) -> str:
        return self.user_app.health if self.user_app else HEALTH_PATH

    def probes_if_used(self, probes: ProbeClient) -> ProbeClient | None:
        """The probe client; None where the settings want no probes."""
        return probes if self.run.settings.probes else None

    def load_turn(self, left_seconds: float = math.inf) -> AbstractAsyncContextManager[None]:
        """The trial's turn to load; where it is the one that is judged, nobody else loads then.

        Args:
            left_seconds: what the trial has left to do; endless while nobody knows.
        """
        alone = self.run.judged == self.variant.name
        return self.run.slots.load_slot(alone=alone, left_seconds=left_seconds)

    async def check_alive(self) -> None:
        """End the trial when its server has ended.

        Raises:
            TrialEnded: the variant's server has ended.
        """
        state = await asyncio.to_thread(self.run.engine.state, self.variant)
        if not state.running:
            raise TrialEnded(EndKind.DIED, state.reason, at_limit=state.at_limit)

    def check_room(self, blocks_more: int = 0, block_bytes: float = 0.0) -> None:
        """End the trial when its raw file is full, or has no room for so many more blocks.

        Raises:
            TrialEnded: what would be measured could not be written.
        """
        if not self.writer.has_room_for(blocks_more * block_bytes):
            raise self.no_room(blocks_more)

    def no_room(self, blocks_more: int) -> TrialEnded:
        """The end of a trial whose raw file would be larger than its share of what is read."""
        used, share = size(self.writer.used_bytes), size(self.writer.most_bytes)
        what = counted(blocks_more, "more block") if blocks_more else "all that was measured"
        less = "kinds of requests" if self.user_app else "VARIANTS, BLOCKS or WORKERS"
        reason = (
            f"its raw file has no room for {what}: it has {used} of its share of {share} (a run "
            f"has {in_mib(MOST_RAW_BYTES)} at most); fewer TRIALS or {less} make the share larger"
        )
        return TrialEnded(EndKind.FAILED, reason)


def trial_context(
    run: RunContext, variant: Variant, number: int, writer: TrialWriter
) -> TrialContext:
    """The context of one trial; needs a running loop, as its readings arrive there."""
    show = partial(run.progress.update, variant.name)
    watch = Watch(writer, lambda size: show(memory_bytes=size))
    plan = plan_load(variant, run.settings)
    return TrialContext(run, variant, number, plan, writer, watch, show)


def not_served(block: Block, what: str) -> TrialEnded:
    """The end of a trial whose block had no request served.

    Args:
        what: the block and what was expected of it, such as `block 3 was served`.
    """
    kinds = ", ".join(f"{kind} x {count}" for kind, count in block.failures.items())
    if block.kinds:
        kinds = f"{kinds_text(block.kinds)}: {next_step(block.kinds)}"
    reason = f"none of {block.sent} requests of {what}: {kinds}"
    return TrialEnded(EndKind.NO_REQUESTS_SERVED, reason)


def stopped_answering(block: Block, index: int, planned: int) -> TrialEnded:
    """The end of a trial whose server was silent for longer than its own answers justify."""
    reason = (
        f"it stopped answering in block {index + 1}: {block.sent} of {planned} requests were sent, "
        f"{block.ok} were answered, and then none for much longer than its earlier answers took"
    )
    return TrialEnded(EndKind.STOPPED_ANSWERING, reason)


def out_of_time(block: Block, index: int, planned: int, seconds: float) -> TrialEnded:
    """The end of a trial that is compared, and did not serve a block within its time."""
    reason = (
        f"{block.ok:,} of {planned:,} requests of block {index + 1} were served in {seconds:.0f} s,"
        " its share of BUDGET: a longer one holds its load"
    )
    return TrialEnded(EndKind.FAILED, reason)
