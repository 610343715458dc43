"""Summaries of raw trials."""

from typing import Any

from builders import raw
from lab.records.experiment import Experiment
from lab.records.summary import Summary, VariantSummary
from lab.records.trial import End, EndKind, Trial
from lab.summary.run import summarise

NAME = "py37-fastapi-sync"


def summary_of(*trials: Trial, of: Experiment | None = None) -> Summary:
    return summarise("run", of or raw.experiment(), {NAME: trials} if trials else {})


def variant_of(*trials: Trial) -> VariantSummary:
    (variant,) = summary_of(*trials).variants
    return variant


def died(**changes: Any) -> Trial:
    return raw.trial(**{"end": End(EndKind.DIED, 30.0, "it died", ("bye",)), **changes})


NEVER_READY = died(
    environment=None,
    calibration=None,
    prediction=None,
    samples=(),
    blocks=(),
    troughs=(),
    end=End(EndKind.NEVER_READY, 9.0, "it did not answer"),
)
