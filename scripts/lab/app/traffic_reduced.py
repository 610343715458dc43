"""A file of traffic as it may be handed on: what the mix is made of, and nothing of who sent it."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

from lab.app.spec import RequestSpec
from lab.app.traffic import MOST_WEIGHT, USUAL, read_traffic

MOST_REDUCED_ENTRIES = 100
"""The most entries of a reduced HAR file: each one repeats its body."""


def traffic_name(description: bytes) -> str | None:
    """The file of traffic that a lab.toml names."""
    try:
        name = tomllib.loads(description.decode()).get("traffic")
    except (ValueError, RecursionError):
        return None
    return name.removeprefix("./") if isinstance(name, str) else None


def reduced(content: bytes) -> bytes:
    """The mix as a file of the same kind, without addresses, times, headers and cookies.

    Raises:
        ValueError: it holds no request.
    """
    traffic = read_traffic(content)
    if content.decode("utf-8-sig", errors="replace").lstrip()[:1] != "{":
        return "".join(line for each in traffic.requests for line in lines_of(each)).encode()
    entries = [entry for each in traffic.requests for entry in entries_of(each)]
    return (json.dumps({"log": {"entries": entries}}, indent=1) + "\n").encode()


def lines_of(request: RequestSpec) -> Iterator[str]:
    for status in statuses(request, request.weight):
        yield f'- - - [-] "{request.method} {request.path} HTTP/1.1" {status} -\n'


def entries_of(request: RequestSpec) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {"method": request.method, "url": f"http://app{request.path}"}
    if request.body is not None:
        kind = request.headers.get("Content-Type", "")
        asked["postData"] = {"mimeType": kind, "text": request.body}
    for status in statuses(request, max(1, request.weight * MOST_REDUCED_ENTRIES // MOST_WEIGHT)):
        yield {"request": asked, "response": {"status": status}}


def statuses(request: RequestSpec, count: int) -> list[int]:
    """The statuses of so many requests, in which each that was seen is one."""
    seen = [status for status in request.expect if status not in USUAL]
    return [*seen, *[200] * max(count - len(seen), 0)]
