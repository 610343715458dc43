"""The search for holders: what it tells, passes over, and where it ends."""

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest
from lab.engines.process.interpreters import find_interpreter
from support.oldest_python import oldest
from support.paths import ROOT


def test_a_cache_tells_its_limit() -> None:
    program = """
    import functools, json, sys
    sys.path.insert(0, {apps!r})
    import holders
    @functools.lru_cache(maxsize=1500)
    def page(i): return bytes(20000)
    holders.begin()
    for i in range(4000): page(i)
    print(json.dumps(holders.holders()["holders"][0]))
    """
    done = run_here(program)

    assert (done["path"], done["kind"], done["limit"]) == ("__main__.page", "lru_cache", 1500)
    assert done["entries_after"] == 1500
    assert 0.9 < done["held_bytes"] / (1500 * 20_000) < 1.1


def test_what_only_c_code_holds_is_lost() -> None:
    program = """
    import ctypes, json, sys
    sys.path.insert(0, {apps!r})
    import holders
    class Row:
        def __init__(self): self.data = [1, 2]
    holders.begin()
    for i in range(500):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(Row()))
    print(json.dumps(holders.holders()))
    """
    done = run_here(program)

    assert {"type": "__main__.Row", "count": 500} in done["lost"]


def test_contexts_that_only_c_code_holds_are_lost() -> None:
    program = """
    import contextvars, ctypes, json, sys
    sys.path.insert(0, {apps!r})
    import holders
    holders.begin()
    for i in range(300):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(contextvars.copy_context()))
    print(json.dumps(holders.holders()["lost"]))
    """
    found = {each["type"]: each["count"] for each in run_here(program)}

    assert [count >= 300 for kind, count in found.items() if kind.endswith("Context")] == [True]


def test_a_chain_is_named_by_its_newest_link() -> None:
    program = """
    import json, sys
    sys.path.insert(0, {apps!r})
    import holders
    class Link:
        def __init__(self, after): self.after = after
    FIRST = None
    holders.begin()
    for i in range(5000): FIRST = Link(FIRST)
    print(json.dumps(holders.holders()["examples"]))
    """
    found = {each["type"]: each for each in run_here(program)}["__main__.Link"]

    assert found["count"] == 5000
    assert found["path"].startswith("__main__.FIRST")
    assert len(found["path"]) < 400


def test_a_proxy_whose_class_is_code_is_left_alone() -> None:
    program = """
    import json, sys
    sys.path.insert(0, {apps!r})
    import holders
    class Proxy:
        @property
        def __class__(self): raise RuntimeError("outside of a request")
        def __len__(self): raise RuntimeError("outside of a request")
        def __getattr__(self, name): raise RuntimeError("outside of a request")
    PROXIES = []
    holders.begin()
    for i in range(200): PROXIES.append(Proxy())
    print(json.dumps(holders.holders()["holders"][0]))
    """
    assert run_here(program)["path"] == "__main__.PROXIES"


def test_the_search_has_a_limit_and_says_so() -> None:
    program = """
    import json, sys
    sys.path.insert(0, {apps!r})
    import holders, reach
    KEPT = []
    holders.begin()
    for i in range(5000): KEPT.append([i])
    print(json.dumps(holders.holders(limits=reach.SearchLimits(objects=2000))))
    """
    done = run_here(program)

    assert done["limit"] == "the search ended at 2,000 objects"
    assert done["lost"] == []


@pytest.mark.parametrize(
    ("waits", "limits", "expected"),
    [
        (0.5, "cpu=0.4", None),
        (0.2, "seconds=0.1", "the search ended after 0 s"),
        (0.0, "cpu=1e-6", "the search ended after 0 s of CPU time"),
    ],
)
def test_a_search_is_cut_off_by_its_own_cpu_time_first_and_by_the_clock_far_later(
    waits: float, limits: str, expected: str | None
) -> None:
    """A search that waits, as on a busy machine, has met no more than one that did not."""
    program = f"""
    import json, sys, time
    sys.path.insert(0, {{apps!r}})
    import reach
    seen, waits = reach.referents, [{waits}]
    def slow(found):
        if waits: time.sleep(waits.pop())
        return seen(found)
    reach.referents = slow
    limits = reach.SearchLimits({limits})
    KEPT = [[i] for i in range(3 * reach.LOOK_AT_CLOCK)]
    print(json.dumps(reach.search(reach.module_roots(), limits=limits).limit))
    """
    assert run_here(program) == expected


def run_here(program: str, python: str = sys.executable) -> Any:
    text = textwrap.dedent(program).format(apps=str(ROOT / "apps"))
    ended = subprocess.run(
        [python, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout)


def test_handlers_that_are_closures_count_with_what_they_close_over() -> None:
    program = """
    import json, sys
    sys.path.insert(0, {apps!r})
    import holders
    HANDLERS = []
    def handler(data):
        def handle(): return data
        return handle
    holders.begin()
    for i in range(500): HANDLERS.append(handler(bytes(2000)))
    print(json.dumps(holders.holders()["holders"][0]))
    """
    done = run_here(program)

    assert done["path"] == "__main__.HANDLERS"
    assert 500 * 2000 < done["held_bytes"] < 500 * 3000


def test_what_only_the_lab_holds_is_nobodys() -> None:
    program = """
    import json, sys
    sys.path.insert(0, {apps!r})
    import holders
    def kept():
        holders.begin()
        traces = [[i] for i in range(500)]
        own = [{{"snapshot": traces}}]
        return holders.holders(own), own
    print(json.dumps(kept()[0]))
    """
    done = run_here(program)

    assert done["lost"] == []
    assert [each["path"] for each in done["holders"]] == []


def test_a_long_entry_of_a_holder_is_no_holder_of_its_own() -> None:
    program = """
    import json, sys
    sys.path.insert(0, {apps!r})
    import holders
    KEPT = []
    holders.begin()
    for i in range(300): KEPT.append(bytearray(20000))
    print(json.dumps(holders.holders()["holders"]))
    """
    (found,) = run_here(program)

    assert found["path"] == "__main__.KEPT"
    assert found["held_bytes"] > 300 * 20_000


@pytest.mark.parametrize("python", [sys.executable, oldest()], ids=["this", "oldest"])
def test_a_frame_whose_variables_were_read_has_not_grown_by_them(python: str) -> None:
    program = """
    import json, sys, threading
    sys.path.insert(0, {apps!r})
    import holders
    started, last = threading.Event(), threading.Event()
    def serve():
        app, a, b, c, d, e, f, g, h = [[]] + [None] * 8
        started.app = app
        started.set()
        last.wait(20)
    threading.Thread(target=serve, daemon=True).start()
    started.wait(20)
    holders.begin()
    started.app.extend([i] for i in range(500))
    print(json.dumps(holders.holders()["holders"]))
    last.set()
    """
    (found,) = run_here(program, python)

    assert found["entries_after"] == 500
    assert found["path"] is not None


def test_the_free_list_of_asyncio_is_left_alone() -> None:
    """Python 3.12 shows dead objects there; to touch one broke the app's next `await`."""
    program = """
    import asyncio, json, sys
    sys.path.insert(0, {apps!r})
    import holders
    async def ask():
        loop = asyncio.get_running_loop()
        for i in range(20):
            made = [loop.create_future() for _ in range(4)]
            for each in made: loop.call_soon(each.set_result, i)
            await asyncio.gather(*[wait(each) for each in made])
            holders.begin()
        return holders.holders()["limit"]
    async def wait(future): return await future
    print(json.dumps(asyncio.run(ask())))
    """
    interpreter = find_interpreter("3.12")
    assert run_here(program, str(interpreter.executable) if interpreter else sys.executable) is None
