"""The readings of a trial: paused on purpose, written down, and taken up again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import raw
from lab.clock import now_seconds
from lab.measure.sampling import Watch
from lab.records.observations import Pause, Sample
from lab.store.trial_reader import read_records
from lab.store.trial_writer import TrialWriter


class RecordedSource:
    """A source that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def pause(self) -> None:
        self.said.append("pause")

    def resume(self) -> None:
        self.said.append("resume")

    def stop(self) -> None:
        self.said.append("stop")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[TrialWriter]:
    opened = TrialWriter(tmp_path / "1.jsonl")
    yield opened
    opened.close()


def watching(writer: TrialWriter) -> tuple[Watch, RecordedSource]:
    """A watch that follows a source; within a running loop."""
    watch, source = Watch(writer, lambda _: None), RecordedSource()
    watch.follow(source)
    return watch, source


def test_where_no_samples_are_taken_is_written_down(writer: TrialWriter) -> None:
    async def rest() -> RecordedSource:
        watch, source = watching(writer)
        await asyncio.sleep(0.02)
        with watch.taking():
            pass
        return source

    source = asyncio.run(rest())
    (pause,) = read_records(writer.path)

    assert source.said == ["resume", "pause"]
    assert isinstance(pause, Pause)
    assert pause.ended_at_seconds - pause.started_at_seconds >= 0.015


@pytest.mark.parametrize(("lasts_seconds", "said"), [(0.0, []), (0.1, ["resume", "pause"])])
def test_samples_are_taken_of_what_lasts(
    writer: TrialWriter, lasts_seconds: float, said: list[str]
) -> None:
    async def last() -> RecordedSource:
        watch, source = watching(writer)
        with watch.taking(after_seconds=0.01):
            await asyncio.sleep(lasts_seconds)
        await asyncio.sleep(0.02)
        return source

    assert asyncio.run(last()).said == said


def test_a_reading_is_later_than_its_question(writer: TrialWriter) -> None:
    async def read() -> tuple[Sample | None, RecordedSource]:
        watch, source = watching(writer)
        watch.take(raw.sample(1, at=now_seconds() - 1))
        asking = asyncio.ensure_future(watch.reading(5.0))
        await asyncio.sleep(0)
        watch.take(raw.sample(2, at=now_seconds()))
        return await asking, source

    sample, source = asyncio.run(read())

    assert sample is not None
    assert sample.memory_bytes == 2
    assert source.said == ["resume", "pause"]


def test_no_reading_in_time_is_none(writer: TrialWriter) -> None:
    async def read() -> tuple[Sample | None, RecordedSource]:
        watch, source = watching(writer)
        return await watch.reading(0.01), source

    sample, source = asyncio.run(read())

    assert sample is None
    assert source.said == ["resume", "pause"]


def test_a_reading_that_was_empty_once_is_asked_for_again(writer: TrialWriter) -> None:
    """Without samples in between nothing else would have told that there is one again."""

    async def read() -> list[int | None]:
        watch, _ = watching(writer)
        sizes = []
        for taken in (None, raw.sample(7, at=now_seconds() + 60)):
            asking = asyncio.ensure_future(watch.reading(5.0))
            await asyncio.sleep(0)
            watch.take(taken)
            sample = await asking
            sizes.append(sample and sample.memory_bytes)
        return sizes

    assert asyncio.run(read()) == [None, 7]


def test_after_its_end_nothing_is_taken(writer: TrialWriter) -> None:
    async def ended() -> tuple[Watch, RecordedSource]:
        watch, source = watching(writer)
        watch.close()
        watch.take(raw.sample(at=1.0))
        return watch, source

    watch, source = asyncio.run(ended())

    assert source.said == ["stop"]
    assert watch.samples == []


@pytest.mark.parametrize("turns", range(5))
def test_an_interruption_that_comes_with_a_sample_is_not_lost(turns: int) -> None:
    """A trial that was dropped went on to its end, and what it asked for with it."""

    async def cancelled_in_time() -> bool:
        watch = object.__new__(Watch)
        watch.arrived = asyncio.Event()
        waiting = asyncio.ensure_future(watch.next(10))
        await asyncio.sleep(0.01)
        watch.arrived.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        was_done = waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return was_done or waiting.cancelled()

    assert asyncio.run(cancelled_in_time())
