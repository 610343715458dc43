"""Runs that may explain an app's growth, begun before the app itself is judged."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lab.load.request_mix import UserApp
from lab.measure.context import RunContext
from lab.measure.cooldown_rules import Waits
from lab.measure.decider import Decider
from lab.measure.progress import KEPT
from lab.measure.scheduler import conduct, side_by_side
from lab.records.trial import EndKind, Trial
from lab.records.variant import Variant
from lab.store.run_folder import RunFolder
from lab.store.trial_reader import read_trial
from lab.text.phrases import duration
from lab.verdict.interim import standing

DROPPED = "dropped: its verdict does not ask for it"
CHOICE = "the choice of another release"


@dataclass(frozen=True, slots=True)
class LookingDecider:
    """A decider that also shows a look at one variant's trial after each of its blocks."""

    decider: Decider
    variant: str
    look: Callable[[Trial], None]
    failed: Callable[[str, Exception], None]
    """Tells of a look that failed: the trial goes on."""

    def is_decided(self, raw_file: Path) -> bool:
        self.look_at(raw_file)
        return self.decider.is_decided(raw_file)

    def needs_more_load(self, raw_file: Path) -> bool:
        self.look_at(raw_file)
        return self.decider.needs_more_load(raw_file)

    def look_at(self, raw_file: Path) -> None:
        if raw_file.parent.name != self.variant:
            return
        try:
            if (trial := read_trial(raw_file)) is not None:
                self.look(trial)
        except Exception as error:
            self.failed("a look at what the blocks so far ask for", error)

    def variants_to_repeat(self, folder: RunFolder, names: tuple[str, ...]) -> Collection[str]:
        return self.decider.variants_to_repeat(folder, names)

    def status_line(self, folder: RunFolder, names: tuple[str, ...]) -> str | None:
        return self.decider.status_line(folder, names)


@dataclass(frozen=True, slots=True)
class FollowedVariant:
    """A variant that became known during the run."""

    variant: Variant
    user_apps: Mapping[str, UserApp]
    """The user apps of all variants, with its own."""


@dataclass(frozen=True, slots=True)
class Asks:
    """What asks for runs that explain; called on threads."""

    so_far: Callable[[Trial], Sequence[Variant]]
    """What a trial asks for before its end."""
    at_end: Callable[[], Sequence[Variant]]
    """What its verdict asks for."""
    requests_of: Callable[[Variant], int]
    """The requests of a variant, for the progress."""
    failed: Callable[[str, Exception], None]
    """Tells what failed of a variant, by its name, or of a look: the judged trial goes on."""
    followers: Callable[[], Sequence[Variant]] = lambda: ()
    """Which of those that `after` began the verdict asks for, too; may wait for one that is being
    prepared."""
    after: Callable[[Variant], FollowedVariant | None] = lambda _: None
    """What a run that explains asks for when it has ended."""
    give_up: Callable[[], None] = lambda: None
    """Ends what `after` does at the moment."""


@dataclass
class EarlyRuns:
    """Variants that are begun one by one; only those that the verdict asks for are kept."""

    context: RunContext
    asks: Asks
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    followed: set[str] = field(default_factory=set)
    """The names of those that another run asked for when it had ended."""

    def begin(self, variants: Sequence[Variant]) -> None:
        """Begin those that have not begun; they take their slots when those are free."""
        for variant in variants:
            if variant.name not in self.tasks:
                self.context.progress.expect(variant.name, self.asks.requests_of(variant))
                self.tasks[variant.name] = asyncio.ensure_future(self.explain(variant))

    async def explain(self, variant: Variant) -> None:
        """Run the variant's trial and start what it asks for; what fails of that is told."""
        try:
            await self.run(variant)
        except Exception as error:
            self.asks.failed(variant.name, error)
            self.context.progress.update(variant.name, state=EndKind.FAILED.value)
            self.context.progress.finished(variant.name, None)
            return
        try:
            following = await asyncio.to_thread(self.asks.after, variant)
        except Exception as error:
            self.asks.failed(CHOICE, error)
            return
        if following is not None:
            self.follow(following)

    async def run(self, variant: Variant) -> None:
        """Run the variant's trial, unless an earlier sitting finished it."""
        if (variant.name, 1) in self.context.finished:
            self.context.progress.update(variant.name, state=KEPT)
            self.context.progress.finished(variant.name, None)
        else:
            await conduct_once(self.context, variant)

    def follow(self, following: FollowedVariant) -> None:
        """Begin what became known; it has a time of its own, as it begins late."""
        budget = self.context.budget
        self.context = replace(
            self.context,
            user_apps=following.user_apps,
            budget=None if budget is None else budget.renewed(),
        )
        self.followed.add(following.variant.name)
        self.begin([following.variant])

    async def keep(self, variants: Sequence[Variant]) -> None:
        """Wait for these, begun now where they are not, and for what follows them; drop the rest.

        What followed one of them is asked for while they run: the answer may wait for an install.
        """
        self.begin(variants)
        names = {variant.name for variant in variants}
        followed = self.followed - names if names else set()
        await self.drop([name for name in self.tasks if name not in names | followed])
        if names:
            asked = await self.followers()
            unasked = self.followed - names - asked  # one may have begun meanwhile
            await self.drop([name for name in self.tasks if name in unasked])
        while under_way := [task for task in self.tasks.values() if not task.done()]:
            await side_by_side([ended(task) for task in under_way])

    async def followers(self) -> set[str]:
        """The names of those that the verdict asks for beside what it names; none where asking
        fails, which is told."""
        try:
            return {variant.name for variant in await asyncio.to_thread(self.asks.followers)}
        except Exception as error:
            self.asks.failed(CHOICE, error)
            return set()

    async def drop(self, names: Collection[str]) -> None:
        """End them; nothing that they measured counts."""
        tasks = [self.tasks.pop(name) for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for name in names:
            self.context.folder.set_aside(name, 1)
            self.context.progress.update(name, state=DROPPED)
            self.context.progress.finished(name, None)

    async def interrupt(self) -> None:
        """End those that still run; their files stay."""
        if any(not task.done() for task in self.tasks.values()):
            self.asks.give_up()
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def judge_and_explain(
    context: RunContext, base: Variant, asks: Asks, waits: Waits | None = None
) -> None:
    """Run the trial of the app as it is, and beside it what explains its growth so far.

    Args:
        context: in which the base is the variant that is judged.
        base: the app as it is.
        asks: what is begun, and what is kept.
        waits: of the base; None: those of the context, as for what explains.
    """
    early, loop = EarlyRuns(context, asks), asyncio.get_running_loop()

    def look(trial: Trial) -> None:
        loop.call_soon_threadsafe(early.begin, asks.so_far(trial))
        loop.call_soon_threadsafe(context.progress.tell, standing_line(context, trial))

    looking = LookingDecider(context.decider, base.name, look, asks.failed)
    try:
        judged = replace(context, decider=looking, waits=waits or context.waits)
        await conduct_once(judged, base)
        await early.keep(await asyncio.to_thread(asks.at_end))
    finally:
        await early.interrupt()


def standing_line(context: RunContext, trial: Trial) -> str:
    """What the trial says so far, and how much time is left for it."""
    budget = context.budget
    left = "" if budget is None else f"; at most {duration(budget.left_seconds())} left"
    return f"{trial.start.variant.name}: {standing(trial)}{left}"


async def ended(task: asyncio.Task[None]) -> None:
    await task


async def conduct_once(context: RunContext, variant: Variant) -> None:
    """Run the one trial of a variant."""
    await conduct(context, variant, 1)
    context.progress.finished(variant.name, None)
