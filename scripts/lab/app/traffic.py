"""The mix of requests that people really send, out of an access log or a HAR file.

The file is hostile until it was checked. Of each request only method, path, status and, in a HAR
file, the body are taken: no header and no cookie, and no value of a query whose name looks secret.
"""

import io
import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from lab.app.spec import RequestSpec
from lab.units import MIB

MOST_TRAFFIC_BYTES = 64 * MIB
MOST_HAR_BYTES, MOST_HAR_PARTS = 16 * MIB, 1_000_000
"""The most bytes, and marks that open or separate values, of a HAR file: it is parsed as one."""
MOST_SENT = 100_000
"""Requests of a file that make the mix: the first of a longer log."""
MOST_LOG_LINES = 1_000_000
"""Lines of a log that are looked at."""
MOST_TRAFFIC_KINDS = 20
MOST_WEIGHT = 1000
MOST_TARGET, MOST_BODY = 2_000, MIB
LINE = re.compile(
    r'"(?P<method>[A-Z]{3,7}) (?P<target>\S{1,4000})(?: HTTP/[\d.]+)?" (?P<status>\d{3})\b'
)
"""A line of an access log: the formats common and combined, gunicorn's and uvicorn's."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
TARGET = re.compile(r"/[!-~]*")
VALUE = re.compile(r"\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}")
"""What a part of a path is where it names one thing of many."""
SECRET = re.compile(r"token|secret|passw|session|auth|sig|key|code|jwt|csrf|otp", re.IGNORECASE)
USUAL = (200, 201, 202, 203, 204, 206, 301, 302, 303, 304, 307, 308)
"""Statuses that count as served whatever a log saw: it asked with other headers."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request of a file."""

    method: str
    target: str
    status: int
    body: str | None = None
    content_type: str = ""


@dataclass(slots=True)
class Omissions:
    """How many requests were left out, by the reason."""

    reasons: Counter[str] = field(default_factory=Counter)

    def clause(self) -> str:
        listed = ", ".join(f"{count:,} {reason}" for reason, count in (+self.reasons).items())
        return f"; left out: {listed}" if listed else ""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The kinds of requests of a file, with their weights, and a sentence on what was read."""

    requests: tuple[RequestSpec, ...]
    summary: str


def read_traffic(content: bytes, most_sent: int = MOST_SENT) -> Traffic:
    """The mix of a file: HAR where it is JSON, else an access log.

    Args:
        content: the file's.
        most_sent: so many requests are taken, the first ones.

    Raises:
        ValueError: nothing in it is a request to the app; says what was found.
    """
    left_out = Omissions()
    is_har = content[:4096].removeprefix(BOM_UTF8).lstrip()[:1] == b"{"
    requests = (of_har if is_har else of_log)(content, left_out, most_sent)
    sent = list(askable_requests(requests, left_out))
    if not sent:
        raise ValueError(f"no request to the app is in it{left_out.clause()}")
    kinds = grouped_by_kind(sent)
    kept = kinds[:MOST_TRAFFIC_KINDS]
    left_out.reasons["of rarer kinds"] += sum(len(kind) for kind in kinds[MOST_TRAFFIC_KINDS:])
    left_out.reasons = +left_out.reasons
    what = "a HAR file" if is_har else "an access log"
    count = sum(len(kind) for kind in kept)
    summary = f"{what}: {count:,} requests of {len(kept)} kinds{left_out.clause()}"
    return Traffic(tuple(request_of(kind, count) for kind in kept), summary)


def of_log(content: bytes, left_out: Omissions, most_sent: int) -> Iterator[LoggedRequest]:
    lines, count, others = io.BytesIO(content), 0, 0
    left_out.reasons["lines that are not requests"] = 0  # it is told first
    for line in islice(lines, MOST_LOG_LINES):
        # A line without quotes, such as a traceback's, is not worth a closer look.
        match = LINE.search(line[:8_000].decode(errors="replace")) if b'"' in line else None
        if match is not None:
            yield LoggedRequest(match["method"], match["target"], int(match["status"]))
            count += 1
            if count == most_sent:
                break
        elif not line.isspace():
            others += 1
    left_out.reasons["lines that are not requests"] += others
    rest = content.count(b"\n", lines.tell())
    rest += lines.tell() < len(content) and not content.endswith(b"\n")
    left_out.reasons["lines behind the first requests"] += rest


def of_har(content: bytes, left_out: Omissions, most_sent: int) -> Iterator[LoggedRequest]:
    """The requests to the host that has most of them: a page asks many others."""
    parts = sum(content.count(mark) for mark in b"{[,")
    if len(content) > MOST_HAR_BYTES or parts > MOST_HAR_PARTS:
        most = f"{MOST_HAR_BYTES:,} bytes and {MOST_HAR_PARTS:,} values"
        raise ValueError(f"a HAR file has at most {most}: save a shorter one, or name a log")
    try:
        entries = json.loads(content.decode("utf-8-sig", errors="replace"))["log"]["entries"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("it begins as JSON but is not a HAR file (log.entries)") from None
    given = entries if isinstance(entries, list) else []
    requests = [each for entry in given if (each := of_entry(entry)) is not None]
    left_out.reasons["entries that are not requests"] += len(given) - len(requests)
    hosts = Counter(host for host, _ in requests)
    own = max(hosts, key=lambda host: hosts[host], default="")
    left_out.reasons["to other hosts"] += len(requests) - hosts[own]
    mine = [sent for host, sent in requests if host == own]
    left_out.reasons["behind the first requests"] += len(mine[most_sent:])
    yield from mine[:most_sent]


def of_entry(entry: Any) -> tuple[str, LoggedRequest] | None:
    """The host and the request of one entry; None where it is not of HTTP."""
    try:
        asked, status = entry["request"], entry["response"]["status"]
        parts = urlsplit(asked["url"])
        posted = asked.get("postData") or {}
        body, kind = posted.get("text"), posted.get("mimeType")
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if parts.scheme not in ("http", "https") or status == 101 or not isinstance(status, int):
        return None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kind = kind if isinstance(kind, str) and re.fullmatch(r"[ -~]{1,200}", kind) else ""
    body = body if isinstance(body, str) and len(body) <= MOST_BODY else None
    return parts.netloc, LoggedRequest(str(asked.get("method")), target, status, body, kind)


def askable_requests(sent: Iterable[LoggedRequest], left_out: Omissions) -> Iterator[LoggedRequest]:
    """The requests that the app itself can be asked, without secrets in their queries."""
    for each in sent:
        if each.method not in METHODS:
            left_out.reasons["of other methods"] += 1
        elif not TARGET.fullmatch(each.target) or len(each.target) > MOST_TARGET:
            left_out.reasons["with no path of the app's"] += 1
        else:
            yield each if "?" not in each.target else without_secrets(each)


def without_secrets(sent: LoggedRequest) -> LoggedRequest:
    path, _, query = sent.target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None)
    kept = [pair for pair in pairs if not SECRET.search(pair[0])]
    if len(kept) == len(pairs):
        return sent
    return replace(sent, target=f"{path}?{urlencode(kept)}" if kept else path)


def grouped_by_kind(sent: Iterable[LoggedRequest]) -> list[list[LoggedRequest]]:
    """The requests by their kinds, the most frequent kind first."""
    kinds: dict[tuple[str, str], list[LoggedRequest]] = {}
    for each in sent:
        kinds.setdefault((each.method, template(each.target)), []).append(each)
    return sorted(kinds.values(), key=len, reverse=True)


def template(target: str) -> str:
    """A target with marks for what names one thing of many, and for the values of its query."""
    path, _, query = target.partition("?")
    parts = ("*" if VALUE.fullmatch(part) else part for part in path.split("/"))
    pairs = parse_qsl(query, keep_blank_values=True) if query else ()
    names = sorted({name for name, _ in pairs})
    return "/".join(parts) + "?" + "&".join(names)


def request_of(kind: list[LoggedRequest], total: int) -> RequestSpec:
    """One kind by its most frequent target, expected as the log has seen it answered."""
    targets = Counter(each.target for each in kind)
    usual = max(targets, key=lambda target: targets[target])
    shown = next(each for each in kind if each.target == usual)
    seen = {each.status for each in kind if 200 <= each.status < 500}
    return RequestSpec(
        method=shown.method,
        path=usual,
        headers={"Content-Type": shown.content_type} if shown.body and shown.content_type else {},
        body=shown.body,
        expect=tuple(sorted({*USUAL, *seen})),
        weight=max(1, round(MOST_WEIGHT * len(kind) / total)),
    )


def mixed(traffic: Traffic, described: Sequence[RequestSpec]) -> tuple[RequestSpec, ...]:
    """The mix, in which what is described by hand takes the place, and the share, of its kind.

    What is described and was not sent stands beside the mix, with a weight of its own.
    """
    by_name = {name_of(each): each for each in described}
    sent_names = {name_of(each) for each in traffic.requests}
    replaced = (
        replace(by_name[name_of(each)], weight=each.weight) if name_of(each) in by_name else each
        for each in traffic.requests
    )
    return (*replaced, *(each for each in described if name_of(each) not in sent_names))


def name_of(request: RequestSpec) -> tuple[str, str]:
    """Method and path, with marks for numbers."""
    return request.method, template(request.path.replace("{n}", "1"))
