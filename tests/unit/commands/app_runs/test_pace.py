"""The load of what explains a slow app."""

import pytest
from builders import raw
from lab.commands.app_runs.pace import paced
from lab.records.trial import LoadFit
from lab.records.variant import LoadShape, Scenario

FIT = LoadFit(4000, 360, 0.166, 180.0, 1992.0)


@pytest.mark.parametrize(
    ("load", "scenario", "requests"),
    [
        (LoadShape(requests=4000, blocks=8), None, 180),
        (LoadShape(requests=100, blocks=8), None, 100),
        (LoadShape(requests=1000, blocks=2), Scenario.TRACED, 45),
    ],
)
def test_it_has_part_of_the_load_of_the_app_itself(
    load: LoadShape, scenario: Scenario | None, requests: int
) -> None:
    variant = raw.variant("one", load=load, scenario=scenario)

    assert paced(variant, FIT).load.requests == requests
