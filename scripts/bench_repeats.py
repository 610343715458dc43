"""Whether `make try` answers alike each time: some apps, one after the other, again and again.

    .venv/bin/python scripts/bench_repeats.py [--times 10] [APP ...]

Needs no quiet machine: half a minute to two minutes an answer. Writes results/bench-repeats.json
after each answer, and adds to the answers that are there.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench_answers import ROOT, RUNS, Answered, Asking, answered, apps, text_of
from lab.files import write_file
from lab.records.codec import decode, encode

WRITTEN = ROOT / "results" / "bench-repeats.json"
REPEATED = (
    *("orjson-tzinfo/mended", "growing-log", "late-cache"),
    *("orjson-default", "ujson-failing", "pydantic-recursive"),
)
"""Two that are flat, one that stops growing, and three leaks of two causes."""
TIMES = 10

Repeats = dict[str, list[Answered]]
"""By app, in the order in which they were given."""


def read_repeats(text: bytes) -> Repeats:
    """The answers of a file that an earlier call wrote."""
    answers = decode(Mapping[str, tuple[Answered, ...]], json.loads(text)["answers"])
    return {app: list(each) for app, each in answers.items()}


def written(repeats: Repeats) -> dict[str, Any]:
    """What the file says."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "answers": encode(repeats),
    }


def repeat(ask: Callable[[str], Answered], names: Sequence[str], times: int, path: Path) -> None:
    """Ask for each app in turn, so many times, and add each answer to the file at once."""
    repeats = read_repeats(path.read_bytes()) if path.exists() else {}
    for _ in range(times):
        for name in names:
            answer = ask(name)
            repeats.setdefault(name, []).append(answer)
            print(name, answer.verdict, answer.cause, round(answer.seconds), flush=True)
            write_file(path, text_of(written(repeats)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help="answers of each app")
    parser.add_argument("apps", nargs="*", default=REPEATED, help="names of apps")
    given = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="memlab-repeats-") as folder:
        settings = apps(Path(folder))
        for name in given.apps:
            if name not in settings:
                parser.error(f"there is no app {name!r}: one of {', '.join(settings)}")
        repeat(
            lambda app: answered(Asking(ROOT, {}), settings[app]), given.apps, given.times, WRITTEN
        )


if __name__ == "__main__":
    main()
