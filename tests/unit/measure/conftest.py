"""What tests of the measuring share."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from support.script import Script
from support.scripted_engine import ScriptedEngine


@pytest.fixture
def engine_of() -> Iterator[Callable[..., ScriptedEngine]]:
    opened: list[ScriptedEngine] = []

    def make(scripts: Mapping[str, Script], pace_seconds: float = 0.002) -> ScriptedEngine:
        opened.append(ScriptedEngine(scripts, pace_seconds).__enter__())
        return opened[-1]

    yield make
    for engine in opened:
        engine.__exit__()
