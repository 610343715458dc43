"""How long `make try` takes to its whole answer, over many apps, by one rule or commit or by two.

    .venv/bin/python scripts/bench_answers.py [--before COMMIT] [--rule RULE] [--more] [APP ...]

The ways take turns app by app, so that all meet the same machine. Needs a quiet one: half an hour a
way for all apps. Writes results/bench-answers.json after each app, which `make bench` quotes where
it is there; the runs stand in results/answers.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from answer_record import AnswerRecord, answer_record
from lab.errors import LabError
from lab.files import write_file
from lab.records.codec import decode, encode
from lab.records.interventions import InterventionPlan
from lab.store.find_runs import newest_runs
from lab.store.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ROOT / "results" / "bench-answers.json"
RUNS = ROOT / "results" / "answers"
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
    load: float | None = None
    """Processes that ran or waited, a mean over the last minute of it; None: not kept."""
    record: AnswerRecord | None = None
    """What the run itself says; None where it has no answer, or one of another schema."""


Answers = dict[str, dict[str, Answered]]
"""By way, then by app."""


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


def answered(way: Asking, settings: Mapping[str, str]) -> Answered:
    """The answer about one app, and how long it took."""
    own = {"ENGINE": "process", "RESULTS": str(RUNS)}
    before = {each.id for each in newest_runs(RUNS)}
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
    run = next((each for each in newest_runs(RUNS) if each.id not in before), None)
    return of_record(seconds, done.returncode, record_of(run) if run else None)


def of_record(seconds: float, code: int, record: AnswerRecord | None) -> Answered:
    """The answer that a run's record holds; without one its verdict is `none`, with the code."""
    return Answered(
        seconds=seconds,
        verdict=record.verdict.value if record else f"none (code {code})",
        cause=record.causes[0].cause.value if record and record.causes else "",
        load=os.getloadavg()[0],
        record=record,
    )


def record_of(run: RunFolder) -> AnswerRecord | None:
    """What a run's files say of its app; None where they have no answer, or another schema."""
    try:
        plan = run.read_interventions(InterventionPlan)
        return answer_record(run.read_summary(), plan) if plan else None
    except LabError as error:
        print(f"{run.id}: {error}", flush=True)
        return None


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


def measure(ways: Mapping[str, Asking], wanted: Sequence[str], answers: Answers) -> Iterator[str]:
    """Adds the answers, and yields each app that all ways have answered.

    Each app runs once before, so that its environment is made; an app with all answers is left out.
    """
    with tempfile.TemporaryDirectory(prefix="memlab-answers-") as folder:
        settings = apps(Path(folder))
        for name in wanted or settings:
            if all(name in answers[way] for way in ways):
                continue
            answered(Asking(ROOT, {}), {**settings[name], "CHECK": "1"})
            for label, way in ways.items():
                answers[label][name] = answered(way, settings[name])
                print(name, label, answers[label][name], flush=True)
            yield name


def read_answers(text: bytes) -> Answers:
    """The answers of a file that an earlier call wrote."""
    answers = decode(Mapping[str, Mapping[str, Answered]], json.loads(text)["answers"])
    return {way: dict(each) for way, each in answers.items()}


def written(before: str | None, answers: Answers) -> dict[str, Any]:
    """What the file says."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "before": before,
        "seconds": {way: row(list(each.values())) for way, each in answers.items() if each},
        "answers": encode(answers),
    }


def text_of(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", help="a commit to compare with")
    parser.add_argument("--rule", help="another rule to compare with, as in RULE=sequential")
    parser.add_argument("--more", action="store_true", help="add to the answers that are there")
    parser.add_argument("apps", nargs="*", help="names of apps; none: all")
    given = parser.parse_args()
    ways = {"now": Asking(ROOT, {})}
    if given.rule:
        ways[given.rule] = Asking(ROOT, {"RULE": given.rule})
    with ExitStack() as checkouts:
        if given.before:
            ways["before"] = Asking(checkouts.enter_context(checkout_of(given.before)), {})
        answers: Answers = {way: {} for way in ways}
        if given.more and WRITTEN.exists():
            answers |= read_answers(WRITTEN.read_bytes())
        RUNS.mkdir(parents=True, exist_ok=True)
        for _ in measure(ways, given.apps, answers):
            write_file(WRITTEN, text_of(written(given.before, answers)))
    print(json.dumps(written(given.before, answers)["seconds"], indent=2))


if __name__ == "__main__":
    main()
