"""Which calls of an app are watched while it is served, and what is told of them."""

import ast
from pathlib import Path
from typing import Any

import pytest
from lab.app.guess.source import Module, read_module
from lab.reproducer.sites import SEEN_FILE, SeenSite, WatchedFile, seen_of, watched

TEXT = '''"""A shop."""
from __future__ import annotations
import json
import ujson as u
from ujson import loads

HEAD = u.dumps(["head"])

def order(number, kinds=()):
    return u.dumps({"n": number, "k": [*kinds]})

async def once(size):
    return bytearray(size)

def app(environ, start_response):
    json.dumps([1])
    try:
        loads("[1]")
    except ValueError:
        pass
    order(3, kinds=("a", b"b"))
    order(object())
'''


def module(text: str = TEXT) -> Module:
    found = read_module("app.py", text)
    assert found is not None
    return found


def line(text: str) -> int:
    return next(n for n, each in enumerate(TEXT.splitlines(), 1) if text in each)


@pytest.fixture
def found() -> WatchedFile:
    return watched(module(), {"ujson"}, {line("return u.dumps"), line("return bytearray")})


def served(found: WatchedFile, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of the watched file, which has been run with a stand-in for its package."""
    stand_in = "import json\ndumps = lambda each: json.dumps(repr(each))\nloads = json.loads\n"
    (folder / "ujson.py").write_text(stand_in, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv(SEEN_FILE, str(folder / "seen.txt"))
    names: dict[str, Any] = {}
    exec(compile(found.text, "app.py", "exec"), names)
    return names


def test_sites_are_calls_of_the_package_and_of_own_functions_that_asked(found: WatchedFile) -> None:
    told = [(each.function, each.import_line, each.is_tried) for each in found.sites]

    assert told == [
        ("order", None, False),
        ("order", None, False),
        ("u.dumps", "import ujson as u", False),
        ("u.dumps", "import ujson as u", False),
        ("loads", "from ujson import loads", True),
    ]
    assert [each.literal for each in found.sites] == [
        "3, kinds=('a', b'b')",
        *(None, None, "['head']", "'[1]'"),
    ]


def test_calls_at_named_lines_come_first(found: WatchedFile) -> None:
    assert found.sites[2].line == line("return u.dumps")


def test_an_own_function_that_is_awaited_is_async() -> None:
    text = f"{TEXT}\nasync def serve():\n    await once(3)\n"

    found = watched(module(text), set(), {line("return bytearray")})

    assert [(each.function, each.is_async) for each in found.sites] == [("once", True)]


def test_each_call_is_written_down_with_literals_and_does_what_it_did(
    found: WatchedFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = served(found, tmp_path, monkeypatch)
    seen_file = tmp_path / "seen.txt"
    before = len(seen_file.read_text().splitlines())

    for _ in range(4):
        names["app"]({}, None)

    seen = seen_of(seen_file.read_text().splitlines()[before:], 4)
    first, second, dumps, head, loads = (each.number for each in found.sites)
    assert names["order"](1).startswith('"{')
    assert seen[first] == SeenSite(1.0, "3, kinds=('a', b'b')")
    assert seen[second] == SeenSite(1.0, None)
    assert seen[dumps] == SeenSite(2.0, "{'n': 3, 'k': ['a', b'b']}")
    assert seen[loads] == SeenSite(1.0, "'[1]'")
    assert head not in seen


@pytest.mark.parametrize(
    "said",
    ["None", "'nan'", "'open(1)'", "'1); import os; f(2'", "'" + "x" * 400 + "'", "[", "7", "'('"],
)
def test_what_is_no_literal_is_no_argument(said: str) -> None:
    assert seen_of([f"0 {said}"], 1) == {0: SeenSite(1.0, None)}


def test_lines_that_the_app_could_write_itself_are_left_out() -> None:
    assert seen_of(["", "hello", "-1 'x'"], 1) == {}


def test_the_watched_file_is_syntax_of_old_pythons(found: WatchedFile) -> None:
    ast.parse(found.text, feature_version=(3, 7))
