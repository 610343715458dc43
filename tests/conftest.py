"""What holds for all tests."""

import signal
from typing import Any

import pytest
from support.scheduling import ScopeScheduling


def pytest_configure() -> None:
    """A shell has what it starts in the background ignore these, and so would all it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ScopeScheduling | None:
    """None: the one that `--dist` names."""
    return ScopeScheduling(config, log) if config.getvalue("dist") == "loadscope" else None
