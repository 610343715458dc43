from dataclasses import replace

import pytest
from builders import factories
from lab.records.summary import VariantSummary
from lab.report.sections import run_facts


def seeing(*cpus: int | None) -> tuple[VariantSummary, ...]:
    made = factories.variant_summary()
    return tuple(replace(made, axes=replace(made.axes, host_cpus=each)) for each in cpus)


@pytest.mark.parametrize(
    ("cpus", "text"),
    [
        ((16, 16), "16 (the host has 2)"),
        ((2, 40, 16), "2, 16 and 40 (the host has 2)"),
        ((16, None), "16 or the host's own (the host has 2)"),
        ((None,), "the host's own (2)"),
        ((), "16 (the host has 2)"),
    ],
)
def test_the_cpus_that_variants_see_are_those_of_each(
    cpus: tuple[int | None, ...], text: str
) -> None:
    facts = dict(run_facts(factories.summary(seeing(*cpus))))

    assert facts["CPUs shown to the variants"] == text
