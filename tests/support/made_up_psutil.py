"""A made-up psutil."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from lab.engines.process.process_tree import PsutilTrees


class GoneError(Exception):
    pass


class Process:
    """What the lab asks of one of psutil's; what is None is refused."""

    def __init__(self, rss: int | None = 0, uss: int | None = None, lives: bool = True) -> None:
        self.rss, self.uss, self.lives = rss, uss, lives

    def is_running(self) -> bool:
        return self.lives

    @contextmanager
    def oneshot(self) -> Iterator[None]:
        yield

    def cpu_times(self) -> Any:
        return SimpleNamespace(user=1.5, system=0.25)

    def num_threads(self) -> int:
        return 3

    def memory_info(self) -> Any:
        if self.rss is None:
            raise GoneError
        return SimpleNamespace(rss=self.rss)

    def memory_full_info(self) -> Any:
        if self.uss is None:
            raise GoneError
        return SimpleNamespace(uss=self.uss)


def psutil_trees(monkeypatch: pytest.MonkeyPatch, *children: Process) -> PsutilTrees:
    """On a made-up psutil that knows process 1 and its children."""

    def root(pid: int) -> Any:
        if pid != 1:
            raise GoneError
        return SimpleNamespace(children=lambda recursive: list(children) if recursive else [])

    psutil = SimpleNamespace(Process=root, NoSuchProcess=GoneError, Error=GoneError)
    monkeypatch.setitem(sys.modules, "psutil", psutil)
    return PsutilTrees()
