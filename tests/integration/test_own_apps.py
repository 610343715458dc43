"""`make try` on real apps, without an engine; the version pairs only when they are asked for."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.lab_commands import END_SECONDS, ROOT
from support.marks import needs_processes, needs_time
from support.polling import wait_until

LEAK = """
import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

KEPT = []


def app(environ, start_response):
    KEPT.append(bytearray(200_000))
    start_response("200 OK", [])
    return [b"kept"]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


where = os.environ["HOST"], int(os.environ["PORT"])
make_server(*where, app, handler_class=SilentHandler).serve_forever()
"""
PAIRS = {
    "orjson-tzinfo": "live Python objects",
    "orjson-default": "live Python objects",
    "ujson-failing": "native memory",
    "msgpack-iteration": "live Python objects",
    "multidict-views": "live Python objects",
    "numpy-recarray": "live Python objects|native memory",
    "pydantic-recursive": "native memory",
    "uvloop-timeouts": "live Python objects",
    "aiohttp-methods": "live Python objects",
    "aiohttp-cookies": "live Python objects",
    "protobuf-bytesize": "native memory",
    "threads-unjoined": "live Python objects",
}
"""What the leaking release of each holds; its mended one is no leak."""
HARMLESS = (
    "default-pool",
    "flask-threads",
    "keep-alive-timers",
    "late-cache",
    "recycled-workers",
    "growing-log",
)
Trying = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = needs_processes
slow = pytest.mark.slow


def environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    (folder / "work").mkdir(exist_ok=True)
    own = {"ENGINE": "process", "RESULTS": f"{folder}/results", "TMPDIR": f"{folder}/work"}
    return {**os.environ, **own, **settings}


@pytest.fixture
def try_it(tmp_path: Path) -> Trying:
    def run(**settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "scripts" / "try"],
            env=environment(tmp_path, settings),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    return run


def reproduce(folder: Path) -> subprocess.CompletedProcess[str]:
    own = {"RESULTS": f"{folder}/results", "TMPDIR": f"{folder}/work", "RUN": "latest"}
    return subprocess.run(
        [ROOT / "scripts" / "reproduce"],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
    )


def never_seen(folder: Path) -> Path:
    app = folder / "never-seen"
    app.mkdir()
    (app / "serve.py").write_text(LEAK, encoding="utf-8")
    (app / "lab.toml").write_text('command = "python serve.py"\ncount = 400\n', encoding="utf-8")
    return app


def verdict(done: subprocess.CompletedProcess[str]) -> str:
    match = re.search(r"^\S+: (flat|bounded|leak|inconclusive)\. ", done.stdout, re.MULTILINE)
    assert match is not None, done.stdout + done.stderr
    return match[1]


def test_a_leak_that_was_never_seen_is_found_and_its_line_is_named(
    try_it: Trying, tmp_path: Path
) -> None:
    app = never_seen(tmp_path)

    done = try_it(APP=str(app))

    assert verdict(done) == "leak"
    assert "(proven)" in done.stdout
    assert "serve.py:9" in done.stdout
    assert "serve.KEPT (list, " in done.stdout
    assert "serve.KEPT[...]" not in done.stdout
    assert list((tmp_path / "work").iterdir()) == []
    assert (tmp_path / "results" / "latest" / "answer.md").exists()
    done = reproduce(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WSGI calls of serve.py: 20" in done.stdout
    assert "no mended release is known" in done.stdout
    script = (tmp_path / "results" / "latest" / "reproduce.py").read_text(encoding="utf-8")
    assert "    KEPT.append(bytearray(200_000))\n" in script
    assert list((tmp_path / "work").iterdir()) == []


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.jsonl")}


def test_an_app_that_was_interrupted_goes_on_with_what_is_not_finished(
    try_it: Trying, tmp_path: Path
) -> None:
    app = never_seen(tmp_path)
    settings = {"APP": str(app), "TRIALS": "2"}
    process = subprocess.Popen(
        [ROOT / "scripts" / "try"],
        env=environment(tmp_path, settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    second = "results/2*/samples/own-never-seen/2.jsonl"
    wait_until(
        lambda: process.poll() is not None or any(tmp_path.glob(second)),
        END_SECONDS,
        step_seconds=0.1,
    )
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=END_SECONDS)
    assert process.returncode == 130, printed
    (run,) = tmp_path.glob("results/2*")
    assert json.loads((run / "summary.json").read_text())["run"]["partial"] is True
    before = contents(run)

    done = try_it(**settings, RESUME=run.name)

    assert verdict(done) == "leak"
    assert f"resuming {run.name}, " in done.stdout + done.stderr
    after, own = contents(run), "samples/own-never-seen"
    complete = {name for name, text in before.items() if b'"kind":"complete"' in text}
    assert f"{own}/1.jsonl" in complete
    assert {name: after[name] for name in complete} == {name: before[name] for name in complete}
    assert after[f"{own}/2.jsonl"] != before[f"{own}/2.jsonl"]
    summary = json.loads((run / "summary.json").read_text())["run"]
    assert (summary["partial"], len(summary["sittings"])) == (False, 2)
    assert list((tmp_path / "work").iterdir()) == []
    assert reproduce(tmp_path).returncode == 0


@slow
@needs_time
@pytest.mark.parametrize("name", ["ujson-failing", "orjson-default"])
def test_a_script_grows_with_the_leaking_release_and_not_with_the_mended_one(
    try_it: Trying, tmp_path: Path, name: str
) -> None:
    assert verdict(try_it(EXAMPLE=name)) == "leak"

    done = reproduce(tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " bytes a call, exit 0" in done.stdout
    assert "test_growth.py fails before it and passes with it" in done.stdout


@pytest.mark.parametrize(
    ("description", "said", "code"),
    [
        ("command = ", "is not TOML", 64),
        ('command = "x"\nrequirements = ["no-such-package-of-anyone==9.9"]', "requirements", 3),
        ('command = "exit 7"', "status 7 (command = 'exit 7')", 3),
        (
            'command = "python -m http.server $PORT"\n[[requests]]\nexpect = 418',
            "refused: GET /: ",
            3,
        ),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    try_it: Trying, tmp_path: Path, description: str, said: str, code: int
) -> None:
    app = tmp_path / "bad"
    app.mkdir()
    (app / "lab.toml").write_text(description, encoding="utf-8")

    done = try_it(APP=str(app))

    lines = [line for line in done.stderr.splitlines() if "lab.toml" in line]
    assert (done.returncode, len(lines)) == (code, 1), done.stderr
    assert said in lines[0]
    assert list((tmp_path / "work").iterdir()) == []
    results = tmp_path / "results"
    assert not results.exists() or list(results.iterdir()) == []


@slow
@needs_time
@pytest.mark.parametrize("name", PAIRS)
def test_the_leaking_release_and_the_mended_one_are_told_apart(try_it: Trying, name: str) -> None:
    leaking, mended = try_it(EXAMPLE=name), try_it(EXAMPLE=f"{name}/mended")

    assert verdict(leaking) == "leak"
    assert re.search(rf"^Cause: ({PAIRS[name]}) \(", leaking.stdout, re.MULTILINE), leaking.stdout
    assert verdict(mended) in ("flat", "bounded")


@slow
@needs_time
def test_on_docker_the_newest_release_is_measured_after_all_else(
    engine: None, try_it: Trying
) -> None:
    done = try_it(ENGINE="docker", EXAMPLE="ujson-failing")

    assert verdict(done) == "leak"
    assert re.search(
        r"^What helps: ujson>=5[.\d]+ \(measured: (flat|bounded)\)", done.stdout, re.MULTILINE
    )


@slow
@needs_time
@pytest.mark.parametrize("name", HARMLESS)
def test_what_looks_like_a_leak_and_is_none(try_it: Trying, name: str) -> None:
    assert verdict(try_it(EXAMPLE=name)) in ("flat", "bounded")
