"""From the raw files of a run to its report: the one place where reading and rendering meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.causes.diagnosis import diagnosis_of
from lab.claims.book import read_claims
from lab.errors import LabError
from lab.records.app_answer import AppAnswer
from lab.records.codec import value_text
from lab.records.experiment import Experiment
from lab.records.interventions import InterventionPlan
from lab.records.summary import Summary
from lab.records.trial import Trial
from lab.report.answer_text import answer_text
from lab.report.app_answer import app_answer
from lab.report.render import render_all
from lab.store.layout import OWN
from lab.store.run_folder import RunFolder
from lab.summary.run import curve_of, summarise

ANSWER = "answer.md"


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """What the raw files of a run say, judged now."""

    summary: Summary
    files: Mapping[str, str]
    """Every derived file by its name."""


def rebuild(folder: RunFolder) -> Summary:
    """The summary of a run, whose summary.json, report and figures are written anew; needs no
    engine.

    Raises:
        LabError: something in the folder cannot be read; nothing was written then.
    """
    judged = judge_anew(folder)
    folder.write_report(judged.files)
    return judged.summary


def judge_anew(folder: RunFolder) -> JudgedRun:
    """The summary and the derived files, from the raw files alone; nothing is written.

    Raises:
        LabError: something in the folder cannot be read.
    """
    summary, own, trials = judge_trials(folder)
    files = {ANSWER: answer_text(own)} if own else {}
    curves = [curve_of(trial) for of_variant in trials for trial in of_variant]
    return JudgedRun(summary, {**render_all(summary, curves), **files})


def summarise_anew(folder: RunFolder) -> Summary:
    """The summary, from the raw files alone, where no derived file is asked for.

    Raises:
        LabError: something in the folder cannot be read.
    """
    return judge_trials(folder)[0]


def judge_trials(
    folder: RunFolder,
) -> tuple[Summary, AppAnswer | None, Sequence[Sequence[Trial]]]:
    """The summary, the answer about a user app, and the trials of each variant in the run's order.

    Raises:
        LabError: something in the folder cannot be read.
    """
    folder.check()
    experiment = folder.read_experiment()
    trials = folder.read_trials()
    own = read_app_answer(folder, experiment, trials)
    summary = summarise(folder.id, experiment, trials, folder.read_comparison(), read_claims(), own)
    return summary, own, [trials.get(name, ()) for name in experiment.variants]


def read_app_answer(
    folder: RunFolder, experiment: Experiment, trials: Mapping[str, Sequence[Trial]]
) -> AppAnswer | None:
    """The answer about a user app, where the run was of one and it was measured.

    Raises:
        LabError: what was tried cannot be read, or is not of this run.
    """
    tried = folder.read_interventions(InterventionPlan)
    if tried is None:
        return None
    if tried.base not in experiment.variants:
        name = value_text(tried.base)
        raise LabError(f"run {folder.id}: {OWN} cannot be used: {name} is not a variant of the run")
    if not trials.get(tried.base):
        return None
    return app_answer(diagnosis_of(tried, trials), tried.name, tried.base)
