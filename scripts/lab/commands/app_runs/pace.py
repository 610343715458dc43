"""The load of what explains a slow app: part of the smaller load that its own trial had."""

from dataclasses import replace

from lab.app.services import TRACED_PART
from lab.records.trial import LoadFit
from lab.records.variant import Scenario, Variant

EXPLAINING_PART = 2
"""The share of the app's own load that explains it: several do, and two run at a time."""


def paced(variant: Variant, fit: LoadFit) -> Variant:
    """The variant with no more load than explains in time; all of a comparison have the same."""
    part = EXPLAINING_PART * (TRACED_PART if variant.scenario is Scenario.TRACED else 1)
    blocks = variant.load.blocks or 1
    most = max(blocks, fit.requests // part)
    requests = min(variant.load.requests or most, most)
    return replace(variant, load=replace(variant.load, requests=requests))
