"""The stacks' locks: hashes for all, no index named, and the versions that were asked for."""

import re

import pytest
from support.paths import ROOT

LOCKS = ROOT / "images" / "locks"
STACKS = ("thread", "thread-full", "original", "t20", "t21", "2022", "latest")
PIN = re.compile(r"^([a-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE | re.IGNORECASE)


def pins(name: str) -> dict[str, set[str]]:
    """Each package's versions, in a lock or in what was asked for."""
    found: dict[str, set[str]] = {}
    for package, version in PIN.findall((LOCKS / name).read_text(encoding="utf-8")):
        found.setdefault(package.lower(), set()).add(version)
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_every_pin_has_hashes_and_no_index_is_named(stack: str) -> None:
    text = (LOCKS / f"{stack}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text, flags=re.IGNORECASE)[1:]

    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "--find-links" not in text


@pytest.mark.parametrize("stack", STACKS)
def test_a_lock_holds_what_was_asked_for(stack: str) -> None:
    locked = pins(f"{stack}.txt")

    for package, versions in pins(f"{stack}.in").items():
        assert (package, locked[package]) == (package, versions)


def test_thread_full_has_the_threads_versions() -> None:
    thread, full = pins("thread.txt"), pins("thread-full.txt")

    assert {package: full.get(package) for package in thread} == thread


def test_latest_is_the_newest_of_each_python() -> None:
    text = (LOCKS / "latest.txt").read_text(encoding="utf-8")

    assert "Locked by scripts/lock for Python 3.7" in text
    assert len(pins("latest.txt")["fastapi"]) >= 4
