"""The requests of a user app, from its description to what the load client sends."""

import mimetypes
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from lab.app.spec import AppSpec, LoginSpec, RequestProtocol, RequestSpec, Upload
from lab.errors import LabError, UsageError
from lab.files import read_bytes
from lab.load.login import FORM, LET_IN, Login
from lab.load.request import SUCCESS, Request
from lab.load.request_mix import UserApp, WeightedRequest
from lab.load.websocket import SWITCHING, Conversation
from lab.units import MIB

MANY = 1 << 31
"""More messages than are ever waited for: until the client hangs up."""
USER_APP_BOUNDARY = "worker-memory-lab-own-app"
MOST_BODY_FILE_BYTES = 64 * MIB
JSON = "application/json"
PLAIN_IN_A_PATH = "/%?=&+,;:@!$'()*~[]{}"


def user_app_of(description: AppSpec) -> UserApp:
    """The user app as the load client sees it.

    Raises:
        UsageError: a file that is sent cannot be read.
    """
    asks = tuple(weighted_request_of(request) for request in description.requests)
    return UserApp(
        asks,
        description.health,
        description.warmup,
        login_of(description.login) if description.login else None,
        cookies=description.cookies,
        think_seconds=description.think_seconds,
    )


def login_of(login: LoginSpec) -> Login:
    """The request before the load, and the keys that lead to its token."""
    request = login.request
    is_form = content_type(request) != JSON and not names_content_type(request)
    headers = {**request.headers, **({"Content-Type": FORM} if request.body and is_form else {})}
    sent = request_of(replace(request, headers=headers), LET_IN)
    token = tuple(login.token.split(".")) if login.token else ()
    form = Request(quote(login.form, safe=PLAIN_IN_A_PATH)) if login.form else None
    return Login(sent, token, form)


def weighted_request_of(request: RequestSpec) -> WeightedRequest:
    if request.kind is RequestProtocol.TCP:
        return WeightedRequest(None, request.weight, request.connection)
    return WeightedRequest(
        opening(request)
        if request.kind is RequestProtocol.WEBSOCKET
        else request_of(request, SUCCESS),
        request.weight,
        request.connection,
        request.read_seconds,
        request.abandon,
    )


def opening(request: RequestSpec) -> Request:
    """The request that opens a websocket, with what is said over it."""
    return replace(request_of(request, (SWITCHING,)), conversation=conversation_of(request))


def conversation_of(request: RequestSpec) -> Conversation:
    """What is said over a websocket, and to how many messages is listened."""
    many = MANY if request.read_seconds is not None else len(request.say)
    return Conversation(request.say, many if request.listen is None else request.listen)


def request_of(request: RequestSpec, usual: Container[int]) -> Request:
    """The request as it is sent.

    Args:
        usual: the statuses that count as served where it names none.
    """
    headers, body = headers_and_body(request)
    return Request(
        path=quote(request.path, safe=PLAIN_IN_A_PATH),
        method=request.method,
        headers=headers,
        body=body,
        ok_statuses=request.expect or usual,
    )


def headers_and_body(request: RequestSpec) -> tuple[tuple[tuple[str, str], ...], bytes]:
    given = tuple(request.headers.items())
    if request.multipart:
        kind = f"multipart/form-data; boundary={USER_APP_BOUNDARY}"
        return (*given, ("Content-Type", kind)), form(request.multipart)
    body = content(request.body_file) if request.body_file else (request.body or "").encode()
    if not body or names_content_type(request):
        return given, body
    return (*given, ("Content-Type", content_type(request))), body


def names_content_type(request: RequestSpec) -> bool:
    return any(name.lower() == "content-type" for name in request.headers)


def content_type(request: RequestSpec) -> str:
    """The body's type, by the file's name or by how the text begins."""
    if request.body_file is not None:
        return mimetypes.guess_type(request.body_file.name)[0] or "application/octet-stream"
    is_json = (request.body or "").lstrip()[:1] in ("{", "[")
    return JSON if is_json else "text/plain; charset=utf-8"


def form(fields: tuple[Upload, ...]) -> bytes:
    return b"".join(part for field in fields for part in part_of(field)) + (
        f"--{USER_APP_BOUNDARY}--\r\n".encode()
    )


def part_of(field: Upload) -> Iterator[bytes]:
    yield f'--{USER_APP_BOUNDARY}\r\nContent-Disposition: form-data; name="{field.name}"'.encode()
    if field.file is None:
        yield f"\r\n\r\n{field.text}".encode()
    else:
        kind = mimetypes.guess_type(field.file.name)[0] or "application/octet-stream"
        yield f'; filename="{field.file.name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
        yield content(field.file)
    yield b"\r\n"


def content(file: Path) -> bytes:
    """The bytes of a file that a request sends.

    Raises:
        UsageError: no regular file of a size that a request may have.
    """
    try:
        return read_bytes(file, MOST_BODY_FILE_BYTES)
    except LabError as error:
        raise UsageError(str(error)) from error
