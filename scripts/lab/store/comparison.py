"""Two engines compared: which runs may be compared, and what is kept of the other run."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lab.errors import LabError
from lab.records.experiment import Experiment
from lab.records.summary import ComparedVariant, Comparison, Summary
from lab.store.find_runs import newest_runs
from lab.store.run_folder import RunFolder

SAME_SETTINGS = (
    "host_cpus",
    "workers",
    "requests",
    "concurrency",
    "connection",
    "blocks",
    "probes",
)
"""Settings that must agree; trials, slots and the memory budget only change precision and pace."""


def keep_comparison(folder: RunFolder) -> None:
    """Copy into a run what the newest comparable run of another engine found, if there is one.

    A copy, because the run's folder is what is handed on.
    """
    mine = folder.read_experiment()
    for other in newest_runs(folder.path.parent):
        if other.path == folder.path:
            continue
        # A run that cannot be read, e.g. of an earlier edition, is not comparable.
        with contextlib.suppress(LabError):
            if comparable(mine, other.read_experiment()):
                comparison = comparison_with(other.read_summary(), mine.variants)
                if comparison.variants:
                    folder.write_comparison(comparison)
                    return


def comparable(one: Experiment, other: Experiment) -> bool:
    """Whether two runs have the same settings and machine, and different engines."""
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
    """The other run's own numbers of the variants that both runs have."""
    rows = tuple(
        ComparedVariant(
            name=variant.name,
            verdict=variant.verdict,
            settled_bytes=variant.memory_bytes.settled if variant.memory_bytes else None,
            growth_bytes=variant.memory_bytes.growth if variant.memory_bytes else None,
        )
        for variant in other.variants
        if variant.name in variants
    )
    return Comparison(other.run.id, replace(other.run.engine, notes=()), rows)
