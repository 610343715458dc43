"""What tests of the apps share."""

import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paths import ROOT


@pytest.fixture
def importable_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The apps are found by their names, as in a server."""
    monkeypatch.syspath_prepend(str(ROOT / "apps"))


@pytest.fixture
def fresh_pools(importable_apps: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of a server is there, and no pool outlives its test."""
    for name in ("LAB_WORKLOAD", "LAB_POOL", "LAB_COLLECT", "LAB_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    pools = importlib.import_module("pools")
    yield
    for cached in (pools.executor, pools.processes):
        if cached.cache_info().currsize:
            cached().shutdown()
            cached.cache_clear()


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A folder with a path short enough for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        yield Path(folder)
