"""The answer about a user app as a record: its verdict, its causes and what helps."""

from lab.causes.advice import help_line, no_cause
from lab.causes.causes import LIVE_CAUSES
from lab.causes.diagnosis import Diagnosis
from lab.causes.holders import sentences
from lab.causes.traces import line_name
from lab.records.app_answer import AppAnswer, AppCause, AppChange, AppLine


def app_answer(found: Diagnosis, name: str, variant: str) -> AppAnswer:
    """The answer about an app of that name, in words and numbers for every reader of it."""
    return AppAnswer(
        app=name,
        variant=variant,
        verdict=found.judged.verdict,
        reason=found.judged.reason,
        requests=found.requests,
        causes=tuple(
            AppCause(each.cause, each.standing, each.evidence, each.proof)
            for each in found.findings
        ),
        no_cause=None if found.findings else no_cause(found),
        helps=help_line(found),
        changes=tuple(
            AppChange(
                each.change.line,
                each.change.is_cure,
                each.gained_bytes,
                each.saved_bytes,
                each.rate,
            )
            for each in found.outcomes
        ),
        lines=tuple(AppLine(line_name(line), line.bytes, line.count) for line in found.lines),
        types=dict(found.types),
        held_by=tuple(sentences(found.holder)) if found.holder and is_held(found) else (),
        package=found.holder.package if found.holder and is_held(found) else None,
    )


def is_held(found: Diagnosis) -> bool:
    """Whether what grew is held by somebody, and no garbage that waits for the collector."""
    return any(each.cause in LIVE_CAUSES and not each.is_garbage for each in found.findings)
