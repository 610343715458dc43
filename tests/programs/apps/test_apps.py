"""The app under test: old syntax, what its allocators count, and its calibration."""

import ast
import ctypes
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lab.records.codec import decode
from lab.records.observations import Calibration
from lab.units import MIB
from support.imported_apps import APPS, ON_LINUX, app

pytestmark = pytest.mark.usefixtures("importable_apps")
SOURCES = sorted(APPS.glob("*.py"))
PYTHONS = ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
COMPILE = "import sys; [compile(open(p).read(), p, 'exec') for p in sys.argv[1:]]"


def interpreter(version: str) -> str | None:
    """A real interpreter of that version: on the path, or one of pyenv's."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    known = (str(path) for path in sorted(root.glob(f"{version}.*/bin/python")))
    return next(known, None) or shutil.which(f"python{version}")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_apps_are_in_the_syntax_of_3_7(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize("version", PYTHONS)
def test_the_apps_compile_on_each_python(version: str) -> None:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"no Python {version} here")
    words = [found, "-c", COMPILE, *map(str, SOURCES)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    if "pyenv: " in ended.stderr:
        pytest.skip(f"no Python {version} here")

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("name", "done"), [("lists", 2_000_000), ("hello", 0)])
def test_the_core_suites_workloads(name: str, done: int) -> None:
    assert app("workloads").run(name) == done


def has_glibc() -> bool:
    return hasattr(ctypes.CDLL(None), "malloc_info")


@pytest.mark.skipif(not has_glibc(), reason="needs glibc")
def test_malloc_bytes_and_arenas_are_read() -> None:
    allocator = app("allocator")
    before = allocator.malloc_bytes()
    held = [b"x" * 100_000 for _ in range(200)]
    after = allocator.malloc_bytes()

    assert after["in_use_bytes"] - before["in_use_bytes"] > 10_000_000
    assert all(size >= 0 for size in after.values())
    assert allocator.arenas() >= 1
    assert allocator.trim() in (True, False)
    del held


@pytest.mark.skipif(not has_glibc(), reason="needs glibc")
def test_small_objects_are_counted_by_pythons_allocator_to_the_byte() -> None:
    allocator = app("allocator")
    before = allocator.python_memory()
    held = [bytes(64 - sys.getsizeof(b"") + 15) for _ in range(10_000)]  # 79 bytes: blocks of 80
    after = allocator.python_memory()
    del held

    gained = after["python_in_use_bytes"] - before["python_in_use_bytes"]
    assert 800_000 <= gained < 840_000
    assert after["python_free_bytes"] >= 0


def test_an_interpreter_without_such_a_report_has_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    allocator = app("allocator")
    gap = {"python_in_use_bytes": None, "python_free_bytes": None}

    monkeypatch.setattr(allocator, "report_of", lambda _: b"")
    assert allocator.python_memory() == gap
    monkeypatch.setattr(allocator.ctypes, "pythonapi", object())
    assert allocator.python_memory() == gap


def test_without_glibc_malloc_bytes_are_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    allocator = app("allocator")
    monkeypatch.setattr(allocator, "libc", object())

    assert allocator.malloc_bytes() == {
        "in_use_bytes": None,
        "free_bytes": None,
        "mmapped_bytes": None,
    }
    assert allocator.arenas() is None
    assert allocator.trim() is None


@ON_LINUX
@pytest.mark.parametrize("workload", ["hello", "lists", "cycles"])
def test_the_calibration_is_one_record(workload: str) -> None:
    ended = subprocess.run(
        [sys.executable, str(APPS / "calibrate.py"), workload],
        env={**os.environ, "MALLOC_ARENA_MAX": "128", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = decode(Calibration, json.loads(ended.stdout))

    assert found.arena_limit == 128
    assert found.cpu_count == os.cpu_count()
    if workload == "hello":
        assert found.thread_retained_bytes < MIB
        assert found.request_bytes < MIB
    else:
        assert found.request_bytes > 14 * MIB
