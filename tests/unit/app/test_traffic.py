"""The mix of an access log or a HAR file, which nobody has checked before."""

import json
import random
import tracemalloc
from typing import Any

import pytest
from lab.app.traffic import (
    MOST_HAR_PARTS,
    MOST_SENT,
    MOST_TRAFFIC_BYTES,
    MOST_TRAFFIC_KINDS,
    Traffic,
    read_traffic,
)
from lab.app.traffic_reduced import reduced, traffic_name
from support.time_limit import time_limit

NGINX = '10.0.0.1 - ann [26/Nov/2026:20:00:00 +0000] "{}" {} 512 "-" "curl/8"'
GUNICORN = '127.0.0.1 - - [26/Nov/2026:20:00:00 +0000] "{}" {} 2 "-" "-"'
UVICORN = 'INFO:     127.0.0.1:51234 - "{}" {} OK'


def of_lines(*lines: str) -> Traffic:
    return read_traffic("\n".join(lines).encode())


def shares(traffic: Traffic) -> list[tuple[str, str, int]]:
    return [(each.method, each.path, each.weight) for each in traffic.requests]


@pytest.mark.parametrize("line", [NGINX, GUNICORN, UVICORN])
def test_a_log_gives_kinds_weighted_by_how_often_they_were_sent(line: str) -> None:
    asked = ["GET /orders/7 HTTP/1.1", "GET /orders/8 HTTP/1.1", "GET /orders/8 HTTP/1.1"]
    requirements = of_lines(*(line.format(each, 200) for each in (*asked, "POST /orders HTTP/1.1")))
    assert shares(requirements) == [("GET", "/orders/8", 750), ("POST", "/orders", 250)]
    assert requirements.summary == "an access log: 4 requests of 2 kinds"


def test_what_a_log_has_seen_is_expected_but_for_failures() -> None:
    statuses = (404, 200, 502)
    (request,) = of_lines(*(NGINX.format("GET /a HTTP/1.1", each) for each in statuses)).requests
    assert {200, 302, 404} <= {*request.expect}
    assert 502 not in request.expect


def test_what_is_not_taken_is_counted_and_said() -> None:
    requirements = of_lines(
        NGINX.format("GET /a HTTP/1.1", 200),
        "Traceback (most recent call last):",
        NGINX.format("GET http://other.example/x HTTP/1.1", 200),
        NGINX.format("CONNECT mail:25 HTTP/1.1", 405),
        NGINX.format("GET /é HTTP/1.1", 200),
        "",
    )
    assert shares(requirements) == [("GET", "/a", 1000)]
    assert requirements.summary.endswith(
        "1 lines that are not requests, 2 with no path of the app's, 1 of other methods"
    )


def test_only_the_most_frequent_kinds_are_asked() -> None:
    rare = (
        NGINX.format(f"GET /page-{chr(97 + i)} HTTP/1.1", 200)
        for i in range(MOST_TRAFFIC_KINDS + 5)
    )
    requirements = of_lines(*rare, *[NGINX.format("GET /often HTTP/1.1", 200)] * 9)
    assert len(requirements.requests) == MOST_TRAFFIC_KINDS
    assert requirements.requests[0].path == "/often"
    assert requirements.summary.endswith("left out: 6 of rarer kinds")


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/a?token=abc&page=2", "/a?page=2"),
        ("/a?api_key=x", "/a"),
        ("/a?page=2&x=%2F", "/a?page=2&x=%2F"),
        ("/a?session_id=1&Signature=2", "/a"),
    ],
)
def test_no_secret_of_a_query_is_taken(target: str, kept: str) -> None:
    (request,) = of_lines(NGINX.format(f"GET {target} HTTP/1.1", 200)).requests
    assert request.path == kept


def entry(url: str, method: str = "GET", status: int = 200, **request: Any) -> dict[str, Any]:
    headers = [{"name": "Cookie", "value": "sid=secret"}]
    asked = {"url": url, "method": method, "headers": headers, **request}
    return {"request": asked, "response": {"status": status}}


def har(*entries: Any) -> Traffic:
    return read_traffic(json.dumps({"log": {"entries": list(entries)}}).encode())


def test_a_har_file_gives_bodies_and_no_headers() -> None:
    posted = {"mimeType": "application/json", "text": '{"id": 1}'}
    found = har(
        entry("https://shop.example/a"),
        entry("https://shop.example/orders", "POST", 201, postData=posted),
        entry("https://cdn.example/x.js"),
        entry("wss://shop.example/live", status=101),
        7,
    )
    read, written = found.requests
    assert (read.path, dict(read.headers), read.body) == ("/a", {}, None)
    assert (written.method, written.body) == ("POST", '{"id": 1}')
    assert dict(written.headers) == {"Content-Type": "application/json"}
    assert "2 entries that are not requests, 1 to other hosts" in found.summary


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff" * 100,
        b"{",
        b"{}",
        b'{"log": {"entries": 3}}',
        b'{"log": {"entries": [{"request": null}]}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"GET /a HTTP/1.1" 99999',
    ],
)
def test_a_file_without_requests_is_refused_with_what_was_found(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"no request|not a HAR file"):
        read_traffic(content)


def test_random_files_give_requests_that_can_be_sent_or_none() -> None:
    dice = random.Random(596)
    parts = ['"GET /', "?a=", "&", "{n}", " HTTP/1.1", '" 200', '" 404\n', "é", "\x00", "%", "//"]
    for _ in range(1_000):
        text = "".join(dice.choice(parts) for _ in range(dice.randrange(1, 40)))
        try:
            found = read_traffic(text.encode())
        except ValueError:
            continue
        assert all(each.path.isascii() and " " not in each.path for each in found.requests)
        assert all(1 <= each.weight <= 1000 for each in found.requests)


def test_what_is_handed_on_is_the_mix_and_nothing_of_who_sent_it() -> None:
    lines = [NGINX.format("GET /a HTTP/1.1", 404), *[NGINX.format("GET /a HTTP/1.1", 200)] * 2]
    content = "\n".join([*lines, NGINX.format("POST /b?token=x HTTP/1.1", 200)]).encode()
    log = reduced(content)
    assert read_traffic(log).requests == read_traffic(content).requests
    assert b"10.0.0.1" not in log
    assert b"token" not in log


def test_a_har_file_that_is_handed_on_has_bodies_and_no_cookies() -> None:
    posted = {"mimeType": "application/json", "text": '{"id": 1}'}
    entries = [entry("https://shop.example/b", "POST", 201, postData=posted)] * 2
    content = json.dumps({"log": {"entries": entries}}).encode()
    assert read_traffic(reduced(content)).requests == read_traffic(content).requests
    assert b"secret" not in reduced(content)


def test_the_file_is_the_one_that_a_description_names() -> None:
    assert traffic_name(b'traffic = "./logs/access.log"') == "logs/access.log"
    assert traffic_name(b"traffic = 3") is None
    assert traffic_name(b"[") is None


ENTRY = b'{"request":{"method":"GET","url":"http://h/x"},"response":{"status":200}}'
LOG_LINE = b'1.1.1.1 - - [x] "GET /x HTTP/1.1" 200 1\n'


@pytest.mark.parametrize("entry", [b"{}", b"[]", b'""', ENTRY, b'{"request":{}}'])
def test_a_har_file_of_too_many_values_is_refused_before_it_is_parsed(entry: bytes) -> None:
    entries = b",".join([entry] * (MOST_HAR_PARTS + 1)) if len(entry) < 20 else entry * 240_000
    content = b'{"log":{"entries":[' + entries + b"]}}"
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="a HAR file has at most 16,777,216 bytes and 1,000"):
            read_traffic(content)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_the_first_requests_of_a_long_log_make_the_mix() -> None:
    traffic = read_traffic(LOG_LINE * MOST_SENT + b"no request\n" * 3 + LOG_LINE * 50_000)

    assert traffic.summary == (
        "an access log: 100,000 requests of 1 kinds; "
        "left out: 50,003 lines behind the first requests"
    )


def test_a_log_of_as_many_lines_as_a_file_holds_is_read_in_time() -> None:
    content = b"\nx\n" * (MOST_TRAFFIC_BYTES // 6)
    with time_limit(20), pytest.raises(ValueError, match="no request to the app is in it"):
        read_traffic(content)


@pytest.mark.parametrize(("end", "left"), [(b"\n", 3), (b"", 3), (b"\n\n", 4)])
def test_lines_behind_the_first_requests_are_counted(end: bytes, left: int) -> None:
    summary = read_traffic(b"\n".join([b'"GET /a" 200'] * 5) + end, most_sent=2).summary
    assert f"{left} lines behind the first requests" in summary
