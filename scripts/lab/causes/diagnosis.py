"""The three answers of `make try`: the verdict, the cause, the change that helps. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lab.causes.causes import Plausible, plausible_causes
from lab.causes.holders import HolderFinding, who_holds
from lab.causes.memory_breakdown import MemoryBreakdown, second_half, whole_load
from lab.records.interventions import Cause, Intervention, InterventionPlan
from lab.records.judgement import Verdict
from lab.records.observations import AllocationTrace, TracedLine
from lab.records.trial import EndKind, Trial
from lab.records.variant import Scenario
from lab.verdict.verdict import Judgement, judge_trial

WORTH_ASKING_BYTES = 4 << 20
"""A growth below it is asked for no cause, unless it goes on."""
PROVEN_SHARE = 0.5
"""A change that takes half of the growth away has met its cause."""
NOISE_BYTES = 1 << 20
"""What two runs of the same app differ by at most."""
HELD_SHARE = 0.5
"""Lines that hold half of what was gained name the cause."""
ELSEWHERE_SHARE = 0.1
"""Below it what Python's allocator handed out is not what grows."""
RETURNED_SHARE = 0.5
PACKAGES = "/site-packages/"
NOT_OWN = (PACKAGES, "/lib/python")
INTERPRETER = ("<", "Objects/", "Python/", "Modules/", "Include/", "./Include/", "Programs/")
"""Where frames begin that are CPython's own."""
MOST_LINES = 5
HELD = (Cause.LIVE_OBJECTS, Cause.NATIVE)


class Certainty(StrEnum):
    """How sure a cause is."""

    PROVEN = "proven"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class CauseFinding:
    """One cause."""

    cause: Cause
    standing: Certainty
    evidence: str
    proof: str
    """What confirmed it; what would, when nothing did."""
    is_garbage: bool = False
    """Whether nobody holds it, and the collector was not run for it."""


@dataclass(frozen=True, slots=True)
class InterventionResult:
    """What a change did, beside the app as it is in the same minutes."""

    change: Intervention
    gained_bytes: float
    saved_bytes: float
    """Of what the app as it is gained; less than nothing when it gained more."""
    rate: float | None
    """Completed requests a second, relative to the app as it is."""

    @property
    def worth(self) -> float:
        """Bytes saved, less the share of requests a second that it costs."""
        return self.saved_bytes * min(self.rate if self.rate is not None else 1.0, 1.0)

    @property
    def takes_most(self) -> bool:
        """Whether the change took away enough of the growth to prove a cause."""
        return self.saved_bytes >= PROVEN_SHARE * (self.gained_bytes + self.saved_bytes)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All three."""

    judged: Judgement
    requests: int
    gained_bytes: int | None
    findings: tuple[CauseFinding, ...]
    outcomes: tuple[InterventionResult, ...]
    """The cures first, by what they are worth."""
    lines: tuple[TracedLine, ...]
    types: tuple[tuple[str, int], ...]
    holder: HolderFinding | None = None
    """Who holds what a trace of Python's objects found; None without such a trace."""


def gained_of(trial: Trial) -> MemoryBreakdown | None:
    """What has to be explained: of a leak what still climbs, else all that was gained."""
    leaks = judge_trial(trial).verdict is Verdict.LEAK
    return second_half(trial) if leaks else whole_load(trial)


def suspects(trial: Trial) -> tuple[Plausible, ...]:
    """The plausible causes of a growth that is worth asking about.

    Of memory that does not grow what is left open a request: a limit on descriptors, threads or
    processes ends a worker, too.
    """
    gained = gained_of(trial)
    if gained is None:
        return ()
    causes = plausible_causes(gained, second_half(trial))
    if asks_for_nothing(judge_trial(trial)):
        return tuple(each for each in causes if each.keeps_growing)
    return causes


def asks_for_nothing(judged: Judgement) -> bool:
    """Whether nobody would ask who holds it: it is flat, or no leak and small."""
    small = (judged.growth_bytes or 0) < WORTH_ASKING_BYTES
    return judged.verdict is Verdict.FLAT or (small and judged.verdict is not Verdict.LEAK)


def needs_tracing(causes: Sequence[Plausible]) -> bool:
    """Whether lines can name what is held."""
    return any(each.cause in HELD for each in causes)


def diagnose(
    first: Trial,
    beside: Trial,
    changed: Sequence[tuple[Intervention, Trial]],
    explanations: Sequence[AllocationTrace],
) -> Diagnosis:
    """
    Args:
        first: the app as it is.
        beside: the same, at the side of the changes.
        changed: the same with one thing changed.
        explanations: of those whose allocations were traced.
    """
    outcomes = [outcome(beside, change, trial) for change, trial in changed]
    known = sorted((each for each in outcomes if each), key=lambda each: -each.worth)
    gained = gained_of(first)
    found = findings(first, suspects(first), known, explanations)
    told = telling(first, explanations)
    return Diagnosis(
        judged=judge_trial(first),
        requests=sum(block.ok for block in first.blocks),
        gained_bytes=gained.memory if gained else None,
        findings=tuple(found),
        outcomes=tuple(known),
        lines=by_place(told.lines) if told else (),
        types=most_types(explanations),
        holder=who_holds(python) if (python := by_python(explanations)) else None,
    )


def a_request(explanation: AllocationTrace) -> float:
    """Bytes that each request left behind."""
    return explanation.allocated_bytes / max(explanation.requests, 1)


def telling(trial: Trial, explanations: Sequence[AllocationTrace]) -> AllocationTrace | None:
    """Python's own, which knows each object, when it holds what grew; else the one with most."""
    python = by_python(explanations)
    if python is not None and traced_share(trial, python) >= HELD_SHARE:
        return python
    return max(explanations, key=a_request, default=None)


def by_place(lines: Sequence[TracedLine]) -> tuple[TracedLine, ...]:
    """Lines that read the same in one, the most important first."""
    places: dict[str, TracedLine] = {}
    for line in lines:
        place = own_frame(line)
        known = places.get(place, TracedLine(0, 0, line.frames))
        places[place] = TracedLine(known.bytes + line.bytes, known.count + line.count, known.frames)
    return tuple(sorted(places.values(), key=lambda line: -line.bytes)[:MOST_LINES])


def most_types(explanations: Sequence[AllocationTrace]) -> tuple[tuple[str, int], ...]:
    counts = [item for each in explanations for item in each.types.items()]
    return tuple(sorted(counts, key=lambda item: -item[1])[:5])


def diagnosis_of(tried: InterventionPlan, trials: Mapping[str, Sequence[Trial]]) -> Diagnosis:
    """The answer from all trials of a run, by their variants."""
    base = trials[tried.base][0]
    beside = next((each for each in trials.get(tried.beside, ()) if each.blocks), base)
    changed = [
        (change, found[-1])
        for change in tried.changes
        if (found := trials.get(tried.variant(change)))
    ]
    traced = [trial for name in tried.traced for trial in trials.get(name, ())]
    return diagnose(
        base, beside, changed, [each.explanation for each in traced if each.explanation]
    )


def pace(trial: Trial) -> float:
    """Bytes a request that a trial gains; of a leak in the second half of the load."""
    gained = gained_of(trial) or whole_load(trial)
    return gained.to_explain / gained.requests if gained and gained.requests else 0.0


def load_gain(trial: Trial, requests: int, *, leaks: bool) -> float:
    """Bytes that a trial gains over so many requests; of a leak at the pace of its second half."""
    gained = second_half(trial) if leaks else whole_load(trial)
    if gained is None or not gained.requests:
        return 0.0
    return gained.memory / gained.requests * requests if leaks else float(gained.memory)


def served_a_second(trial: Trial) -> float | None:
    seconds = sum(block.ended_at_seconds - block.started_at_seconds for block in trial.blocks)
    return sum(block.ok for block in trial.blocks) / seconds if seconds > 0 else None


def outcome(beside: Trial, change: Intervention, trial: Trial) -> InterventionResult | None:
    """None when the changed app did not get through its load."""
    if trial.end is None or trial.end.kind is not EndKind.COMPLETE or whole_load(trial) is None:
        return None
    requests = sum(block.ok for block in beside.blocks)
    leaks = judge_trial(beside).verdict is Verdict.LEAK
    was, now = (load_gain(each, requests, leaks=leaks) for each in (beside, trial))
    before, after = served_a_second(beside), served_a_second(trial)
    rate = after / before if before and after else None
    return InterventionResult(change, gained_bytes=now, saved_bytes=was - now, rate=rate)


def proves(each: InterventionResult, cause: Cause) -> bool:
    """Whether a change took away what its cause is said to hold."""
    enough = each.takes_most and each.saved_bytes >= NOISE_BYTES
    return cause in each.change.proves and enough


def findings(
    trial: Trial,
    causes: Sequence[Plausible],
    outcomes: Sequence[InterventionResult],
    explanations: Sequence[AllocationTrace],
) -> list[CauseFinding]:
    """Each plausible cause with what became of it; proven ones first, but for what is left open."""
    found = [finding(trial, cause, outcomes, explanations) for cause in causes]
    first_of = {each.cause: each for each in reversed(found)}
    kept = [each for each in found if first_of[each.cause] is each]
    left_open = {each.cause for each in causes if each.keeps_growing}
    return sorted(
        kept, key=lambda each: each.cause not in left_open and each.standing is not Certainty.PROVEN
    )


def finding(
    trial: Trial,
    suspect: Plausible,
    outcomes: Sequence[InterventionResult],
    explanations: Sequence[AllocationTrace],
) -> CauseFinding:
    cause, evidence = suspect.cause, suspect.evidence
    if cause in HELD:
        return held(trial, suspect, explanations)
    told = [each for each in outcomes if cause in each.change.proves]
    if by := next((each for each in told if proves(each, cause)), None):
        proof = f"with {by.change.line} it gains {share(by)} less"
        return CauseFinding(cause, Certainty.PROVEN, evidence, proof)
    if returned := given_back(trial):
        return CauseFinding(cause, Certainty.PROVEN, evidence, returned)
    tried = ", ".join(each.change.name for each in told)
    proof = f"not confirmed by {tried}" if tried else "no change that would prove it could be made"
    return CauseFinding(cause, Certainty.LIKELY, evidence, proof)


def share(each: InterventionResult) -> str:
    was = each.gained_bytes + each.saved_bytes
    return f"{each.saved_bytes / was:.0%}" if was > 0 else "nothing"


def given_back(trial: Trial, explained_bytes: int | None = None) -> str | None:
    """What collecting and trimming at the end gave back, where that is most of the growth.

    Args:
        explained_bytes: a part of the growth, most of which must be among what was given back,
            though all of the rest were.
    """
    seen, gained = trial.aftermath, whole_load(trial)
    if seen is None or gained is None or seen.scenario is not Scenario.GIVE_BACK:
        return None
    if seen.memory_before_bytes is None or seen.memory_after_bytes is None:
        return None
    returned = seen.memory_before_bytes - seen.memory_after_bytes
    if returned < max(NOISE_BYTES, RETURNED_SHARE * gained.memory):
        return None
    if explained_bytes is not None:
        of_the_part = returned - max(gained.memory - explained_bytes, 0)
        if of_the_part < RETURNED_SHARE * explained_bytes:
            return None
    return f"collecting and trimming at the end gave back {returned / gained.memory:.0%} of it"


def held(trial: Trial, suspect: Plausible, explanations: Sequence[AllocationTrace]) -> CauseFinding:
    """Live objects and native memory: proven when lines hold it and nothing gives it back."""
    if (returned := given_back(trial, held_bytes(trial, suspect))) is not None:
        evidence = f"{suspect.evidence}, all of it garbage that nobody holds"
        return CauseFinding(
            Cause.LIVE_OBJECTS, Certainty.PROVEN, evidence, returned, is_garbage=True
        )
    told = telling(trial, explanations)
    if told is None:
        return CauseFinding(suspect.cause, Certainty.LIKELY, suspect.evidence, "nothing was traced")
    left = f"{told.tracer} finds {a_request(told):,.0f} B a request that are held"
    if traced_share(trial, told) < HELD_SHARE or not told.lines:
        why = f"{left}, {traced_share(trial, told):.0%} of the growth"
        return CauseFinding(
            elsewhere(trial, suspect, told), Certainty.LIKELY, suspect.evidence, why
        )
    cause = elsewhere(trial, suspect, by_python(explanations))
    proof = f"{left}, first by {own_frame(by_place(told.lines)[0])}"
    return CauseFinding(cause, Certainty.PROVEN, suspect.evidence, proof)


def held_bytes(trial: Trial, suspect: Plausible) -> int:
    """What a suspect explains of the whole load; of a leak its evidence is the second half's."""
    whole, part = whole_load(trial), gained_of(trial)
    if whole is None or part is None or not part.requests:
        return suspect.explained_bytes
    return round(suspect.explained_bytes * whole.requests / part.requests)


def traced_share(trial: Trial, explanation: AllocationTrace) -> float:
    """How much of the growth a request's lines hold."""
    return a_request(explanation) / pace(trial) if pace(trial) > 0 else 0.0


def by_python(explanations: Sequence[AllocationTrace]) -> AllocationTrace | None:
    """What Python's own allocator holds, where that was traced."""
    return next((each for each in explanations if each.tracer == "tracemalloc"), None)


def elsewhere(trial: Trial, suspect: Plausible, python: AllocationTrace | None) -> Cause:
    """Native, when Python's allocator holds next to nothing of what grew."""
    if python is not None and python.tracer == "tracemalloc":
        return Cause.NATIVE if traced_share(trial, python) < ELSEWHERE_SHARE else suspect.cause
    return suspect.cause


def own_frame(line: TracedLine) -> str:
    """The line that allocates, and the innermost one of the app's own that led there."""
    frames = [frame for frame in line.frames if not frame.startswith(INTERPRETER)]
    if not frames:
        return "an unknown line"
    own = next((frame for frame in frames if is_own(frame)), None)
    if own is None or own == frames[0]:
        return short(own or frames[0])
    return f"{short(frames[0])}, from {short(own)}"


def is_own(frame: str) -> bool:
    """Whether it is Python of the app's, no package's."""
    return ".py:" in frame and not any(part in frame for part in NOT_OWN)


def short(frame: str) -> str:
    """Without the folders in front of a package, or of the app."""
    for mark in (PACKAGES, "/lib/python", "/app/"):
        if mark in frame:
            return frame.rpartition(mark)[2]
    return frame
