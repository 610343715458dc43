"""Drawn input from outside ends in a record, a gap or one line: never in a traceback.

2,000 cases, the same ones each time; SLOW=1 draws 200,000.
"""

import json
import os
import resource
import tempfile
import time
import tomllib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from builders import raw
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lab.app.request_keys import REQUEST_KEYS
from lab.app.spec_file import describe, parse
from lab.app.spec_keys import APP_KEYS
from lab.errors import LabError
from lab.load.cookies import CookieJar
from lab.load.login import Login, token_in
from lab.load.page import Page
from lab.load.request import Request
from lab.load.response_reader import ProtocolError, ResponseReader, ResponseTooLarge
from lab.probes.answers import record_of
from lab.probes.client import reading_of
from lab.probes.traces import merged_trace
from lab.records.codec import encode
from lab.records.observations import Calibration, WorkerReading
from lab.records.trial import TAGS, End, EndKind, Environment, Trial
from lab.store.trial_reader import read_trial
from lab.summary.run import curve_of
from lab.summary.variant import variant_summary

TARGETS = 6
CASES = (200_000 if os.environ.get("SLOW") == "1" else 2_000) // TARGETS
MOST_SECONDS, MOST_BYTES = 5.0, 256 << 20
STATM = Path("/proc/self/statm")
seeded = settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

numbers = st.integers() | st.floats() | st.sampled_from((2**63, 10**400, -1, 0, 1e308, 5e-324))
texts = st.text(max_size=20) | st.sampled_from(("\0", "\ud800", "\u2028", "[/]", "a" * 70_000))
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def check_one_line(error: LabError) -> None:
    assert "\n" not in str(error)


@contextmanager
def bounded(most_seconds: float = MOST_SECONDS) -> Iterator[None]:
    """Within the time of one case, and without a memory of its own: more is a MemoryError."""
    began, limits = time.process_time(), resource.getrlimit(resource.RLIMIT_AS)
    if STATM.exists():
        mapped_bytes = int(STATM.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped_bytes + MOST_BYTES, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
    assert time.process_time() - began < most_seconds


def items(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a JSON value with each of its keys."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, inner in pairs:
        yield node, key
        if isinstance(inner, dict | list):
            yield from items(inner)


def changed(draw: st.DrawFn, document: Any) -> Any:
    """The document with up to three of its values replaced, or gone."""
    copy = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 3))):
        every = list(items(copy))
        if not every:
            return copy
        container, key = every[draw(st.integers(0, len(every) - 1))]
        if isinstance(container, dict) and draw(st.integers(0, 4)) == 0:
            container.pop(key, None)
        else:
            container[key] = draw(values)
    return copy


def lines_of(trial: Trial) -> list[dict[str, Any]]:
    observed = (*trial.samples, *trial.blocks, *trial.troughs)
    records = (trial.start, *observed, End(EndKind.COMPLETE, 1e9))
    return [{"record": TAGS[type(record)], **encode(record)} for record in records]


LINES = lines_of(raw.trial())


@st.composite
def raw_files(draw: st.DrawFn) -> bytes:
    lines = list(LINES)
    for _ in range(draw(st.integers(0, 2))):
        index = draw(st.integers(0, len(lines) - 1))
        lines[index] = changed(draw, lines[index])
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return cut(draw, text)


def cut(draw: st.DrawFn, text: bytes) -> bytes:
    """The bytes as they are, cut off, or with others in their midst."""
    how, at = draw(st.integers(0, 3)), draw(st.integers(0, len(text)))
    if how == 0:
        return text[:at]
    return text[:at] + draw(st.binary(max_size=8)) + text[at:] if how == 1 else text


@seeded
@given(raw_files())
@example(b"[" * 100_000)
def test_a_raw_file_is_read_or_refused_in_one_line(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, bounded():
        path = Path(folder) / "1.jsonl"
        path.write_bytes(content)
        try:
            trial = read_trial(path)
        except LabError as error:
            check_one_line(error)
            return
        if trial is not None:
            judged(trial)


def judged(trial: Trial) -> None:
    """What is read can be judged: a number that no machine has makes no verdict and no fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert variant_summary([trial]).trials
        curve_of(trial)


KEYS = (*(key.name for key in APP_KEYS), "requests", "login", "unknown")
REQUEST_NAMES = (*(key.name for key in REQUEST_KEYS), "unknown")
EXAMPLES = {
    key.name: tomllib.loads(f"x = {key.example}")["x"] for key in (*APP_KEYS, *REQUEST_KEYS)
}


def tables(names: Sequence[str], more: Any) -> Any:
    inside = st.one_of(
        [st.tuples(st.just(name), st.just(EXAMPLES.get(name)) | more) for name in names]
    )
    return st.lists(inside, max_size=5).map(lambda pairs: {k: v for k, v in pairs if v is not None})


apps = st.tuples(
    tables(KEYS, values), st.lists(tables(REQUEST_NAMES, values), max_size=2) | values
).map(lambda pair: {"command": "serve", **pair[0], "requests": pair[1]})


def refused_in_one_line(call: Callable[[], object]) -> None:
    with bounded():
        try:
            call()
        except LabError as error:
            check_one_line(error)


@seeded
@given(apps, st.text(max_size=60))
@example({}, "a = " + "[" * 100_000)
@example({}, "a" + ".a" * 50_000 + " = 1")
@example({}, ("a" + ".a" * 99 + " = 1\n") * 2)
def test_a_description_is_taken_or_refused_in_one_line(app: dict[str, Any], text: str) -> None:
    file = Path("/nowhere/lab.toml")
    refused_in_one_line(lambda: describe(app, file))
    refused_in_one_line(lambda: describe(parse(text, file), file))


HEADS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.0 500 Oops\r\nConnection: close\r\n\r\nbody",
)


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, ...]:
    text = cut(draw, cut(draw, draw(st.sampled_from(HEADS) | st.binary(max_size=60))))
    parts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return tuple(text[a:b] for a, b in zip([0, *parts], [*parts, len(text)], strict=True))


@seeded
@given(responses(), st.booleans())
@example((b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,), False)
def test_an_answer_of_an_app_is_read_or_refused(parts: tuple[bytes, ...], no_body: bool) -> None:
    reader = ResponseReader()
    reader.expects_no_body = no_body
    with bounded():
        try:
            for part in parts:
                if reader.feed(part):
                    return
            reader.end()
        except (ProtocolError, ResponseTooLarge):
            return


DATES = (b"Thu, 01 Jan 1970 00:00:00 GMT", b"Fri, 31-Dec-99 23:59:59 +2500", b"0 0 0 0 0 0 0")


@st.composite
def cookie_fields(draw: st.DrawFn) -> bytes:
    date = cut(draw, draw(st.sampled_from(DATES) | st.binary(max_size=40)))
    age = draw(st.sampled_from((b"", b"; Max-Age=-0", b"; max-age=" + b"9" * 5_000)))
    return draw(st.sampled_from((b"a=1", b"a", b"=1"))) + b"; expires=" + date + age


@seeded
@given(st.lists(cookie_fields(), max_size=3))
def test_a_cookie_of_an_app_is_kept_or_dropped(fields: list[bytes]) -> None:
    jar = CookieJar()
    with bounded():
        for each in fields:
            jar.learn(b"HTTP/1.1 200 OK\r\nSet-Cookie: " + each)
    assert jar.field() in (b"", b"Cookie: a=1\r\n")


LOGIN = Login(Request("/"), ("a", "b"))


@seeded
@given(values)
def test_an_answer_to_a_login_gives_a_token_or_is_refused_in_one_line(value: Any) -> None:
    body = json.dumps({"a": {"b": value}}, default=str).encode()
    refused_in_one_line(lambda: token_in(body, LOGIN, Page(), CookieJar()))


TREE = {**encode(raw.probe(raw.worker())), "worker": encode(raw.worker())}


@st.composite
def probe_answers(draw: st.DrawFn) -> Any:
    known = draw(st.sampled_from((TREE, encode(raw.worker()), encode(raw.calibration()))))
    return changed(draw, known) if draw(st.booleans()) else draw(values)


@seeded
@given(probe_answers(), probe_answers())
def test_an_answer_of_a_probe_is_a_record_or_a_gap(one: Any, other: Any) -> None:
    with bounded():
        reading_of(one, (other, one))
        merged_trace([one, other], 10)
        for kind in (Calibration, Environment, WorkerReading):
            record_of(kind, one)


@pytest.mark.skipif(not STATM.exists(), reason="MEMORY OF ONE CASE IS LIMITED ON LINUX ONLY")
def test_a_case_that_takes_more_memory_would_fail() -> None:
    bytes(MOST_BYTES + (64 << 20))  # what is free again afterwards hides nothing
    with pytest.raises(MemoryError), bounded():
        bytes(MOST_BYTES + (64 << 20))  # another thread may give some back meanwhile
    with bounded():
        bytes(MOST_BYTES // 2)


def test_a_case_that_takes_more_time_would_fail() -> None:
    with pytest.raises(AssertionError), bounded(most_seconds=0.0):
        sum(range(100_000))
