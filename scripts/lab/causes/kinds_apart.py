"""Which of several kinds of requests grows, by runs of each kind alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.causes.growth import Growth
from lab.causes.memory_breakdown import second_half
from lab.records.interventions import KindApart
from lab.records.trial import EndKind, Trial
from lab.text.phrases import listed, share, size

GROWS_SHARE = 0.1
"""The part of the mix's growth that a kind must make to be named as one that grows."""
TOGETHER_SHARE = 0.5
"""Share of the mix's growth: if all kinds alone make less, it takes several together."""


@dataclass(frozen=True, slots=True)
class KindGrowth:
    """What one kind of request leaves when it is sent alone."""

    apart: KindApart
    bytes_per_request: float | None
    """Growth in bytes a request; None: the kind is not served alone."""

    def part_of(self, mix_bytes: float) -> float:
        """The kind's share of the mix's growth a request, from 0 to 1."""
        return (self.bytes_per_request or 0.0) * self.apart.share / mix_bytes


def kinds_growth(
    kinds: Sequence[KindApart], trials: Mapping[str, Sequence[Trial]]
) -> tuple[KindGrowth, ...]:
    """The growth of each kind whose run has ended."""
    ran = ((kind, trials[kind.variant][-1]) for kind in kinds if trials.get(kind.variant))
    return tuple(KindGrowth(kind, per_request(trial)) for kind, trial in ran)


def per_request(trial: Trial) -> float | None:
    """Live bytes a request over the second half of the load, else memory; None: not served."""
    delta = second_half(trial)
    is_whole = trial.end is not None and trial.end.kind is EndKind.COMPLETE
    if delta is None or not delta.requests or not is_whole:
        return None
    gained = delta.memory if delta.live is None else delta.live
    return gained / delta.requests


def apart_sentences(growth: Growth, kinds: Sequence[KindGrowth]) -> tuple[str, ...]:
    """Which kind grows and which do not, with what each leaves; empty without such runs."""
    mix_bytes = growth.per_request
    if mix_bytes <= 0 or len(kinds) < 2:
        return ()
    return tuple(kind_sentences(kinds, mix_bytes, growth.trial.start.matters_bytes))


def kind_sentences(
    kinds: Sequence[KindGrowth], mix_bytes: float, matters_bytes: int
) -> Iterator[str]:
    """Clauses on the kinds that grow, on their part of the mix's growth, and on what is open."""
    measured = [each for each in kinds if each.bytes_per_request is not None]
    growing = [each for each in measured if grows(each, mix_bytes, matters_bytes)]
    others = [each for each in measured if each not in growing]
    unknown = [each.apart.kind for each in kinds if each.bytes_per_request is None]
    if growing:
        verb = "grows" if len(growing) == 1 else "grow"
        yield f"sent alone, {kinds_in_words(growing)} {verb}{not_growing(others)}"
    part = sum(each.part_of(mix_bytes) for each in measured)
    if not unknown and part < TOGETHER_SHARE:
        yield (
            f"each sent alone, they make {share(part)} of the mix's growth of {size(mix_bytes)} a "
            "request: the rest needs several kinds together"
        )
    elif growing:
        yield f"this is {share(part)} of the mix's growth of {size(mix_bytes)} a request"
    if unknown:
        verb = "is" if len(unknown) == 1 else "are"
        yield f"{listed(unknown)} {verb} not served alone, so this growth is not known"


def grows(kind: KindGrowth, mix_bytes: float, matters_bytes: int) -> bool:
    """Whether it makes a part of the mix's growth, and leaves enough to matter."""
    left = kind.bytes_per_request or 0.0
    return left >= matters_bytes and kind.part_of(mix_bytes) >= GROWS_SHARE


def not_growing(kinds: Sequence[KindGrowth]) -> str:
    """A clause on the kinds that do not grow; empty without one."""
    if not kinds:
        return ""
    return f"; {kinds_in_words(kinds)} {'does' if len(kinds) == 1 else 'do'} not"


def kinds_in_words(kinds: Sequence[KindGrowth]) -> str:
    """The kinds with what each leaves a request."""
    left = ((each.apart.kind, max(each.bytes_per_request or 0.0, 0.0)) for each in kinds)
    return listed([f"{kind} ({size(bytes_left)} a request)" for kind, bytes_left in left])
