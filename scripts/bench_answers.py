"""How long `make try` takes to its whole answer, over many apps, by one rule or commit or by two.

    .venv/bin/python scripts/bench_answers.py [--before COMMIT] [--rule RULE] [APP ...]

The ways take turns app by app, so that all meet the same machine. Needs a quiet one: half an hour a
way for all apps. Writes results/bench-answers.json, which `make bench` quotes where it is there.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
LEAKING = (
    *("orjson-tzinfo", "orjson-default", "ujson-failing", "msgpack-iteration", "multidict-views"),
    *("numpy-recarray", "pydantic-recursive", "uvloop-timeouts", "aiohttp-methods"),
    *("aiohttp-cookies", "protobuf-bytesize", "threads-unjoined"),
)
HARMLESS = (
    *("default-pool", "flask-threads", "keep-alive-timers", "late-cache", "recycled-workers"),
    "growing-log",
)
SLOW = {
    "slow-leak": "spend(0.08); KEPT.append(bytearray(200_000))",
    "slow-flat": "spend(0.08)",
    "slow-waits": "time.sleep(0.08); KEPT.append(bytearray(200_000))",
}
"""Apps of 80 ms a request, by what they do in one."""
SERVER = """
import os
import time
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

KEPT = []


def spend(seconds):
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        sum(range(1000))


def app(environ, start_response):
    {work}
    start_response("200 OK", [])
    return [b"done"]


class SilentHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


where = os.environ["HOST"], int(os.environ["PORT"])
make_server(*where, app, Server, SilentHandler).serve_forever()
"""
LIMIT_SECONDS = 1800
VERDICT = re.compile(r"^\S+: (flat|bounded|leak|inconclusive)\. ", re.MULTILINE)
CAUSE = re.compile(r"^Cause: ([^(.]+) \(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asking:
    """One way to ask: a checkout, and the settings that all apps get."""

    checkout: Path
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of `make try`."""

    seconds: float
    verdict: str
    cause: str


def apps(folder: Path) -> dict[str, Mapping[str, str]]:
    """The settings that name each app; slow ones are written into the folder."""
    shipped = (*LEAKING, *(f"{name}/mended" for name in LEAKING), *HARMLESS)
    settings: dict[str, Mapping[str, str]] = {name: {"EXAMPLE": name} for name in shipped}
    for name, work in SLOW.items():
        app = folder / name
        app.mkdir()
        (app / "app.py").write_text(SERVER.format(work=work), encoding="utf-8")
        (app / "lab.toml").write_text('command = "python app.py"\n', encoding="utf-8")
        settings[name] = {"APP": str(app)}
    return settings


def answered(way: Asking, settings: Mapping[str, str], results: Path) -> Answered:
    """The answer about one app, and how long it took."""
    own = {"ENGINE": "process", "RESULTS": str(results)}
    started = time.monotonic()
    done = subprocess.run(
        [way.checkout / "scripts" / "try"],
        cwd=way.checkout,
        env={**os.environ, **own, **way.settings, **settings},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    seconds = time.monotonic() - started
    verdict, cause = VERDICT.search(done.stdout), CAUSE.search(done.stdout)
    none = f"none (code {done.returncode})"
    return Answered(seconds, verdict[1] if verdict else none, cause[1] if cause else "")


@contextmanager
def checkout_of(commit: str) -> Iterator[Path]:
    """A checkout of another commit, with the environments of this one."""
    with tempfile.TemporaryDirectory(prefix="memlab-before-") as folder:
        path = Path(folder) / "lab"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(path), commit], check=True)
        try:
            for shared in (".venv", ".environments"):
                (path / shared).symlink_to((ROOT / shared).resolve())
            yield path
        finally:
            subprocess.run([*git, "remove", "--force", str(path)], check=True)


def row(answers: Sequence[Answered]) -> dict[str, float]:
    """Median, 95 % and worst time in seconds."""
    times = sorted(each.seconds for each in answers)
    last = max(ceil(0.95 * len(times)) - 1, 0)
    return {"median": median(times), "within_95": times[last], "worst": times[-1]}


def measured(ways: Mapping[str, Asking], wanted: Sequence[str]) -> dict[str, dict[str, Answered]]:
    """The answers by way and app. Each app runs once before, so that its environment is made."""
    answers_by_way: dict[str, dict[str, Answered]] = {way: {} for way in ways}
    with tempfile.TemporaryDirectory(prefix="memlab-answers-") as folder:
        settings = apps(Path(folder))
        for name in wanted or settings:
            environment = {**settings[name], "CHECK": "1"}
            answered(Asking(ROOT, {}), environment, Path(folder) / "results")
            for label, way in ways.items():
                answer = answered(way, settings[name], Path(folder) / "results")
                answers_by_way[label][name] = answer
                print(name, label, answer, flush=True)
    return answers_by_way


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", help="a commit to compare with")
    parser.add_argument("--rule", help="another rule to compare with, as in RULE=sequential")
    parser.add_argument("apps", nargs="*", help="names of apps; none: all")
    given = parser.parse_args()
    ways = {"now": Asking(ROOT, {})}
    if given.rule:
        ways[given.rule] = Asking(ROOT, {"RULE": given.rule})
    with ExitStack() as checkouts:
        if given.before:
            ways["before"] = Asking(checkouts.enter_context(checkout_of(given.before)), {})
        answers_by_way = measured(ways, given.apps)
    written = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "before": given.before,
        "seconds": {way: row(list(answers.values())) for way, answers in answers_by_way.items()},
        "answers": {
            way: {name: asdict(each) for name, each in answers.items()}
            for way, answers in answers_by_way.items()
        },
    }
    path = ROOT / "results" / "bench-answers.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(written["seconds"], indent=2))


if __name__ == "__main__":
    main()
