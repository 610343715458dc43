"""A cooldown ends when everything is stable, and says so when its patience ended first."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path

import pytest
from builders import raw
from lab.clock import now_seconds
from lab.engines.protocol import Endpoint
from lab.measure.cooldown import Cooldown, CooldownEnd
from lab.measure.cooldown_rules import Waits
from lab.measure.sampling import Watch
from lab.probes.channels import PortChannel
from lab.probes.client import ProbeClient
from lab.records.observations import Pause, ProbeReading, ProcessReading
from lab.store.trial_reader import read_records
from lab.store.trial_writer import TrialWriter
from lab.units import MIB

PACE_SECONDS = 0.01


class Inside(ProbeClient):
    """Probes that answer with one count of descriptors after the other; the last one stays."""

    def __init__(
        self, counts: Sequence[int | None], sizes: Sequence[int | None] = (None,), threads: int = 3
    ) -> None:
        super().__init__(PortChannel(Endpoint("127.0.0.1", 1, 1), workers=1))
        self.counts: Iterator[int | None] = chain(counts, repeat(counts[-1]))
        self.sizes: Iterator[int | None] = chain(sizes, repeat(sizes[-1]))
        self.threads = threads
        self.asked: list[str] = []

    def tree(self) -> ProbeReading | None:
        return self.look("tree")

    def reading(self) -> ProbeReading | None:
        return self.look("reading")

    def look(self, what: str) -> ProbeReading | None:
        self.asked.append(what)
        count, size = next(self.counts), next(self.sizes)
        if count is None:
            return None
        process = ProcessReading(10, 1, 4.0, "gunicorn", self.threads, MIB, MIB, count)
        return raw.probe(processes=(process,), memory_bytes=size)


class ReadingSource:
    """An engine's readings, as fast as a test wants them."""

    def __init__(self, watch: Watch, sizes: Sequence[int]) -> None:
        self.watch, self.sizes = watch, chain(sizes, repeat(sizes[-1]))
        self.task = asyncio.get_running_loop().create_task(self.send())
        self.paused = False

    async def send(self) -> None:
        while True:
            await asyncio.sleep(PACE_SECONDS)
            if not self.paused:
                size = next(self.sizes)
                self.watch.take(raw.sample(size, at=now_seconds()) if size else None)

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def stop(self) -> None:
        self.task.cancel()


CoolDown = Callable[..., CooldownEnd]


@pytest.fixture
def cool_down(tmp_path: Path) -> Iterator[CoolDown]:
    """One cooldown of a variant whose memory is `sizes`, reading by reading."""
    writer = TrialWriter(tmp_path / "1.jsonl")

    async def pass_by(
        probes: ProbeClient | None, sizes: Sequence[int], patience_seconds: float
    ) -> CooldownEnd:
        waits = Waits(patience_seconds=patience_seconds)
        watch = Watch(writer, lambda _: None)
        watch.follow(ReadingSource(watch, sizes))
        try:
            return await Cooldown(watch, waits, probes).wait_until_stable(0.03, 0.02)
        finally:
            watch.close()

    yield lambda probes, sizes=(MIB,), patience=20.0: asyncio.run(pass_by(probes, sizes, patience))
    writer.close()


def times_asked(tmp_path: Path) -> int:
    """How often the engine's readings were taken up: a pause is written down with its end."""
    return sum(isinstance(record, Pause) for record in read_records(tmp_path / "1.jsonl"))


def test_what_is_stable_is_a_trough_with_its_probe(cool_down: CoolDown) -> None:
    probes = Inside([7], [MIB])
    end = cool_down(probes)

    assert end.stable
    assert end.sample is not None
    assert end.probe is not None
    assert end.probe.processes[0].descriptors == 7
    assert probes.asked == ["tree", "reading"]
    assert end.cooldown_seconds >= 0.03


def test_the_engine_is_asked_once_where_its_number_is_known_inside(
    cool_down: CoolDown, tmp_path: Path
) -> None:
    assert cool_down(Inside([7], [MIB])).stable
    assert times_asked(tmp_path) == 1


@pytest.mark.parametrize("probes", [None, Inside([7])], ids=["no-probes", "no-cgroup-inside"])
def test_the_engine_is_asked_twice_where_it_alone_knows(
    cool_down: CoolDown, tmp_path: Path, probes: Inside | None
) -> None:
    assert cool_down(probes).stable
    assert times_asked(tmp_path) == 2


def test_descriptors_that_change_prolong_the_cooldown(cool_down: CoolDown) -> None:
    probes = Inside([7, 8, 9], [MIB])
    end = cool_down(probes)

    assert end.stable
    assert end.probe is not None
    assert end.probe.processes[0].descriptors == 9
    assert len(probes.asked) == 4


def test_descriptors_that_never_rest_end_its_patience(cool_down: CoolDown) -> None:
    end = cool_down(Inside(list(range(10_000)), [MIB]), patience=0.4)

    assert not end.stable
    assert end.sample is not None
    assert end.cooldown_seconds >= 0.4


def test_memory_that_moves_inside_prolongs_the_cooldown(cool_down: CoolDown) -> None:
    probes = Inside([7], [9 * MIB, 5 * MIB, MIB])
    end = cool_down(probes)

    assert end.stable
    assert end.probe is not None
    assert end.probe.memory_bytes == MIB
    assert len(probes.asked) == 4


def test_memory_that_moves_prolongs_a_cooldown_without_probes(cool_down: CoolDown) -> None:
    end = cool_down(None, (9 * MIB, 5 * MIB, 8 * MIB, 2 * MIB, 6 * MIB, MIB))

    assert end.stable
    assert end.sample is not None
    assert end.sample.memory_bytes == MIB


def test_a_probe_that_stops_to_answer_is_not_stable(cool_down: CoolDown) -> None:
    probes = Inside([7, None, 7], [MIB])
    end = cool_down(probes)

    assert end.stable
    assert end.probe is not None
    assert len(probes.asked) > 3


def test_a_cooldown_without_probes_goes_by_the_engine_alone(cool_down: CoolDown) -> None:
    end = cool_down(None)

    assert end.stable
    assert end.probe is None


def test_without_a_reading_nothing_is_stable(cool_down: CoolDown) -> None:
    end = cool_down(None, (0,), patience=0.1)

    assert not end.stable
    assert end.sample is None
