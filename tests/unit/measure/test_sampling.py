"""The readings of a trial: paused on purpose, written down, and taken up again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import raw
from lab.measure.sampling import Watch
from lab.records.observations import Pause
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
    """A watch on a source; within a running loop."""
    watch, source = Watch(writer, lambda _: None), RecordedSource()
    watch.source = source
    return watch, source


def test_a_pause_is_written_down_with_its_times(writer: TrialWriter) -> None:
    async def rest() -> RecordedSource:
        watch, source = watching(writer)
        watch.pause()
        await asyncio.sleep(0.02)
        watch.resume()
        return source

    source = asyncio.run(rest())
    (pause,) = read_records(writer.path)

    assert source.said == ["pause", "resume"]
    assert isinstance(pause, Pause)
    assert pause.ended_at_seconds - pause.started_at_seconds >= 0.015


def test_a_pause_that_is_on_is_not_begun_again(writer: TrialWriter) -> None:
    async def twice() -> RecordedSource:
        watch, source = watching(writer)
        watch.pause()
        watch.pause()
        watch.resume()
        watch.resume()
        return source

    assert asyncio.run(twice()).said == ["pause", "resume"]
    assert len(list(read_records(writer.path))) == 1


def test_after_its_end_nothing_is_taken(writer: TrialWriter) -> None:
    async def ended() -> tuple[Watch, RecordedSource]:
        watch, source = watching(writer)
        watch.close()
        watch.take(raw.sample(at=1.0))
        return watch, source

    watch, source = asyncio.run(ended())

    assert source.said == ["stop"]
    assert watch.samples == []
