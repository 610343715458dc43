"""The steps of a reproducer: what is kept, what is shipped, and what is said where none is."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from lab.app.spec import AppSpec, LoginSpec, RequestSpec
from lab.commands.reproducers import steps as reproduce_steps
from lab.commands.reproducers.kept_app import KeptApp
from lab.commands.reproducers.script_runs import GrowingScript, Workshop
from lab.commands.reproducers.steps import ReproducerBench, candidates, checked, shown_growth
from lab.engines.process.environments import Installed
from lab.records.app_answer import AppAnswer, AppLine
from lab.records.holders import Package
from lab.records.judgement import Verdict
from lab.reproducer.calls import Calls
from lab.reproducer.script import ScriptOrigin
from lab.reproducer.script_results import NotGrown
from lab.reproducer.served_object import NotReproduced
from lab.reproducer.sites import SeenSite, WatchedFile

SOURCE = """
import ujson
from wsgiref.simple_server import make_server


def app(environ, start_response):
    ujson.dumps([1])
    start_response("200 OK", [])
    return []


make_server("", 8000, app).serve_forever()
"""
HERE = Installed(Path("/nowhere/bin/python3"), "here")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def bench(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> ReproducerBench:
    monkeypatch.setattr(reproduce_steps, "import_names", lambda *_: frozenset({"ujson"}))
    spec = AppSpec(tmp_path / "lab.toml", "shop", command="python app.py")
    app = KeptApp(spec, HERE, {"ujson": "5.3.0"}, {"app.py": SOURCE})
    answer = AppAnswer(
        *("shop", "own-shop", Verdict.LEAK, "", 1, (), None, "", (), (), {}, ()),
        package=Package("ujson", "5.3.0", None),
    )
    origin = ScriptOrigin(1000.0, "3.12", app.pins, "ujson 5.3.0")
    shop = Workshop(tmp_path, tmp_path, "shop", 1 << 30)
    return ReproducerBench(app, answer, origin, shop, said.append, sees)


def sees(_: KeptApp, __: str, watched: WatchedFile) -> Mapping[int, SeenSite]:
    """Each site was called once for a request, with what stands there."""
    return {each.number: SeenSite(1.0, each.literal) for each in watched.sites}


def show(monkeypatch: pytest.MonkeyPatch, outcomes: dict[str, float | NotReproduced]) -> None:
    """Let the calls of these names keep so much, or fail."""

    def shown_script(_: Workshop, __: Installed, ___: ScriptOrigin, calls: Calls) -> GrowingScript:
        outcome = outcomes[calls.said]
        if isinstance(outcome, NotReproduced):
            raise outcome
        return GrowingScript(calls, "text", outcome)

    monkeypatch.setattr(reproduce_steps, "shown_script", shown_script)


def test_the_app_comes_first_and_then_the_function_with_its_own_package(
    bench: ReproducerBench,
) -> None:
    app, function = candidates(bench, [])

    assert (app.said, app.needs) == ("WSGI calls of app.py", None)
    assert (function.said, function.needs) == ("calls of ujson.dumps", {"ujson"})


def test_what_a_function_was_called_with_takes_the_place_of_what_no_literal_is(
    bench: ReproducerBench,
) -> None:
    app = replace(bench.app, texts={"app.py": SOURCE.replace("[1]", "environ['x']")})

    def see(_: KeptApp, __: str, watched: WatchedFile) -> Mapping[int, SeenSite]:
        return {each.number: SeenSite(10.0, "'captured'") for each in watched.sites}

    *_, function = candidates(replace(bench, app=app, seen=see), [])

    assert "    ujson.dumps('captured')\n" in f"{function.text}\n"
    assert function.per_request == 10.0


def test_a_function_that_was_not_called_for_a_request_is_not_tried(bench: ReproducerBench) -> None:
    (app,) = candidates(replace(bench, seen=lambda *_: {}), [])

    assert app.is_whole


def test_an_app_that_no_call_reaches_is_reduced_to_its_own_function(
    bench: ReproducerBench, said: list[str]
) -> None:
    text = (
        "import asyncio\n\nasync def once():\n    await asyncio.sleep(0)\n\n"
        "async def hello(reader, writer):\n    await once()\n\n"
        "asyncio.run(asyncio.start_server(hello, '', 8000))\n"
    )
    answer = replace(bench.answer, lines=(AppLine("asyncio/tasks.py:4, from app.py:4", 9, 9),))
    app = replace(bench.app, texts={"app.py": text})
    reasons: list[str] = []

    (function,) = candidates(replace(bench, app=app, answer=answer), reasons)

    assert function.said == "calls of once"
    assert "    await asyncio.gather(once())\n" in function.text
    assert "start_server" not in function.text
    assert "neither a WSGI nor an ASGI app" in reasons[0]


def test_the_smallest_that_grows_comes_first(
    bench: ReproducerBench, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show(monkeypatch, {"WSGI calls of app.py": 990.0, "calls of ujson.dumps": 980.0})

    scripts = shown_growth(bench)

    assert [each.rate_bytes for each in scripts] == [980.0, 990.0]
    assert said[0] == "served app: 1,000 bytes a request, by the run"
    assert "calls of ujson.dumps: 980 bytes a call, kept" in said


def test_a_step_that_loses_the_growth_leaves_the_one_before(
    bench: ReproducerBench, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = NotGrown("does not grow (0 bytes a call)")
    show(monkeypatch, {"WSGI calls of app.py": 990.0, "calls of ujson.dumps": lost})

    assert [each.rate_bytes for each in shown_growth(bench)] == [990.0]
    assert "calls of ujson.dumps: does not grow (0 bytes a call)" in said


def test_growth_that_no_call_shows_needs_the_server(
    bench: ReproducerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = NotGrown("does not grow (0 bytes a call)")
    show(monkeypatch, {"WSGI calls of app.py": lost, "calls of ujson.dumps": lost})

    with pytest.raises(NotReproduced, match=r"^the growth needs the app's server"):
        shown_growth(bench)


def test_what_grows_with_the_mended_release_is_left_for_the_step_before(
    bench: ReproducerBench, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show(monkeypatch, {"WSGI calls of app.py": 990.0, "calls of ujson.dumps": 980.0})
    scripts = shown_growth(bench)

    def check_mended(_: Workshop, __: Installed, each: GrowingScript) -> float:
        if each.rate_bytes == 980.0:
            raise NotReproduced("it grows there, too")
        return 3.0

    monkeypatch.setattr(reproduce_steps, "check_test", lambda *_: None)
    monkeypatch.setattr(reproduce_steps, "check_mended", check_mended)

    assert checked(bench, scripts, HERE, "ujson 5.4.0").rate_bytes == 990.0
    assert "WSGI calls of app.py with ujson 5.4.0: 3 bytes a call, exit 0" in said
    with pytest.raises(NotReproduced, match=r"^it grows there, too$"):
        checked(bench, scripts[:1], HERE, "ujson 5.4.0")


def test_an_app_with_a_login_is_told_and_not_called() -> None:
    login = LoginSpec(RequestSpec(method="POST", path="/token"), "token")
    spec = AppSpec(Path("/app/lab.toml"), "shop", command="serve", login=login)
    bench = SimpleNamespace(app=SimpleNamespace(spec=spec))

    with pytest.raises(NotReproduced, match=r"after a \[login\]"):
        reproduce_steps.app_calls(bench, SimpleNamespace())  # type: ignore[arg-type]
