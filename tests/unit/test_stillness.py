"""A quiet is over when everything holds still, and says so when its patience ended first."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path

import pytest
import raw
from lab.engines import Place
from lab.model import ProbeReading, ProcessReading
from lab.probe_client import ProbeClient
from lab.quiet import Waits
from lab.raw_file import TrialWriter
from lab.stillness import Settled, Stillness
from lab.watch import Watch

MIB = raw.MIB
PACE_SECONDS = 0.01


class Descriptors(ProbeClient):
    """Probes that answer with one count after the other; the last one stays."""

    def __init__(self, counts: Sequence[int | None]) -> None:
        super().__init__(Place("127.0.0.1", 1, 1), workers=1)
        self.counts: Iterator[int | None] = chain(counts, repeat(counts[-1]))
        self.asked = 0

    def descriptors(self) -> int | None:
        self.asked += 1
        return next(self.counts)

    def reading(self) -> ProbeReading | None:
        count = self.descriptors()
        if count is None:
            return None
        return raw.probe(processes=(ProcessReading(10, 1, 4.0, "gunicorn", 1, MIB, MIB, count),))


class Source:
    """An engine's readings, as fast as a test wants them."""

    def __init__(self, watch: Watch, sizes: Sequence[int]) -> None:
        self.watch, self.sizes = watch, chain(sizes, repeat(sizes[-1]))
        self.task = asyncio.get_running_loop().create_task(self.send())
        self.paused = False

    async def send(self) -> None:
        while True:
            await asyncio.sleep(PACE_SECONDS)
            if not self.paused:
                self.watch.take(raw.sample(next(self.sizes), at=time.time()))

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def stop(self) -> None:
        self.task.cancel()


Quiet = Callable[..., Settled]


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Quiet]:
    """One quiet of a variant whose memory is `sizes`, reading by reading."""
    writer = TrialWriter(tmp_path / "1.jsonl")

    async def pass_by(
        probes: ProbeClient | None, sizes: Sequence[int], patience_seconds: float
    ) -> Settled:
        waits = Waits(watched_seconds=0.01, patience_seconds=patience_seconds)
        watch = Watch(writer, lambda _: None)
        watch.source = Source(watch, sizes)
        try:
            return await Stillness(watch, waits, probes, 0.03).awaited()
        finally:
            watch.close()

    yield lambda probes, sizes=(MIB,), patience=20.0: asyncio.run(pass_by(probes, sizes, patience))
    writer.close()


def test_what_holds_still_is_a_trough_with_its_probe(quiet: Quiet) -> None:
    probes = Descriptors([7])
    settled = quiet(probes)

    assert settled.still
    assert settled.sample is not None
    assert settled.probe is not None
    assert settled.probe.processes[0].descriptors == 7
    assert probes.asked == 2


def test_descriptors_that_change_prolong_the_quiet(quiet: Quiet) -> None:
    probes = Descriptors([7, 8, 9])
    settled = quiet(probes)

    assert settled.still
    assert settled.probe is not None
    assert settled.probe.processes[0].descriptors == 9
    assert probes.asked == 4


def test_descriptors_that_never_rest_end_its_patience(quiet: Quiet) -> None:
    settled = quiet(Descriptors(list(range(10_000))), patience=0.4)

    assert not settled.still
    assert settled.sample is not None
    assert settled.quiet_seconds >= 0.4


def test_memory_that_moves_prolongs_the_quiet(quiet: Quiet) -> None:
    settled = quiet(Descriptors([7]), (9 * MIB, 5 * MIB, 8 * MIB, 2 * MIB, 6 * MIB, MIB))

    assert settled.still
    assert settled.sample is not None
    assert settled.sample.memory_bytes == MIB


def test_a_probe_that_stops_to_answer_is_no_stillness(quiet: Quiet) -> None:
    settled = quiet(Descriptors([7, None, 7]))

    assert settled.still
    assert settled.probe is not None


def test_a_quiet_without_probes_goes_by_the_engine_alone(quiet: Quiet) -> None:
    settled = quiet(None)

    assert settled.still
    assert settled.probe is None
