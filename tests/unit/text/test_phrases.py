import math
from collections.abc import Callable

import pytest
from lab.text.phrases import (
    DASH,
    MINUS,
    clipped,
    counted,
    duration,
    in_mib,
    listed,
    mib,
    mib_span,
    more_or_fewer,
    number,
    printable,
    sentence,
    share,
    short_duration,
    signed_mib,
    signed_number,
    size,
    span,
    they_were,
)
from lab.units import KIB, MIB


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0.0"),
        (-1, "0.0"),
        (int(0.4 * MIB), "0.4"),
        (16_000_000, "15.3"),
        (99.96 * MIB, "100"),
        (1220 * MIB, "1,220"),
        (-3 * MIB, f"{MINUS}3.0"),
    ],
)
def test_memory_is_told_in_mib_with_at_most_one_decimal(size_bytes: float, text: str) -> None:
    assert mib(size_bytes) == text
    assert in_mib(size_bytes) == f"{text} MiB"


def test_what_was_gained_has_its_sign() -> None:
    assert [signed_mib(each * MIB) for each in (2, 0, -2)] == ["+2.0", "0.0", f"{MINUS}2.0"]
    assert [signed_number(each, 2) for each in (1, 0, -2)] == ["+1.00", "0.00", f"{MINUS}2.00"]
    assert in_mib(40 * MIB, signed=True) == "+40.0 MiB"
    assert mib_span([3 * MIB, -MIB], signed=True) == f"{MINUS}1.0 to +3.0 MiB"


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (256.4, "256 B"),
        (-12.4, f"{MINUS}12 B"),
        (1023.4, "1,023 B"),
        (1023.6, "1.0 KiB"),
        (2048, "2.0 KiB"),
        (-3 * KIB, f"{MINUS}3.0 KiB"),
        (0.26 * MIB, "266 KiB"),
        (MIB - 1, "1.00 MiB"),
        (9.996 * MIB, "10.0 MiB"),
        (500 * MIB, "500 MiB"),
        (1220 * MIB, "1,220 MiB"),
    ],
)
def test_a_size_in_the_unit_that_suits(size_bytes: float, text: str) -> None:
    assert size(size_bytes) == text


@pytest.mark.parametrize(
    "show", [mib, in_mib, signed_mib, size, duration, short_duration, number, signed_number]
)
def test_what_is_not_known_is_a_dash_without_a_unit(show: Callable[[float | None], str]) -> None:
    assert [show(value) for value in (None, math.nan, math.inf)] == [DASH, DASH, DASH]


def test_numbers_have_one_minus_sign_and_thousands() -> None:
    assert [number(-1234.5, 1), number(-0.04, 1), number(1e6)] == [
        f"{MINUS}1,234.5",
        "0.0",
        "1,000,000",
    ]
    assert [share(0.973), share(-0.2), share(None)] == ["97%", f"{MINUS}20%", DASH]


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [
        (0.0123, "12 ms", "0 s"),
        (0.9996, "1.0 s", "1 s"),
        (16.64, "16.6 s", "17 s"),
        (200.0, "200 s", "3 min 20 s"),
        (3600, "3,600 s", "60 min"),
    ],
)
def test_durations(seconds: float, short: str, long: str) -> None:
    assert (short_duration(seconds), duration(seconds)) == (short, long)


def test_lists_and_counts() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert [counted(1, "variant"), counted(1200, "variant")] == ["1 variant", "1,200 variants"]
    assert [span(["1", "2", "3"]), span(["1", "1"], "B"), span([])] == ["1 to 3", "1 B", DASH]
    assert clipped("a  b\nc d", 5) == "a b…"


def test_a_verb_agrees_with_its_count_and_no_count_has_a_sign() -> None:
    assert [they_were(1, "process"), they_were(2, "process")] == [
        "1 process was",
        "2 processes were",
    ]
    assert [they_were(1, "worker"), they_were(1200, "worker")] == [
        "1 worker was",
        "1,200 workers were",
    ]
    assert more_or_fewer(3039, "Python blocks") == "3,039 more Python blocks"
    assert more_or_fewer(-12, "Python blocks") == "12 fewer Python blocks"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("grew by 2 MiB", "Grew by 2 MiB."),
        ("shop leaks!", "Shop leaks!"),
        ("py37-flask died", "py37-flask died."),
        ("uvloop leaks", "uvloop leaks."),
        ("MALLOC_ARENA_MAX=1 helps.", "MALLOC_ARENA_MAX=1 helps."),
        ("it ends…", "It ends…"),
        ("", ""),
        (DASH, DASH),
    ],
)
def test_a_sentence_has_its_capital_and_its_full_stop(text: str, told: str) -> None:
    assert sentence(text) == told


STRANGE = (
    "a\x1b[31mb\x1b[0mc\x1b]52;c;ZXZpbA==\x07d\x1b]8;;http://evil\x1b\\e\x1bPq\x1b\\f"
    "\x9b2J\u202eg\u2066h\u061c\u200bi\ufeff\U000e0041j\x00\x7f\r\v\u2028k\ud800"
)


def test_what_is_printable_holds_no_control_and_no_direction() -> None:
    assert printable(STRANGE) == "abcdef2Jghijk"
    assert printable("tab\tand\nline, é 中 👍") == "tab\tand\nline, é 中 👍"
