from dataclasses import replace

import pytest
from builders import factories
from lab.records.summary import ImageBase, VariantSummary
from lab.report.sections import bases_sentence, run_facts


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


DIGEST = "python@sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("bases", "said"),
    [
        ([("official", DIGEST)], "whose digest is recorded."),
        ([("official", DIGEST), ("official", "python:3.8")], "not every digest is known"),
        ([("official", "python:3.8")], "a tag may stand for another image elsewhere."),
        ([("unknown", "sha256:00")], "The lab did not build the image"),
        ([("stand-in", "CPython 3.7.17")], "Every base is a stand-in"),
        ([("official", DIGEST), ("stand-in", "x")], "Official images: i0; stand-ins"),
    ],
)
def test_what_the_bases_are_is_said_as_far_as_it_is_known(
    bases: list[tuple[str, str]], said: str
) -> None:
    made = [ImageBase(f"i{number}", *each) for number, each in enumerate(bases)]

    assert said in bases_sentence(made)
