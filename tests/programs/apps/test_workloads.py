"""The workloads, the pools they run in, and what an app does when a server starts it."""

import ast
import asyncio
import gc
import json
import os
import pickle
import subprocess
import sys
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from support.imported_apps import APPS, app

pytestmark = pytest.mark.usefixtures("fresh_pools")


def ran(code: str, **environment: str) -> str:
    """What a Python of its own prints, with the apps in reach."""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(APPS), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return ended.stdout.strip()


NAMES = (
    "lists", "hello", "records", "cycles", "strings", "load", "model", "image", "palette", "numpy",
    "predict", "db", "db-multiprocessing", "db-merged",
)  # fmt: skip


def test_no_workload_is_untested() -> None:
    assert tuple(app("workloads").HOMES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_workload_is_where_the_table_says(name: str) -> None:
    home = app("workloads").HOMES[name]
    tree = ast.parse((APPS / f"{home.module}.py").read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    assert home.function in functions | names


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (None, ["lists", "hello"]),
        ("hello", ["lists", "hello"]),
        ("records", ["lists", "hello", "records"]),
    ],
)
def test_two_workloads_are_always_served(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, expected: list[str]
) -> None:
    if chosen:
        monkeypatch.setenv("LAB_WORKLOAD", chosen)

    assert app("workloads").served() == expected


def test_a_workload_that_is_unknown_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_WORKLOAD", "lsits")

    with pytest.raises(ValueError, match=r"LAB_WORKLOAD='lsits' is unknown: there is lists, "):
        app("workloads").served()


def test_the_core_suites_apps_carry_no_packages() -> None:
    code = "import sys, workloads; workloads.served(); print('numpy' in sys.modules)"

    assert ran(code, LAB_WORKLOAD="lists") == "False"


def test_records_are_read_back() -> None:
    plain = app("workloads_plain")

    assert plain.records() == plain.RECORDS
    assert json.loads(json.dumps(plain.record(7))) == plain.record(7)


def test_only_the_collector_finds_cycles() -> None:
    cycles = app("workloads_plain").cycles
    gc.collect()
    gc.disable()
    try:
        cycles()
        found = gc.collect()
    finally:
        gc.enable()

    assert found >= 3


def test_strings_are_held_all_at_once() -> None:
    assert app("workloads_plain").strings(string_bytes=1000) == 10_000


def test_the_model_that_is_loaded_is_arrays_and_a_graph() -> None:
    plain = app("workloads_plain")
    model = plain.loaded(layer_bytes=80, count=3)

    assert [len(layer) for layer in model["layers"]] == [10] * plain.PLAIN_LAYERS
    assert model["nodes"][0]["next"][0] is model["nodes"][1]
    assert model["nodes"][-1]["next"] is None
    assert plain.load(layer_bytes=80, count=3) == 3


@pytest.mark.parametrize(
    ("module", "workload", "expected"),
    [
        ("workloads_science", "model", 4096),
        ("workloads_science", "palette", 6),
        ("workloads_image", "stand_in", None),
        ("workloads_science", "small_calls", None),
    ],
)
def test_a_workload_on_numpy_does_the_same_each_time(
    module: str, workload: str, expected: int | None
) -> None:
    pytest.importorskip("numpy")
    work = getattr(app(module), workload)
    done = work()

    assert done == work()
    assert done > 0
    assert expected in (None, done)


def test_features_are_found_in_the_picture() -> None:
    pytest.importorskip("cv2", reason="OpenCV is in the stack thread-full alone")

    assert app("workloads_image").image() > 10


def test_predict_asks_this_app(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is in the stack thread-full alone")
    monkeypatch.setenv("LAB_HOST", "0.0.0.0")
    monkeypatch.setenv("LAB_PORT", "8123")

    assert app("workloads_predict").own_health() == "http://127.0.0.1:8123/health"


@pytest.mark.parametrize(("setting", "collections"), [("1", 1), ("0", 0), (None, 0)])
def test_garbage_is_collected_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, collections: int
) -> None:
    workloads, collected = app("workloads"), []
    monkeypatch.setattr(workloads, "gc", SimpleNamespace(collect=lambda: collected.append(1)))
    if setting:
        monkeypatch.setenv("LAB_COLLECT", setting)

    assert workloads.run("hello") == 0
    assert len(collected) == collections


def test_a_workload_reaches_another_process_by_its_name() -> None:
    sent = pickle.dumps(partial(app("workloads").run, "hello"))

    assert pickle.loads(sent)() == 0


@pytest.mark.parametrize(("setting", "threads"), [("3", 3), ("", None), (None, None)])
def test_the_pools_size(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, threads: int | None
) -> None:
    pools = app("pools")
    if setting is not None:
        monkeypatch.setenv("LAB_POOL", setting)

    assert pools.size() == threads
    if threads:
        assert pools.executor()._max_workers == threads
        assert pools.executor() is pools.executor()


def test_a_pool_of_processes_runs_a_workload() -> None:
    code = "import asyncio, pools; print(asyncio.run(pools.in_processes('lists')))"

    assert ran(code) == "2000000"


def test_the_end_of_a_child_does_not_end_its_server() -> None:
    code = """
import asyncio, os, signal, pools
heard = []
def end_myself():
    os.kill(os.getpid(), signal.SIGTERM)
async def main():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: heard.append(1))
    try:
        await loop.run_in_executor(pools.processes(), end_myself)
    except Exception as error:
        print(type(error).__name__)
    await asyncio.sleep(0.05)
asyncio.run(main())
print(len(heard))
"""

    assert ran(code).splitlines() == ["BrokenProcessPool", "0"]


def answered(path: str) -> tuple[int, Any]:
    """What the app without a framework answers, asked as a server does."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def ask() -> None:
        await app("bare_app").app({"type": "http", "path": path}, None, send)

    asyncio.run(ask())
    start, body = sent
    assert dict(start["headers"])[b"content-length"] == b"%d" % len(body["body"])
    return start["status"], json.loads(body["body"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/health", (200, {"ready": True})),
        ("/sync/hello", (200, {"done": 0})),
        ("/async/lists", (200, {"done": 2_000_000})),
        ("/executor/hello", (200, {"done": 0})),
        ("/sync/records", (404, {"error": "no such path"})),
        ("/other/hello", (404, {"error": "no such path"})),
    ],
)
def test_the_app_without_a_framework(path: str, expected: tuple[int, Any]) -> None:
    assert answered(path) == expected


def test_a_probe_starts_with_the_server_not_with_the_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, passed = [], []
    startup = app("startup")
    monkeypatch.setattr(startup.probe, "start", lambda: started.append(1))

    async def inner(scope: dict[str, str], receive: None, send: None) -> None:
        passed.append(scope["type"])

    wrapped = startup.at_startup(inner)
    assert started == []
    for kind in ("lifespan", "http", "http"):
        asyncio.run(wrapped({"type": kind}, None, None))

    assert started == [1]
    assert passed == ["lifespan", "http", "http"]


@pytest.mark.parametrize(("framework", "expected"), [("anyio", 8), ("default executor", 40)])
def test_anyios_threads_are_as_many_as_asked_for(
    monkeypatch: pytest.MonkeyPatch, framework: str, expected: int
) -> None:
    limiter = SimpleNamespace(total_tokens=40)
    to_thread = ModuleType("anyio.to_thread")
    monkeypatch.setattr(to_thread, "current_default_thread_limiter", lambda: limiter, raising=False)
    concurrency = ModuleType("starlette.concurrency")
    if framework == "anyio":
        monkeypatch.setattr(concurrency, "anyio", ModuleType("anyio"), raising=False)
    monkeypatch.setitem(sys.modules, "anyio", ModuleType("anyio"))
    monkeypatch.setitem(sys.modules, "anyio.to_thread", to_thread)
    monkeypatch.setitem(sys.modules, "starlette.concurrency", concurrency)
    monkeypatch.setenv("LAB_POOL", "8")
    app("pools").limit_threads()

    assert limiter.total_tokens == expected


@pytest.mark.parametrize("workload", ["db", "db-merged", "db-multiprocessing", "predict"])
def test_what_needs_another_service_is_not_calibrated(
    workload: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app("calibrate").main(workload)

    assert json.loads(capsys.readouterr().out) is None
