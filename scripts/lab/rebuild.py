"""From the raw files of a run to its report: the one place where reading and rendering meet."""

from lab.claimbook import read_claims
from lab.report import render_all
from lab.store import RunFolder
from lab.summarise import curve_of, summarise
from lab.summary import Summary


def rebuild(folder: RunFolder) -> Summary:
    """Write summary.json, report.md, report.html and the figures anew; needs no engine.

    Raises:
        LabError: a raw file cannot be read.
    """
    experiment = folder.read_experiment()
    trials = folder.read_trials()
    summary = summarise(folder.id, experiment, trials, folder.read_comparison(), read_claims())
    curves = [curve_of(trial) for name in experiment.variants for trial in trials.get(name, ())]
    folder.write_report(render_all(summary, curves))
    return summary
