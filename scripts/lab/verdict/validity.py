"""What may spoil a trial: caveats to be read with a verdict, and those that forbid one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from lab.records.judgement import LEAST_BLOCKS
from lab.records.observations import KindCounts
from lab.records.readings import active_file_bytes
from lab.records.request_kinds import failed_kinds, kinds_text, next_step
from lab.records.trial import EndKind, Trial
from lab.records.watched_time import watched_seconds
from lab.text.phrases import counted, in_mib, share, they_were
from lab.units import MIB
from lab.verdict.caveats import Caveat, CaveatKind
from lab.verdict.sequential import LEAST_BLOCKS_TO_END

# One request in a hundred: what fails does other work than what was asked for.
MOST_FAILED_SHARE = 0.01

# Above it the driver paces the load, not the server; a fifth of a core is left for the sampler.
MOST_DRIVER_BUSY = 0.8

# Memory this near to its limit may have been stopped by the limit.
LIMIT_MARGIN = 0.02

# Less is not named: 12 MiB count as growth.
LEAST_PAGE_CACHE_BYTES = MIB

# The engine reads once a second; two in a row may be late on a busy host.
GAP_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """The circumstances of one trial that its verdict depends on."""

    blocks: int
    """The planned blocks and those that were added."""
    sent: int
    ok: int
    end: EndKind | None = EndKind.COMPLETE
    """None: the record has no end."""
    end_reason: str = ""
    died_at_limit: bool = False
    decided: bool = False
    """Whether the load ended before all of its planned blocks, as its growth had ended."""
    kills: int = 0
    """Processes killed for memory between the first and the last probe."""
    has_baseline: bool = True
    troughs: int | None = None
    """Troughs after a block; None: as many as planned."""
    not_stable: int = 0
    """Troughs at which memory was not stable, the baseline among them."""
    empty_blocks: int = 0
    driver_busy: tuple[float, ...] = ()
    """Share of one core, a block each."""
    highest_bytes: int | None = None
    limit_bytes: int | None = None
    added_blocks: int = 0
    """Blocks added because the verdict was open after the planned ones."""
    page_cache_bytes: int = 0
    """Growth of the page cache in active use, which `docker stats` counts."""
    samples_left_out: int = 0
    """Samples that were taken and not written, as there was not room for all."""
    gaps_seconds: tuple[float, ...] = ()
    """Gaps between two samples that should be a second apart."""
    of_user_app: bool = False
    kinds: Mapping[str, KindCounts] = field(default_factory=dict)
    """What came of each kind of request of a user app that failed at least once."""

    @property
    def failed(self) -> int:
        """Requests that were sent and not completed."""
        return self.sent - self.ok


def conditions_of(trial: Trial) -> Conditions:
    """The circumstances of a recorded trial."""
    end = trial.end
    planned = len(trial.blocks) if end and end.decided else trial.start.blocks
    return Conditions(
        blocks=max(planned, len(trial.blocks)),
        sent=sum(block.sent for block in trial.blocks),
        ok=sum(block.ok for block in trial.blocks),
        end=end.kind if end else None,
        end_reason=end.reason if end else "",
        died_at_limit=end is not None and end.at_limit,
        decided=end is not None and end.decided,
        kills=oom_kills_of(trial) or 0,
        has_baseline=trial.baseline is not None,
        troughs=len(trial.block_troughs),
        not_stable=sum(not trough.stable for trough in trial.troughs),
        empty_blocks=_empty_blocks(trial),
        driver_busy=tuple(block.driver_busy for block in trial.blocks),
        highest_bytes=_highest_bytes(trial),
        limit_bytes=trial.start.variant.memory_limit_bytes or None,
        added_blocks=max(0, len(trial.blocks) - trial.start.blocks),
        page_cache_bytes=_page_cache_bytes(trial),
        samples_left_out=end.samples_left_out if end else 0,
        gaps_seconds=_gaps_seconds(trial),
        of_user_app=trial.start.variant.is_user_app,
        kinds=failed_kinds(trial.blocks),
    )


def caveats(conditions: Conditions) -> tuple[Caveat, ...]:
    """All that apply, the gravest first."""
    all_caveats = (
        *_of_the_end(conditions),
        *_of_the_requests(conditions),
        *_of_the_troughs(conditions),
        *_of_the_driver(conditions),
        *_of_the_limit(conditions),
        *_of_the_page_cache(conditions),
    )
    ordered = sorted(all_caveats, key=lambda caveat: list(CaveatKind).index(caveat.kind))
    return tuple(replace(caveat, of_user_app=conditions.of_user_app) for caveat in ordered)


def _of_the_end(seen: Conditions) -> Iterator[Caveat]:
    if seen.died_at_limit:
        limit = "the container" if seen.limit_bytes is None else in_mib(seen.limit_bytes)
        yield Caveat(CaveatKind.DIED_AT_LIMIT, {"limit": limit, "requests": seen.ok})
    elif seen.end is not EndKind.COMPLETE:
        end = seen.end.value if seen.end else "no end recorded"
        reason = (seen.end_reason or "no reason recorded").rstrip(". ")
        yield Caveat(CaveatKind.NOT_COMPLETE, {"end": end, "reason": reason})
    if seen.kills:
        limit = "the container" if seen.limit_bytes is None else in_mib(seen.limit_bytes)
        yield Caveat(
            CaveatKind.KILLED, {"they_were": they_were(seen.kills, "process"), "limit": limit}
        )


def _of_the_requests(seen: Conditions) -> Iterator[Caveat]:
    if not seen.ok:
        yield Caveat(CaveatKind.NO_REQUESTS, {"sent": seen.sent})
        return
    if seen.empty_blocks:
        numbers = {"empty": seen.empty_blocks, "blocks": seen.blocks}
        yield Caveat(CaveatKind.EMPTY_BLOCK, numbers)
    if seen.failed:
        part = seen.failed / seen.sent
        many = part > MOST_FAILED_SHARE
        kind = CaveatKind.MANY_FAILED if many else CaveatKind.SOME_FAILED
        values = {"kinds": kinds_text(seen.kinds), "next": next_step(seen.kinds)}
        counts = {"failed": seen.failed, "sent": seen.sent}
        yield Caveat(kind, {**counts, "share": share(part), **values})


def _of_the_troughs(seen: Conditions) -> Iterator[Caveat]:
    troughs = seen.blocks if seen.troughs is None else seen.troughs
    if not seen.has_baseline:
        yield Caveat(CaveatKind.NO_BASELINE, {})
    if troughs < seen.blocks:
        numbers = {"missing": seen.blocks - troughs, "blocks": seen.blocks}
        yield Caveat(CaveatKind.TROUGHS_MISSING, numbers)
    least = LEAST_BLOCKS_TO_END if seen.decided else LEAST_BLOCKS
    if seen.blocks < least:
        numbers = {"blocks": seen.blocks, "least": least}
        yield Caveat(CaveatKind.TOO_FEW_BLOCKS, numbers)
    if seen.added_blocks:
        planned = seen.blocks - seen.added_blocks
        more = they_were(seen.added_blocks, "more block")
        yield Caveat(CaveatKind.EXTENDED, {"planned": planned, "they_were": more})
    if seen.not_stable:
        numbers = {"count": seen.not_stable, "troughs": troughs + seen.has_baseline}
        yield Caveat(CaveatKind.NOT_STABLE, numbers)
    if seen.samples_left_out:
        left_out = they_were(seen.samples_left_out, "sample")
        yield Caveat(CaveatKind.SAMPLES_LEFT_OUT, {"they_were": left_out})
    if seen.gaps_seconds:
        longest = max(seen.gaps_seconds)
        gaps = counted(len(seen.gaps_seconds), "gap")
        yield Caveat(CaveatKind.GAPS, {"gaps": gaps, "seconds": longest})


def _of_the_driver(seen: Conditions) -> Iterator[Caveat]:
    over = sum(busy > MOST_DRIVER_BUSY for busy in seen.driver_busy)
    if not over:
        return
    if (busy := median(seen.driver_busy)) > MOST_DRIVER_BUSY:
        yield Caveat(CaveatKind.DRIVER_BUSY, {"busy": busy})
    else:
        numbers = {"most": MOST_DRIVER_BUSY, "count": over, "blocks": len(seen.driver_busy)}
        yield Caveat(CaveatKind.DRIVER_BUSY_AT_TIMES, numbers)


def _of_the_limit(seen: Conditions) -> Iterator[Caveat]:
    if seen.highest_bytes is None or seen.limit_bytes is None:
        return
    if seen.highest_bytes >= (1 - LIMIT_MARGIN) * seen.limit_bytes:
        highest, limit = in_mib(seen.highest_bytes), in_mib(seen.limit_bytes)
        yield Caveat(CaveatKind.NEAR_LIMIT, {"highest": highest, "limit": limit})


def _of_the_page_cache(seen: Conditions) -> Iterator[Caveat]:
    if seen.page_cache_bytes >= LEAST_PAGE_CACHE_BYTES:
        yield Caveat(CaveatKind.PAGE_CACHE, {"grown": in_mib(seen.page_cache_bytes)})


def _page_cache_bytes(trial: Trial) -> int:
    """Growth of the page cache from first trough to last; 0 where its parts are not known."""
    sizes = [active_file_bytes(trough.sample) for trough in trial.troughs]
    return sizes[-1] - sizes[0] if sizes else 0


def oom_kills_of(trial: Trial) -> int | None:
    """How far the cgroup's own counter of kills rose; None where no probe read it."""
    probes = [trough.probe for trough in trial.troughs if trough.probe is not None]
    counts = [probe.oom_kills for probe in probes if probe.oom_kills is not None]
    return max(counts) - min(counts) if counts else None


def _empty_blocks(trial: Trial) -> int:
    """Blocks, or troughs after one, without a completed request."""
    loaded = {block.index for block in trial.blocks}
    loaded |= {trough.index for trough in trial.block_troughs}
    return len(loaded - {block.index for block in trial.blocks if block.ok})


def _highest_bytes(trial: Trial) -> int | None:
    samples = (*trial.samples, *(trough.sample for trough in trial.troughs))
    return max((sample.memory_bytes for sample in samples), default=None)


def _gaps_seconds(trial: Trial) -> tuple[float, ...]:
    """Gaps between late readings in seconds; the lab's own pauses are not gaps."""
    times = [sample.read_at_seconds for sample in trial.samples]
    edges = [edge for p in trial.pauses for edge in (p.started_at_seconds, p.ended_at_seconds)]
    watched = watched_seconds(sorted([*times, *edges]), trial.pauses)
    steps = (later - earlier for earlier, later in pairwise(watched))
    return tuple(step for step in steps if step > GAP_SECONDS)
