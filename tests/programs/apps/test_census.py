"""What there is more of by name, in the newest and the oldest interpreter there is."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from functools import cache
from typing import Any

import pytest
from lab.engines.process.interpreters import find_interpreter
from lab.probes.traces import merged_named
from lab.records.codec import decode
from lab.records.holders import NamedGrowth
from support.paths import ROOT

SETUPS = {
    "tasks": """
        import asyncio
        async def lock(): await asyncio.get_event_loop().create_future()
        async def wait(): await lock()
        LOOP = asyncio.new_event_loop()
        def grow():
            async def start(): return [LOOP.create_task(wait()) for _ in range(30)]
            KEPT.append(LOOP.run_until_complete(start()))
            LOOP.run_until_complete(asyncio.sleep(0.01))
        """,
    "threads": """
        import threading
        END = threading.Event()
        def work(): END.wait(30)
        def grow():
            for i in range(9):
                threading.Thread(target=work, name="ship-%d" % i, daemon=True).start()
        """,
    "sockets": """
        import socket
        LISTENING = socket.socket()
        LISTENING.bind(("127.0.0.1", 0))
        LISTENING.listen(50)
        def grow():
            for i in range(9): KEPT.append(socket.create_connection(LISTENING.getsockname()))
        """,
    "files": """
        import tempfile
        def grow():
            for i in range(9): KEPT.append(tempfile.NamedTemporaryFile(dir=".", prefix="tmp"))
        """,
    "processes": """
        import subprocess, sys
        def grow():
            for i in range(5): KEPT.append(subprocess.Popen(["sleep", "20"]))
        def end():
            for each in KEPT: each.kill(); each.wait()
        """,
}
PROGRAM = """
import json, sys, tracemalloc
sys.path.insert(0, {apps!r})
import census
answers = {{}}
for name, setup in json.loads({setups!r}).items():
    app = dict(KEPT=[], __name__="app", end=lambda: None)
    exec(compile(setup, "app.py", "exec"), app)
    census.begin()
    tracemalloc.start(12)
    app["grow"]()
    answers[name] = census.end()
    tracemalloc.stop()
    app["end"]()
print(json.dumps(answers))
"""


@cache
def answers(python: str) -> dict[str, list[dict[str, Any]]]:
    setups = {name: textwrap.dedent(setup) for name, setup in SETUPS.items()}
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run(
            [
                *(python, "-W", "ignore", "-c"),
                PROGRAM.format(apps=str(ROOT / "apps"), setups=json.dumps(setups)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=folder,
            env={**os.environ, "HOME": folder, "TMPDIR": folder},
        )
    assert ended.returncode == 0, ended.stderr[-2000:]
    data: dict[str, list[dict[str, Any]]] = json.loads(ended.stdout)
    return data


def oldest() -> str:
    interpreter = find_interpreter("3.7")
    return str(interpreter.executable) if interpreter else sys.executable


@pytest.mark.parametrize("python", [sys.executable, oldest()], ids=["this", "oldest"])
@pytest.mark.parametrize(
    ("setup", "kind", "name", "more"),
    [
        ("tasks", "task", "app.wait()", 30),
        ("threads", "thread", "app.work in ship", 9),
        ("sockets", "socket", "TCP to 127.0.0.1:", 9),
        ("files", "descriptor", "/tmp*", 9),
        ("processes", "process", "sleep 20", 5),
    ],
)
def test_what_there_is_more_of_is_named_with_the_line_that_made_it(
    setup: str, kind: str, name: str, more: int, python: str
) -> None:
    entries = [each for each in answers(python)[setup] if each["kind"] == kind]
    found = next((each for each in entries if name in each["name"]), None)

    assert found is not None, entries
    assert found["after"] - found["before"] == more
    assert any("app.py" in line for line in found["made"]), found


def test_a_task_and_a_thread_say_where_they_wait() -> None:
    found = answers(sys.executable)
    (task,) = [each for each in found["tasks"] if each["kind"] == "task"]
    (thread,) = [each for each in found["threads"] if each["name"] == "app.work in ship"]

    assert [line.partition(":")[0] for line in task["waits"]] == ["app.py"] * 2
    assert "threading.py" in thread["waits"][0]
    assert any("app.py" in line for line in thread["waits"])


def test_an_answer_of_another_shape_is_refused() -> None:
    good = {"kind": "task", "name": "x", "before": 0, "after": 9, "waits": [], "made": []}

    assert decode(NamedGrowth, good).more == 9
    for bad in ({"kind": "cat"}, {"after": "9"}, {"waits": [1]}, {"name": None}):
        with pytest.raises(ValueError, match=r"expected"):
            decode(NamedGrowth, {**good, **bad})


def test_workers_add_up_and_what_all_of_them_see_is_counted_once() -> None:
    task = {"kind": "task", "name": "x", "before": 1, "after": 9, "waits": [], "made": []}
    both = [decode(NamedGrowth, {**task, "kind": kind}) for kind in ("task", "file")]
    merged = merged_named([*both, *both])

    assert [(each.kind.value, each.before, each.after) for each in merged] == [
        ("task", 2, 18),
        ("file", 1, 9),
    ]
