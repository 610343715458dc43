"""From the raw files of a run to its report: the one place where reading and rendering meet."""

from collections.abc import Mapping, Sequence

from lab.claimbook import read_claims
from lab.codec import decode
from lab.model import Trial
from lab.own.answer import Answer, answer_from
from lab.own.changes import Tried
from lab.own.wording import answer_text, cause_text
from lab.report import render_all
from lab.store import RunFolder
from lab.summarise import curve_of, summarise
from lab.summary import Summary

ANSWER = "answer.md"


def rebuild(folder: RunFolder) -> Summary:
    """Write summary.json, report.md, report.html and the figures anew; needs no engine.

    Raises:
        LabError: a raw file cannot be read.
    """
    experiment = folder.read_experiment()
    trials = folder.read_trials()
    found = own_answer(folder, trials)
    causes, files = own_parts(*found) if found else ({}, {})
    summary = summarise(
        folder.id, experiment, trials, folder.read_comparison(), read_claims(), causes
    )
    curves = [curve_of(trial) for name in experiment.variants for trial in trials.get(name, ())]
    folder.write_report({**render_all(summary, curves), **files})
    return summary


def own_parts(tried: Tried, found: Answer) -> tuple[dict[str, str], dict[str, str]]:
    """What an own app's answer adds to a report: its cause, and a file of its own."""
    cause = cause_text(found)
    return {tried.base: cause} if cause else {}, {ANSWER: answer_text(found, tried.name)}


def own_answer(
    folder: RunFolder, trials: Mapping[str, Sequence[Trial]]
) -> tuple[Tried, Answer] | None:
    """The answer about an own app, where the run was of one and it was measured."""
    told = folder.read_own()
    if told is None:
        return None
    tried: Tried = decode(Tried, told)
    return (tried, answer_from(tried, trials)) if trials.get(tried.base) else None
