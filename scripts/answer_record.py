"""What the record of a run of `make try` says of its app: figures and names, without its texts.

Pure: from a summary and the changes that were tried. `scripts/bench_answers.py` keeps it.
"""

from dataclasses import dataclass

from lab.causes.releases import specifier
from lab.records.app_answer import AppCause
from lab.records.interventions import Cause, InterventionPlan
from lab.records.judgement import Certainty, Interval, Verdict
from lab.records.summary import Summary


@dataclass(frozen=True, slots=True)
class KeptCause:
    """One cause, without its evidence."""

    cause: Cause
    standing: Certainty


@dataclass(frozen=True, slots=True)
class KeptCure:
    """Another release that was measured in place of the app's own."""

    requirement: str
    """As it is written in a requirements file: `ujson>=5.10.0`."""
    verdict: Verdict | None
    """The verdict on the app with that release; None: it was not measured."""


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """What one run says of its app."""

    run: str
    """The run's id, which begins with its start in UTC."""
    commit: str | None
    """The lab's commit; None: not known."""
    verdict: Verdict
    requests: int
    """Served by the app as it is, a count."""
    bytes_a_request: Interval | None
    """Growth a request; None: no model of it."""
    causes: tuple[KeptCause, ...]
    """Proven ones first."""
    held_by: tuple[str, ...]
    """Who holds the memory: a sentence each, as the answer shows it."""
    package: str | None
    """The distribution to which the growth is reported; None: none, or the app itself."""
    version: str | None
    cures: tuple[KeptCure, ...]
    helps: str
    """The line of the answer that says what helps."""


def answer_record(summary: Summary, plan: InterventionPlan) -> AnswerRecord | None:
    """What the run says of its app; None where the app as it is was not measured."""
    own = summary.own
    if own is None:
        return None
    verdicts = {each.name: each.verdict for each in summary.variants}
    growths = {each.name: each.growth_bytes_per_request for each in summary.variants}
    releases = [(change, change.release) for change in plan.changes if change.release is not None]
    return AnswerRecord(
        run=summary.run.id,
        commit=summary.run.git_commit,
        verdict=own.verdict,
        requests=own.requests,
        bytes_a_request=growths.get(own.variant),
        causes=tuple(map(kept_cause, own.causes)),
        held_by=own.held_by,
        package=own.package.name if own.package else None,
        version=own.package.version if own.package else None,
        cures=tuple(
            KeptCure(specifier(release), verdicts.get(plan.variant(change)))
            for change, release in releases
        ),
        helps=own.helps,
    )


def kept_cause(cause: AppCause) -> KeptCause:
    return KeptCause(cause.cause, cause.standing)
