"""The answer about a user app as a record: its verdict, its causes and what helps."""

from lab.causes.advice import help_line, no_cause
from lab.causes.causes import LIVE_CAUSES
from lab.causes.diagnosis import Diagnosis
from lab.causes.holders import HolderFinding, sentences
from lab.causes.named_growth import named_sentences
from lab.causes.traces import line_name
from lab.records.app_answer import AppAnswer, AppCause, AppChange, AppLine
from lab.records.holders import CodeKind, Package


def app_answer(diagnosis: Diagnosis, name: str, variant: str) -> AppAnswer:
    """The record of the answer about an app of that name."""
    holder = diagnosis.holder if is_held(diagnosis) else None
    return AppAnswer(
        app=name,
        variant=variant,
        verdict=diagnosis.judged.verdict,
        reason=diagnosis.judged.reason,
        requests=diagnosis.requests,
        causes=tuple(
            AppCause(each.cause, each.standing, each.evidence, each.proof)
            for each in diagnosis.findings
        ),
        no_cause=None if diagnosis.findings else no_cause(diagnosis),
        helps=help_line(diagnosis),
        changes=tuple(
            AppChange(
                each.change.line,
                each.change.is_cure,
                each.gained_bytes,
                each.saved_bytes,
                each.rate,
                each.requests,
            )
            for each in diagnosis.outcomes
        ),
        lines=tuple(AppLine(line_name(line), line.bytes, line.count) for line in diagnosis.lines),
        types=dict(diagnosis.types),
        held_by=(*(sentences(holder) if holder else ()), *named_sentences(diagnosis.named)),
        apart=diagnosis.apart,
        package=reported_package(holder) if holder else None,
        load_note=diagnosis.load_note,
        control_requests=diagnosis.control_requests,
        failed_changes=diagnosis.failed,
    )


def is_held(diagnosis: Diagnosis) -> bool:
    """Whether a cause is live memory, and not garbage that waits for the collector."""
    return any(each.cause in LIVE_CAUSES and not each.is_garbage for each in diagnosis.findings)


def reported_package(holder: HolderFinding) -> Package | None:
    """The distribution to which the growth is reported; None where the app itself keeps it.

    What holds the memory comes before what asked for it: an app that keeps a package's objects is
    no fault of that package.
    """
    owner = holder.owner
    if owner is None or owner.kind is CodeKind.LIBRARY:
        return holder.package
    return owner.package
