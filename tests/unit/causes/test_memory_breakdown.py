"""Where memory lies between two troughs."""

from dataclasses import replace

from builders import raw
from lab.causes.memory_breakdown import whole_load
from lab.records.observations import Trough
from lab.records.trial import Trial
from lab.units import MIB
from lab.verdict.trend import troughs_of


def filled(index: int, active_mib: int, inactive_mib: int) -> Trough:
    """A trough of 50 MiB without pages of files."""
    found = raw.trough(index, (50 + active_mib) * MIB)
    sample = replace(
        found.sample,
        usage_bytes=(50 + active_mib + inactive_mib) * MIB,
        file_bytes=(active_mib + inactive_mib) * MIB,
        inactive_file_bytes=inactive_mib * MIB,
        shmem_bytes=0,
    )
    return replace(found, sample=sample)


def of_troughs(*troughs: Trough) -> Trial:
    blocks = tuple(raw.block(trough.index) for trough in troughs if trough.index >= 0)
    return raw.trial(troughs=troughs, blocks=blocks, samples=())


def test_pages_of_files_count_as_far_as_memory_counts_them() -> None:
    gained = whole_load(of_troughs(filled(-1, 2, 10), filled(0, 5, 90)))

    assert gained is not None
    assert (gained.memory, gained.file) == (3 * MIB, 3 * MIB)


def test_what_the_allocator_keeps_free_is_known_of_all_troughs_or_of_none() -> None:
    told = raw.probe(raw.worker(free_bytes=3 * MIB))
    whole = of_troughs(raw.trough(-1, 50 * MIB, probe=told), raw.trough(0, 60 * MIB, probe=told))
    gap = of_troughs(raw.trough(-1, 50 * MIB, probe=told), raw.trough(0, 60 * MIB, probe=None))

    known, unknown = troughs_of(whole), troughs_of(gap)
    assert known is not None
    assert unknown is not None
    assert (known.free_bytes, unknown.free_bytes) == ((3 * MIB, 3 * MIB), None)
