"""Runs on two engines that are compared."""

from builders import factories
from lab.records.experiment import EngineInfo, EngineKind
from lab.records.judgement import Verdict
from lab.records.summary import VariantSummary
from lab.units import MIB

NAMES = ("py37-fastapi-sync", "py37-flask")
PROCESS = EngineInfo(
    EngineKind.PROCESS, "Linux 6.1", "none", ("Memory: by PSS.", "Network: loopback.")
)


def bounded(name: str = NAMES[0], growth: int = 40 * MIB) -> VariantSummary:
    return factories.variant_summary(name, Verdict.BOUNDED, growth)
