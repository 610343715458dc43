"""Two engines side by side: which runs may be compared, and what is kept of the other."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lab.records.experiment import Experiment
from lab.records.summary import Compared, Comparison, Summary

SAME_SETTINGS = (
    "host_cpus",
    "workers",
    "requests",
    "concurrency",
    "connection",
    "blocks",
    "probes",
)
"""What must agree; trials, lanes and the budget only change how sure and how fast."""


def comparable(one: Experiment, other: Experiment) -> bool:
    """Whether two runs asked the same of the same machine, on different engines."""
    return (
        one.engine.kind != other.engine.kind
        and other.elapsed_seconds is not None
        and not other.interrupted
        and one.suite == other.suite
        and one.host == other.host
        and settings_of(one) == settings_of(other)
        and not set(one.variants).isdisjoint(other.variants)
    )


def settings_of(experiment: Experiment) -> Mapping[str, object]:
    return {name: experiment.settings.get(name) for name in SAME_SETTINGS}


def comparison_with(other: Summary, variants: Sequence[str]) -> Comparison:
    """The other run's own numbers of the variants that both have."""
    found = tuple(
        Compared(
            name=variant.name,
            verdict=variant.verdict,
            settled_bytes=variant.memory_bytes.settled if variant.memory_bytes else None,
            growth_bytes=variant.memory_bytes.growth if variant.memory_bytes else None,
        )
        for variant in other.variants
        if variant.name in variants
    )
    return Comparison(other.run.id, replace(other.run.engine, notes=()), found)
