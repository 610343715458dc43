"""What holds for all tests."""

import contextlib
import gc
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest
from support import image_builds
from support.hang_watch import HangWatch
from support.scheduling import ScopeScheduling, turn_of

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


LATER = 5
"""By how much a worker's tests come after the engine, which builds and runs what the real ones of
another worker wait for."""


WATCH = pytest.StashKey[HangWatch]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("hang_seconds", "after which a test that has not ended ends its process")


def pytest_configure(config: pytest.Config) -> None:
    """A shell has what it starts in the background ignore these, and so would all it starts."""
    if hasattr(config, "workerinput"):
        with contextlib.suppress(OSError):
            os.nice(LATER)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    gc.disable()
    watch = config.stash[WATCH] = HangWatch(float(config.getini("hang_seconds")))
    config.add_cleanup(watch.end)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[WATCH].begin_test()


def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    node.config.stash[WATCH].renew()


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end: no collection looks at them again."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, Any, Any]:
    """A command that a test runs in this process sets handlers of signals; the next has its own.

    No fixture: thousands of tests would each pay for its set-up and its end.
    """
    before = {number: signal.getsignal(number) for number in HANDLED}
    try:
        return (yield)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real tests that need no image first, then the other real ones, each in their files' order."""
    items.sort(key=lambda item: turn_of(item.nodeid, getattr(item, "fixturenames", [])))


def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """What all workers wait for or read is begun or written before them.

    The images of the real tests are built until the tests end. Pytest rewrites the assertions of a
    file for whoever reads it first, and workers that begin together would each do so: 38 s of CPU.
    """
    if config.getvalue("dist") != "loadscope":
        return
    if builder := image_builds.begin():
        config.add_cleanup(lambda: (builder.terminate(), builder.wait()))
    words = [sys.executable, "-m", "pytest", "--collect-only", "-qq", *config.args]
    subprocess.run(words, cwd=config.rootpath, stdout=subprocess.DEVNULL, check=False)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ScopeScheduling | None:
    """None: the one that `--dist` names. Scopes are begun in the order of the tests."""
    if config.getvalue("dist") != "loadscope":
        return None
    config.option.loadscopereorder = False
    return ScopeScheduling(config, log)
