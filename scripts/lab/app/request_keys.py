"""Every key of the tables `[[requests]]` and `[login]` of lab.toml, declared once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.app.key import Key
from lab.app.spec import RequestProtocol, RequestSpec
from lab.app.toml_kinds import (
    FileName,
    Number,
    OneMember,
    PatternText,
    Statuses,
    TextMap,
    Texts,
    Uploads,
    Whole,
)
from lab.records.variant import Connection

REQUESTS = "requests"
"""The table that stands once for each kind of request: `[[requests]]`."""
TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
"""What HTTP allows as a method or as the name of a header."""
LINE = r"[\x20-\x7e\t]*"
OWN_HEADERS = ("connection", "content-length", "transfer-encoding")
NO_REQUEST = RequestSpec()
"""A request whose fields are the defaults."""

KIND = Key(
    "kind",
    OneMember(RequestProtocol),
    NO_REQUEST.kind,
    '"http"',
    "`tcp`: connect and close without a word; `websocket`: open, say, listen, close",
)
METHOD = Key(
    "method", PatternText("a method such as POST", TOKEN), NO_REQUEST.method, '"POST"', "any method"
)
PATH = Key(
    "path",
    PatternText("a path that begins with /", r"/[^\s\0]*"),
    NO_REQUEST.path,
    '"/orders/{n}"',
    "path and query; `{n}` counts up from 1",
)
HEADERS = Key(
    "headers",
    TextMap(
        f"names with texts, other than {', '.join(OWN_HEADERS)}, which the lab sets",
        rf"(?!(?i:{'|'.join(OWN_HEADERS)})\Z){TOKEN}",
        LINE,
    ),
    NO_REQUEST.headers,
    '{ X-User = "u{n}" }',
    "headers; `{n}` counts up",
    "none",
)
BODY: Key[str | None] = Key(
    "body", PatternText(), NO_REQUEST.body, "'{\"id\": {n}}'", "a body; `{n}` counts up", "none"
)
BODY_FILE: Key[Path | None] = Key(
    "body_file",
    FileName(),
    NO_REQUEST.body_file,
    '"order.json"',
    "a file of the folder as the body, as it is",
    "none",
)
MULTIPART = Key(
    "multipart",
    Uploads(),
    NO_REQUEST.multipart,
    '{ note = "hello", file = "@photo.jpg" }',
    "fields of a form; `@` and a file of the folder uploads it",
    "none",
)
EXPECT = Key(
    "expect",
    Statuses(),
    NO_REQUEST.expect,
    "[200, 404]",
    "a status, or a list of them, that counts as served",
    "any 2xx",
)
WEIGHT = Key("weight", Whole(1, 1000), NO_REQUEST.weight, "1", "its share among the requests")
CONNECTION = Key(
    "connection",
    OneMember(Connection),
    NO_REQUEST.connection,
    '"keep-alive"',
    "`close`: a connection a request",
    setting="CONNECTION",
)
READ_SECONDS: Key[float | None] = Key(
    "read_seconds",
    Number(0.01, 60),
    NO_REQUEST.read_seconds,
    "1",
    "an answer without end is read so long, then the client hangs up; it counts as served",
    "to the answer's end",
)
ABANDON = Key(
    "abandon",
    Number(0, 1),
    NO_REQUEST.abandon,
    "0.1",
    "the share of requests whose client goes away after 10 ms, which counts as served",
    "`0`",
)
SAY = Key(
    "say",
    Texts("a list of texts", r"[\s\S]*"),
    NO_REQUEST.say,
    '["hello {n}"]',
    "the texts that a client says over a `websocket`; `{n}` counts up",
    "nothing",
)
LISTEN: Key[int | None] = Key(
    "listen",
    Whole(0, 100_000),
    NO_REQUEST.listen,
    "1",
    "the messages of a `websocket` that a client waits for before it closes",
    "one for each text, or as many as come in `read_seconds`",
)

LOGIN = "login"
"""The table of the request before the load: `[login]`."""
LOGIN_METHOD = replace(METHOD, default="POST", example='"POST"')
LOGIN_PATH = replace(PATH, default="/login", example='"/token"', meaning="path and query")
LOGIN_HEADERS = replace(
    HEADERS, example='{ X-Client = "lab" }', meaning="headers of this one request"
)
LOGIN_BODY: Key[str | None] = Key(
    "body",
    PatternText(),
    None,
    '"username=ann&password=secret"',
    "a body: JSON where it begins with `{` or `[`, else the fields of a form",
    "none",
)
LOGIN_EXPECT = replace(
    EXPECT, example="[200, 302]", meaning="statuses that let in", default_words="any 2xx or 3xx"
)
LOGIN_TOKEN: Key[str | None] = Key(
    "token",
    PatternText("names of keys, such as access_token or data.token", r"[^\s.]+(\.[^\s.]+){0,9}"),
    None,
    '"access_token"',
    "what `{token}` stands for in paths, headers and bodies of `[[requests]]`: where the answer's"
    " JSON holds it, else the name of a field of its form, of the form before it, or of a cookie",
    "none: a cookie lets in",
)
LOGIN_FORM: Key[str | None] = Key(
    "form",
    PATH.kind,
    None,
    '"/login"',
    "the page that is asked before it: the hidden fields of its form, such as a CSRF token, and its"
    " cookies go along",
    "none",
)
LOGIN_KEYS: tuple[Key[Any], ...] = (
    LOGIN_METHOD,
    LOGIN_PATH,
    LOGIN_HEADERS,
    LOGIN_BODY,
    LOGIN_EXPECT,
    LOGIN_TOKEN,
    LOGIN_FORM,
)
REQUEST_KEYS: tuple[Key[Any], ...] = (
    KIND,
    METHOD,
    PATH,
    HEADERS,
    BODY,
    BODY_FILE,
    MULTIPART,
    EXPECT,
    WEIGHT,
    CONNECTION,
    READ_SECONDS,
    ABANDON,
    SAY,
    LISTEN,
)
ONLY_HTTP: tuple[Key[Any], ...] = (METHOD, BODY, BODY_FILE, MULTIPART, CONNECTION)
"""Keys of plain requests alone."""
ONLY_WEBSOCKET: tuple[Key[Any], ...] = (SAY, LISTEN)
