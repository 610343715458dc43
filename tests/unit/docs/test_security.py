"""What security.md counts is what the tests try."""

import re

from support.gate_calls import HOSTILE
from support.paths import ROOT

LEAST_CALLS = 141
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| (.+?) \| ([\d,]+).*? \| .+? \| .+? \| (.+?) \|$", TEXT)


def test_the_gates_hostile_calls_are_as_many_as_are_counted() -> None:
    counted = next(int(tried) for kind, tried, _ in ROWS if "hostile calls to the engine" in kind)

    assert len(HOSTILE) == counted
    assert len(HOSTILE) >= LEAST_CALLS
    assert len(set(HOSTILE.values())) == len(HOSTILE)


def test_every_row_names_tests_that_are_there() -> None:
    files = [file for _, _, held in ROWS for file in re.findall(r"`(tests/\S+?)`", held)]

    assert len(ROWS) == len(re.findall(r"(?m)^\|.*`tests/", TEXT)) > 30
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_what_stays_open_is_said() -> None:
    """Sentences that who trusts the lab must find."""
    said = " ".join(TEXT.split())
    for sentence in (
        "without Docker nothing is protected",
        "vulnerable on purpose",
        "an engine that ignores `inhibit_ipv4`",
        "Nothing is installed on the host",
        "Of docker-bench's list these stay",
    ):
        assert sentence.lower() in said.lower(), sentence
