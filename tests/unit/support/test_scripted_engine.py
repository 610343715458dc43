from collections.abc import Callable

import pytest
from builders import raw
from lab.errors import VariantError
from lab.records.observations import Sample
from lab.units import MIB
from support.polling import wait_until
from support.script import Script, value_at
from support.scripted_engine import ScriptedEngine

ONE = raw.variant("one")


@pytest.mark.parametrize(
    ("curve", "reading", "served", "value"),
    [
        ((1, 2, 3), 0, 99, 1),
        ((1, 2, 3), 2, 99, 3),
        ((1, 2, 3), 50, 99, 3),
        (lambda served: served * 2, 50, 7, 14),
    ],
)
def test_a_curve_is_a_value_a_reading_or_a_function_of_requests(
    curve: tuple[int, ...] | Callable[[int], int], reading: int, served: int, value: int
) -> None:
    assert value_at(curve, reading, served) == value


def readings(engine: ScriptedEngine, count: int) -> list[Sample | None]:
    found: list[Sample | None] = []
    sampling = engine.sample(ONE, found.append)
    sampling.resume()
    assert wait_until(lambda: len(found) >= count)
    sampling.stop()
    return found[:count]


def test_readings_are_the_curve_and_their_times_rise() -> None:
    with ScriptedEngine({"one": Script((MIB, 2 * MIB, 3 * MIB), pids=(1, 2))}, 0.001) as engine:
        engine.start(ONE)
        samples = [sample for sample in readings(engine, 5) if sample]
    times = [sample.read_at_seconds for sample in samples]

    assert [sample.memory_bytes // MIB for sample in samples] == [1, 2, 3, 3, 3]
    assert [sample.pids for sample in samples] == [1, 2, 2, 2, 2]
    assert sorted(set(times)) == times


def test_an_engine_that_refuses_to_start() -> None:
    with (
        ScriptedEngine({"one": Script(cannot_start="no image")}) as engine,
        pytest.raises(VariantError, match="one: no image"),
    ):
        engine.start(ONE)
