"""Made-up holders: what the path of each is, in the newest and the oldest interpreter there is."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from support.oldest_python import oldest
from support.paths import ROOT

COUNT = 300
PROGRAM = """
import gc, json, sys, types
sys.path.insert(0, {apps!r})
import holders
cases = json.loads({cases!r})
answers = {{}}
for name, (setup, grow) in cases.items():
    app = types.ModuleType("app")
    app.__file__ = "/srv/app.py"
    sys.modules["app"] = app
    app.__dict__["COUNT"] = {count}
    exec(compile(setup, app.__file__, "exec"), app.__dict__)
    holders.begin()
    exec(compile("for i in range(COUNT):\\n" + grow, app.__file__, "exec"), app.__dict__)
    answers[name] = holders.holders()
    exec(compile("end()" if "end" in app.__dict__ else "", app.__file__, "exec"), app.__dict__)
    app.__dict__.clear()
    del sys.modules["app"], app
    gc.collect()
print(json.dumps(answers))
"""
CLASS = """
class Session:
    registry = []
    def __init__(self): self.events = [1, 2]
"""
CASES: Mapping[str, tuple[str, str, str]] = {
    "module dict": ("SESSIONS = {}" + CLASS, "SESSIONS[i] = Session()", "app.SESSIONS"),
    "dict of plain values": ("SEEN = {}", "SEEN[str(i)] = i", "app.SEEN"),
    "class attribute": (CLASS, "Session.registry.append(Session())", "app.Session.registry"),
    "closure": (
        "def make():\n    seen = {}\n    def f(i): seen[i] = [i]\n    return f\nf = make()",
        "f(i)",
        "app.f.<closure>.seen",
    ),
    "default argument": (
        "def f(i, seen=[]): seen.append([i])",
        "f(i)",
        "app.f.__defaults__[...]",
    ),
    "keyword default": (
        "def f(i, *, seen=[]): seen.append([i])",
        "f(i)",
        "app.f.__kwdefaults__['seen']",
    ),
    "lru_cache": (
        "import functools\n@functools.lru_cache(maxsize=None)\ndef slow(i): return bytes(i)",
        "slow(i)",
        "app.slow",
    ),
    "lru_cache on a method": (
        "import functools\nclass A:\n"
        "    @functools.lru_cache(maxsize=None)\n    def f(self): return [1]",
        "A().f()",
        "app.A.f",
    ),
    "exceptions with tracebacks": (
        "FAILED = []\ndef f(i):\n    try: 1 / 0\n    except Exception as error: "
        "FAILED.append(error)",
        "f(i)",
        "app.FAILED",
    ),
    "handlers of a logger": (
        "import logging\nLOG = logging.getLogger('app.x')\n"
        "def end(): LOG.handlers.clear(); logging._handlerList.clear()",
        "LOG.addHandler(logging.StreamHandler())",
        "app.LOG.handlers",
    ),
    "context variable": (
        "import contextvars\nvar = contextvars.ContextVar('var')\nvar.set([])",
        "var.get().append([i])",
        "context variable var",
    ),
    "thread local": (
        "import threading\nlocal = threading.local()\nlocal.items = []",
        "local.items.append([i])",
        "app.local.items",
    ),
    "thread local of another thread": (
        "import threading\nlocal = threading.local()\ngo, done, last = "
        "[threading.Event() for _ in range(3)]\ndef work():\n    local.other = []\n    done.set()\n"
        "    go.wait(20)\n    for i in range(COUNT): local.other.append([i])\n    done.set()\n"
        "    last.wait(20)\nthreading.Thread(target=work, daemon=True).start()\ndone.wait(20)\n"
        "done.clear()\ndef end(): last.set()",
        "go.set(); done.wait(20)",
        "app.local.other",
    ),
    "pending tasks": (
        "import asyncio\nloop = asyncio.new_event_loop()\nTASKS = set()\n"
        "async def wait(): await loop.create_future()\n"
        "def end():\n    for task in TASKS: task.cancel()\n"
        "    loop.run_until_complete(asyncio.wait(TASKS)); loop.close()",
        "TASKS.add(loop.create_task(wait()))",
        "app.TASKS",
    ),
    "unbounded queue": ("import queue\nJOBS = queue.Queue()", "JOBS.put([i])", "app.JOBS.queue"),
    "callbacks of a signal": (
        "class Signal:\n    def __init__(self): self.receivers = {}\nSAVED = Signal()",
        "SAVED.receivers[i] = lambda: i",
        "app.SAVED.receivers",
    ),
    "slots": (
        "class Store:\n    __slots__ = ('rows',)\n    def __init__(self): self.rows = []\n"
        "STORE = Store()",
        "STORE.rows.append([i])",
        "app.STORE.rows",
    ),
    "generators that are never closed": (
        "OPEN = []\ndef rows():\n    page = [1, 2]\n    yield page",
        "OPEN.append(rows()); next(OPEN[-1])",
        "app.OPEN",
    ),
    "a suspended generator's local": (
        "def collect():\n    seen = []\n    while True: seen.append((yield))\n"
        "SINK = collect()\nnext(SINK)",
        "SINK.send([i])",
        "app.SINK in collect().seen",
    ),
    "hooks of a shared client": (
        "class Client:\n    def __init__(self): self.hooks = {'done': []}\nCLIENT = Client()",
        "CLIENT.hooks['done'].append(lambda: i)",
        "app.CLIENT.hooks['done']",
    ),
    "labels of a metric": (
        "class Metric:\n    def __init__(self): self._metrics = {}\nMETRIC = Metric()",
        "METRIC._metrics[('path', str(i))] = [0.0]",
        "app.METRIC._metrics",
    ),
    "a background thread's buffer": (
        "import threading\ngo, done, last = [threading.Event() for _ in range(3)]\n"
        "def work():\n    buffer = []\n    done.set()\n    go.wait(20)\n"
        "    for i in range(COUNT): buffer.append([i])\n    done.set()\n    last.wait(20)\n"
        "threading.Thread(target=work, daemon=True, name='ship').start()\ndone.wait(20)\n"
        "done.clear()\ndef end(): last.set()",
        "go.set(); done.wait(20)",
        "buffer of work() in thread ship",
    ),
    "a buffer of bytes": ("BUFFER = bytearray()", "BUFFER += bytes(100)", "app.BUFFER"),
    "a dict of dicts": (
        "BY_USER = {'ann': {}}",
        "BY_USER['ann'][i] = [i]",
        "app.BY_USER['ann']",
    ),
}


@cache
def answers(python: str) -> Mapping[str, Any]:
    cases = {
        name: (setup, textwrap.indent(grow, "    ")) for name, (setup, grow, _) in CASES.items()
    }
    program = PROGRAM.format(apps=str(ROOT / "apps"), cases=json.dumps(cases), count=COUNT)
    ended = subprocess.run(
        [python, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    data: Mapping[str, Any] = json.loads(ended.stdout)
    return data


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("python", [sys.executable, oldest()], ids=["this", "oldest"])
def test_the_container_is_named_by_its_path(name: str, python: str) -> None:
    found = {each["path"]: each for each in answers(python)[name]["holders"]}
    path = CASES[name][2]

    assert path in found, list(found)
    assert found[path]["entries_after"] - found[path]["entries_before"] >= COUNT


@pytest.mark.parametrize("name", CASES)
def test_nothing_of_the_lab_stands_on_a_path_and_nothing_is_called_lost(name: str) -> None:
    answer = answers(sys.executable)[name]
    texts = [str(each["path"]) for each in (*answer["holders"], *answer["examples"])]

    assert [text for text in texts if "holders" in text or "reach" in text or "_lab" in text] == []
    assert answer["lost"] == []
    assert answer["limit"] is None


def test_the_one_with_most_bytes_comes_first() -> None:
    found = answers(sys.executable)["exceptions with tracebacks"]["holders"]
    bytes_held = [each["held_bytes"] for each in found]

    assert bytes_held == sorted(bytes_held, reverse=True)
