"""What tests of the load share."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[Any]], Any]:
    def on_its_loop(work: Awaitable[Any]) -> Any:
        new = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        loop = new()
        try:
            return loop.run_until_complete(work)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return on_its_loop
