"""`reproduce.py`: its header and size, what its requests become, and what it does when it runs."""

import ast
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from lab.load.request import Request
from lab.load.request_mix import WeightedRequest
from lab.reproducer.calls import Calls, of_app, of_function
from lab.reproducer.script import (
    BLOCK_SECONDS,
    FEWEST_CALLS,
    MOST_CALLS,
    MOST_PINS,
    TEST,
    TEST_NAME,
    ScriptOrigin,
    calls_a_block,
    script_text,
)
from lab.reproducer.served_object import NotReproduced, served_by
from lab.reproducer.sites import SeenSite, Site
from lab.reproducer.sources import imported_app, inlined_app

WSGI = """
import os
from wsgiref.simple_server import make_server

KEPT = []


def app(environ, start_response):
    {body}
    start_response("{status}", [])
    return [environ["PATH_INFO"].encode()]


make_server(os.environ["HOST"], 8000, app).serve_forever()
"""
ASGI = """
async def app(scope, receive, send, kept=[]):
    kept.append(bytearray(100_000 + len((await receive())["body"])))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["query_string"]})
"""
PLAIN = (WeightedRequest(Request("/{n}")),)
RATE_BYTES = 100_000.0


def origin(subject: str = "shop 1.0", **pins: str) -> ScriptOrigin:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return ScriptOrigin(RATE_BYTES, version, pins, subject)


def calls_of(text: str, kinds: tuple[WeightedRequest, ...] = PLAIN, command: str = "") -> Calls:
    served = served_by(command or "python app.py", {"app.py": text})
    code = inlined_app(served, {"app.py"}, {})
    assert code is not None
    return of_app(served, code, kinds, imports_app=False)


def wsgi_calls(body: str, status: str = "200 OK") -> Calls:
    return calls_of(WSGI.format(body=body, status=status))


def run(text: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    script = folder / "reproduce.py"
    script.write_text(text, encoding="utf-8")
    words = [sys.executable, str(script)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def run_test(folder: Path) -> int:
    (folder / TEST_NAME).write_text(TEST, encoding="utf-8")
    words = [sys.executable, "-c", "import test_growth as t; t.test_memory_does_not_grow()"]
    return subprocess.run(
        words, capture_output=True, timeout=60, check=False, cwd=folder
    ).returncode


def test_a_script_of_an_app_that_keeps_memory_exits_with_1_and_fails_its_test(
    tmp_path: Path,
) -> None:
    done = run(script_text(origin(), wsgi_calls("KEPT.append(bytearray(100_000))")), tmp_path)

    assert done.returncode == 1, done.stderr
    (rate,) = re.findall(r"^grows: (\d+) bytes a call$", done.stdout, re.MULTILINE)
    assert 80_000 < int(rate) < 120_000
    assert done.stdout.count(" blocks a call\n") == 10
    assert run_test(tmp_path) == 1


def with_short_blocks(text: str) -> str:
    changed = text.replace(f"seconds={BLOCK_SECONDS}", "seconds=0.05")
    assert changed != text
    return changed


def test_calls_that_cost_more_are_fewer_and_show_the_same(tmp_path: Path) -> None:
    calls = wsgi_calls("import time; time.sleep(0.01); KEPT.append(bytearray(100_000))")

    done = run(with_short_blocks(script_text(origin(), calls)), tmp_path)

    assert done.returncode == 1, done.stdout
    made = re.findall(r"^(\d+) calls: ", done.stdout, re.MULTILINE)
    assert 13 <= int(made[-1]) <= 50


def test_calls_that_cost_too_much_decide_nothing(tmp_path: Path) -> None:
    calls = wsgi_calls("import time; time.sleep(0.06); KEPT.append(bytearray(100_000))")

    done = run(with_short_blocks(script_text(origin(), calls)), tmp_path)

    assert done.returncode == 2, done.stdout
    assert "\n10 calls: " in done.stdout
    assert "\ntoo few calls: " in done.stdout


def test_growth_that_stops_halfway_is_none(tmp_path: Path) -> None:
    calls = wsgi_calls("KEPT.append(bytearray(100_000)) if len(KEPT) < 70 else None")

    done = run(script_text(origin(), calls), tmp_path)

    assert done.returncode == 0, done.stdout


def test_a_script_of_an_app_that_keeps_nothing_exits_with_0_and_passes_its_test(
    tmp_path: Path,
) -> None:
    done = run(script_text(origin(), wsgi_calls("bytearray(100_000)")), tmp_path)

    assert done.returncode == 0, done.stderr
    assert "does not grow: " in done.stdout
    assert run_test(tmp_path) == 0


@pytest.mark.parametrize(
    ("body", "status"), [("raise OSError(1)", "200 OK"), ("pass", "500 Internal Server Error")]
)
def test_a_call_that_fails_is_no_growth(body: str, status: str, tmp_path: Path) -> None:
    assert run(script_text(origin(), wsgi_calls(body, status)), tmp_path).returncode == 2


def test_an_asgi_app_gets_bodies_headers_and_queries_in_their_shares(tmp_path: Path) -> None:
    kinds = (
        WeightedRequest(Request("/a?b={n}", "POST", (("X-A", 'quote " {n}'),), b'{"\x00{n}"}')),
        WeightedRequest(Request("/plain")),
    )
    text = script_text(origin(), calls_of(ASGI, kinds, "uvicorn app:app --port $PORT"))

    done = run(text, tmp_path)

    assert done.returncode == 1, done.stderr
    assert text.count("'/a?b={n}'") == 1


def test_no_mock_that_remembers_calls_is_left_in_an_aiohttp_request() -> None:
    app = "from aiohttp import web\napp = web.Application()\nweb.run_app(app)\n"

    text = script_text(origin(), calls_of(app))

    (made,) = (line for line in text.splitlines() if "make_mocked_request" in line)
    assert "protocol=QUIET, transport=QUIET" in made
    assert "aiohttp calls of " in text


def test_the_header_pins_what_the_run_had_and_is_of_its_python() -> None:
    lines = script_text(origin(ujson="5.3.0", idna="3.7"), wsgi_calls("pass")).splitlines()

    assert lines[0] == "# /// script"
    assert (
        lines[1] == f'# requires-python = "=={sys.version_info.major}.{sys.version_info.minor}.*"'
    )
    assert lines[2] == '# dependencies = ["ujson==5.3.0", "idna==3.7"]'
    assert lines[3] == "# ///"


def site(function: str, import_line: str | None, **changes: bool) -> Site:
    return replace(Site(0, function, 3, import_line, False, False, None), **changes)


def test_a_function_needs_its_own_package_alone() -> None:
    dumps = site("ujson.dumps", "import ujson", is_tried=True)
    calls = of_function(dumps, SeenSite(1.0, "[{1}]"), "import ujson", {"ujson"})

    text = script_text(origin(ujson="5.3.0", flask="3.0"), calls)

    assert '["ujson==5.3.0"]' in text
    assert "    try:\n        ujson.dumps([{1}])\n    except Exception:\n        pass\n" in text
    assert len(text.splitlines()) <= 60


def test_a_function_that_is_called_often_for_a_request_keeps_its_share_a_call() -> None:
    dumps = site("ujson.dumps", "import ujson")
    often = of_function(dumps, SeenSite(20.0, "1"), "import ujson", {"ujson"})

    text = script_text(origin(ujson="5.3.0"), often)

    assert "kept 100,000 bytes a request, in 20.0 calls. Exits: 1 from 2,500 bytes a call" in text
    assert "grows_bytes=2500" in text


def test_an_async_function_is_run_on_one_loop(tmp_path: Path) -> None:
    work = site("work", None, is_async=True, is_tried=True)
    code = "KEPT = []\n\nasync def work(size):\n    KEPT.append(bytearray(size))\n    raise OSError"
    calls = of_function(work, SeenSite(10.0, "10_000"), code)

    assert calls.per_request == 1.0
    done = run(script_text(origin(), calls), tmp_path)

    assert done.returncode == 1, done.stderr


def test_no_text_of_others_ends_the_docstring_or_its_line() -> None:
    text = script_text(origin('a""" + 1\nimport os\\'), wsgi_calls("pass"))

    (said,) = (node for node in ast.parse(text).body[:1] if isinstance(node, ast.Expr))
    assert isinstance(said.value, ast.Constant)
    assert "import os" in str(said.value.value).splitlines()[0]


def test_paths_and_bodies_are_literals_whatever_they_hold() -> None:
    path = "/'\"\\\n%s{}"
    kinds = (WeightedRequest(Request(path, "POST", (), b"'''\x00\"\"\"\n")),)

    tree = ast.parse(script_text(origin(), calls_of(ASGI, kinds, "uvicorn app:app")))

    literals = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert path in literals
    assert b"'''\x00\"\"\"\n" in literals


def test_what_is_too_long_for_one_file_is_refused() -> None:
    long = "\n".join(["import a"] * 60)
    with pytest.raises(NotReproduced, match="more than the 60 lines of one file"):
        script_text(origin(), of_function(site("a.b", long), SeenSite(1.0, "1"), long))
    many = {f"package{number}": "1" for number in range(MOST_PINS + 1)}
    with pytest.raises(NotReproduced, match="41 packages"):
        script_text(origin(**many), wsgi_calls("pass"))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (WeightedRequest(None), "hung up on"),
        (WeightedRequest(Request("/"), abandoned=0.5), "hung up on"),
        (WeightedRequest(Request("/", "POST", (), b"x" * 3000)), "too large"),
    ],
)
def test_what_needs_a_server_is_refused(kind: WeightedRequest, reason: str) -> None:
    with pytest.raises(NotReproduced, match=reason):
        calls_of(ASGI, (kind,), "uvicorn app:app")


def test_a_block_keeps_a_mebibyte_or_as_much_as_its_most_calls_do() -> None:
    assert calls_a_block(1024.0) == 1024
    assert calls_a_block(1.0) == MOST_CALLS
    assert calls_a_block(1e9) == FEWEST_CALLS


def test_a_longer_app_is_imported_from_beside_the_script() -> None:
    served = served_by("cd src && uvicorn shop.main:make()", {"src/shop/main.py": ASGI})

    text = imported_app(served, "shop", {"A": "it's"})

    assert "from shop.main import make" in text
    assert "app = make()" in text
    assert "\"app\", 'shop')" in text
    assert "os.environ.update({'A': \"it's\"})" in text
