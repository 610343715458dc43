"""The part of a script that makes one call: of a function, or into an app as its server does."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from lab.app.guess.frameworks import Interface
from lab.load.request import SUCCESS, Request
from lab.load.request_mix import WeightedRequest, interleaved
from lab.reproducer.served_object import NotReproduced, Served
from lab.reproducer.sites import SeenSite, Site

MOST_FILE_REQUESTS = 20
MOST_WRITTEN_BODY_BYTES = 2000
VALUE = 'value.replace("{n}", str(number))'
STARTS_UP = ("lifespan", "on_startup", "on_event")
STARLETTES = frozenset(("fastapi", "starlette"))
MODULES = {
    Interface.WSGI: ("wsgiref.util",),
    Interface.ASGI: ("asyncio",),
    Interface.AIOHTTP: ("asyncio", "types", "aiohttp.web", "aiohttp.test_utils"),
}
CALLED = {Interface.WSGI: "WSGI", Interface.ASGI: "ASGI", Interface.AIOHTTP: "aiohttp"}
"""The interfaces as they are written."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The part of a script that defines `call(number)`."""

    text: str
    said: str
    """What is called, such as `WSGI calls of app.py`."""
    needs: Collection[str] | None = None
    """The distributions that it needs; None: all of the app's environment."""
    modules: tuple[str, ...] = ()
    """What it imports beside the app's own imports."""
    imports_app: bool = False
    """Whether the app's folder must stand beside the script."""
    is_whole: bool = False
    """Whether it is the app that is called, as its server calls it."""
    per_request: float = 1.0
    """How often the served app makes the call for a request."""


@dataclass(frozen=True, slots=True)
class ScriptCalls:
    """What the requests of an app have, for the lines that a script needs."""

    name: str
    """The object that is called."""
    requests: tuple[Request, ...]
    """In the order in which they are asked, in their shares."""
    starts_up: bool

    @property
    def has_headers(self) -> bool:
        return any(request.headers for request in self.requests)

    @property
    def has_body(self) -> bool:
        return any(request.body for request in self.requests)

    @property
    def has_query(self) -> bool:
        return any("?" in request.path for request in self.requests)

    @property
    def query(self) -> str:
        """What a script calls the query of a request."""
        return "query" if self.has_query else '""'

    def first_lines(self) -> list[str]:
        """What names the parts of the request of a number."""
        single = len(self.requests) == 1
        chosen = self.fields(self.requests[0]) if single else "REQUESTS[number % len(REQUESTS)]"
        lines = [f"{', '.join(self.names())} = {chosen}"]
        if any("{n}" in request.path for request in self.requests):
            lines.append('path = path.replace("{n}", str(number))')
        if self.has_query:
            lines.append('path, _, query = path.partition("?")')
        if any(b"{n}" in request.body for request in self.requests):
            lines.append('body = body.replace(b"{n}", str(number).encode())')
        return lines

    def names(self) -> list[str]:
        headers, body = ["headers"] * self.has_headers, ["body"] * self.has_body
        return ["method", "path", *headers, *body, "served"]

    def fields(self, request: Request) -> str:
        """What the names stand for, as Python; `served` are the statuses that count."""
        expected = request.ok_statuses
        served = "range(200, 300)" if expected is SUCCESS else repr(expected)
        parts: list[object] = [request.method, unquote(request.path)]
        parts += [list(request.headers)] * self.has_headers + [request.body] * self.has_body
        return f"{', '.join(map(repr, parts))}, {served}"

    def table(self) -> list[str]:
        """The requests, where there is more than one."""
        if len(self.requests) == 1:
            return []
        inside = (f"    ({self.fields(request)})," for request in self.requests)
        return [f"REQUESTS = [  # {', '.join(self.names())}", *inside, "]"]


def of_function(
    site: Site, seen: SeenSite, code: str, needs: Collection[str] | None = None
) -> Calls:
    """The calls of a function with literals: one, or all of a request where they are awaited.

    Args:
        seen: what it was called with, and how often.
        code: what imports or defines the function.
        needs: the distributions that it needs; None: all of the app's environment.
    """
    said, called = f"calls of {site.function}", f"{site.function}({seen.arguments or ''})"
    if not site.is_async:
        tried = ("    try:", f"        {called}", "    except Exception:", "        pass")
        lines = tried if site.is_tried else (f"    {called}",)
        text = "\n".join((code, "", "def call(number):", *lines))
        return Calls(text, said, needs, per_request=seen.per_request)
    # Each run of a loop leaves traces of its own, so that a request's calls are one run.
    count = max(1, round(seen.per_request))
    every = f"*({called} for _ in range({count}))" if count > 1 else called
    errors = ", return_exceptions=True" if site.is_tried else ""
    running = (
        "async def one_request(number):",
        f"    await asyncio.gather({every}{errors})",
        *("", "LOOP = asyncio.new_event_loop()", "asyncio.set_event_loop(LOOP)"),
        "call = lambda number: LOOP.run_until_complete(one_request(number))",
    )
    text = "\n".join((code, "", *running))
    return Calls(text, said, needs, ("asyncio",), per_request=seen.per_request / count)


def of_app(served: Served, code: str, kinds: Sequence[WeightedRequest], imports_app: bool) -> Calls:
    """Calls into an app as its server makes them.

    Args:
        code: what defines or imports the app.

    Raises:
        NotReproduced: a request cannot be made without a server.
    """
    asked = ScriptCalls(
        served.name if served.name.isidentifier() else "app",
        plain_requests(kinds),
        starts_up(served),
    )
    makers = {Interface.WSGI: wsgi, Interface.ASGI: asgi, Interface.AIOHTTP: aiohttp}
    lines = makers[served.interface](asked)
    text = "\n".join((code, "", *asked.table(), *lines))
    modules = MODULES[served.interface]
    if asked.has_body and served.interface is Interface.WSGI:
        modules = (*modules, "io")
    said = f"{CALLED[served.interface]} calls of {served.file}"
    return Calls(text, said, None, modules, imports_app, is_whole=True)


def starts_up(served: Served) -> bool:
    """Whether the app does something before its first request; of Starlette's kind alone."""
    frameworks = {each.framework for each in served.module.apps}
    return bool(frameworks & STARLETTES) and any(word in served.module.text for word in STARTS_UP)


def wsgi(asked: ScriptCalls) -> list[str]:
    body = 'environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})'
    headers = (
        "for name, value in headers:",
        '    name = name.upper().replace("-", "_")',
        f'    environ[name if name == "CONTENT_TYPE" else "HTTP_" + name] = {VALUE}',
    )
    parts = '"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": '
    environ = f"{{{parts}{asked.query}}}"
    inside = (
        *asked.first_lines(),
        f"answered, environ = [], {environ}",
        *((body,) if asked.has_body else ()),
        *(headers if asked.has_headers else ()),
        "wsgiref.util.setup_testing_defaults(environ)",
        f"parts = {asked.name}(environ, lambda status, *_: answered.append(int(status[:3])))",
        'b"".join(parts), getattr(parts, "close", int)()',
        "assert answered[-1] in served, answered",
    )
    return ["def call(number):", *indented(inside)]


def asgi(asked: ScriptCalls) -> list[str]:
    headers = (
        f'scope["headers"] += [(n.lower().encode(), {VALUE}.encode()) for n, value in headers]',
    )
    body = "body" if asked.has_body else 'b""'
    query = "query.encode()" if asked.has_query else 'b""'
    length = 'scope["headers"].append((b"content-length", str(len(body)).encode()))'
    inside = (
        *asked.first_lines(),
        f'sent, asked = [], [{{"type": "http.request", "body": {body}}}]',
        "async def receive():",
        "    return asked.pop() if asked else await asyncio.Event().wait()",
        "async def send(message):",
        '    sent.append(message.get("status"))',
        f'scope = {{"type": "http", "method": method, "path": path, "query_string": {query}}}',
        'scope.update(asgi={"version": "3.0"}, http_version="1.1", scheme="http", root_path="")',
        'scope.update(headers=[(b"host", b"localhost")], client=("127.0.0.1", 1), state={})',
        *(headers if asked.has_headers else ()),
        *((length,) if asked.has_body else ()),
        f"await {asked.name}(scope, receive, send)",
        "assert sent[0] in served, sent",
    )
    started = (
        f"STARTED = {asked.name}.router.lifespan_context({asked.name})",
        "LOOP.run_until_complete(STARTED.__aenter__())",
    )
    return [
        *("async def one_request(number):", *indented(inside)),
        *("", "LOOP = asyncio.new_event_loop()"),
        *(started if asked.starts_up else ()),
        "call = lambda number: LOOP.run_until_complete(one_request(number))",
    ]


def aiohttp(asked: ScriptCalls) -> list[str]:
    name = asked.name
    headers = f", headers={{n: {VALUE} for n, value in headers}}" if asked.has_headers else ""
    answer = f"answer = await {name}._handle(asked)"
    raised = ("except aiohttp.web.HTTPException as error:", "    answer = error")
    is_plain = all(request.ok_statuses is SUCCESS for request in asked.requests)
    answered = (answer,) if is_plain else ("try:", f"    {answer}", *raised)
    target = 'path + "?" + query' if asked.has_query else "path"
    inside = (
        *asked.first_lines(),
        f"asked = ASKED.clone(method=method, rel_url={target}{headers})",
        *(("asked._read_bytes = body",) if asked.has_body else ()),
        *answered,
        "assert answer.status in served, answer",
    )
    quiet = "protocol=QUIET, transport=QUIET"
    made = f'aiohttp.test_utils.make_mocked_request("GET", "/", app={name}, {quiet})'
    return [
        *("async def one_request(number):", *indented(inside)),
        *("", "LOOP = asyncio.new_event_loop()", "asyncio.set_event_loop(LOOP)"),
        f"LOOP.run_until_complete(aiohttp.web.AppRunner({name}).setup())",
        "QUIET = types.SimpleNamespace(get_extra_info=lambda *_: None)  # mocks remember calls",
        "vars(QUIET).update(transport=QUIET, ssl_context=None, peername=None, sockname=None)",
        f"ASKED = {made}",
        "call = lambda number: LOOP.run_until_complete(one_request(number))",
    ]


def indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def plain_requests(kinds: Sequence[WeightedRequest]) -> tuple[Request, ...]:
    """The requests in the order in which they are asked, in their shares.

    Raises:
        NotReproduced: they are too many or too large, or no plain requests.
    """
    if any(kind.request is None or kind.abandoned or kind.read_seconds for kind in kinds):
        raise NotReproduced("some of its requests are hung up on, which needs a server")
    order = interleaved([kind.weight for kind in kinds])
    requests = tuple(kinds[index].request for index in order)
    if len(requests) > MOST_FILE_REQUESTS:
        raise NotReproduced(f"its {len(requests)} requests are too many for one file")
    plain = tuple(request for request in requests if request is not None)
    if any(len(request.body) > MOST_WRITTEN_BODY_BYTES for request in plain):
        raise NotReproduced("the body of one of its requests is too large for one file")
    return plain
