"""Every key of lab.toml, once: what it is, what it is when it is left out, and an example."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from lab.errors import UsageError


@dataclass(frozen=True, slots=True)
class Key:
    """One key, as the table of docs/lab-toml.md and `make init` show it."""

    name: str
    example: str
    """The right-hand side of a line of lab.toml."""
    default: str
    meaning: str


APP_KEYS = (
    Key("python", '"3.12"', "3.12", "CPython that runs the app: 3.7 to 3.14"),
    Key(
        "requirements",
        '["aiohttp==3.10.10"]',
        "none",
        "packages, or a file of the folder with them; a list may hold `-r FILE`, `-c FILE`, `.`",
    ),
    Key(
        "command",
        '"python app.py"',
        "the image's own",
        "what serves; a shell's line that listens on `$PORT`",
    ),
    Key(
        "local_command",
        '"python app.py"',
        "`command`",
        "what serves without Docker, beside a `dockerfile` whose own command serves on Docker",
    ),
    Key(
        "prepare",
        '"python manage.py migrate"',
        "none",
        "a shell's line that runs once in a copy of the app before it serves: tables, seeds",
    ),
    Key(
        "port",
        "8080",
        "none",
        "the port that the app fixes in its code: its processes are led to `$PORT`",
    ),
    Key("ready_seconds", "60", "60", "how long the app may take until it answers: 1 to 3600"),
    Key(
        "image",
        '"shop:latest"',
        "none",
        "an image that is there already, in the place of python and requirements (Docker alone)",
    ),
    Key(
        "dockerfile",
        '"Dockerfile"',
        "`Dockerfile`, if it is there and python and requirements are not given",
        "the folder's own recipe, in their place (Docker alone)",
    ),
    Key("env_file", '".env"', "none", "a file of the folder with variables, `NAME=value` a line"),
    Key("environment", '{ LOG_LEVEL = "info" }', "none", "variables of the app's environment"),
    Key(
        "workers",
        "2",
        "1",
        "processes that serve: 1 to 64; gunicorn and uvicorn are told by `$WEB_CONCURRENCY`",
    ),
    Key("memory", '"1g"', "1g", "the container's limit: 64m to 64g"),
    Key(
        "system_packages",
        '["libpq5"]',
        "none",
        "Debian packages that the app needs (Docker alone)",
    ),
    Key("health", '"/"', "`/`", "path that is asked until there is any answer at all"),
    Key("probes", "true", "true", "`false`: nothing of the lab's inside the app's processes"),
    Key("warmup", "50", "50", "requests before the baseline: 0 to 1000000"),
    Key("count", "4000", "4000", "requests of the load, at least `blocks`: 8 to 10000000"),
    Key("concurrency", "8", "8", "requests in flight: 1 to 1000"),
    Key(
        "matters",
        "1024",
        "`MATTERS` (256)",
        "bytes a request that matter to you: a slower climb is no leak",
    ),
    Key("blocks", "8", "8", "equal shares of the load, each followed by quiet: 8 to 1000"),
)
REQUEST_KEYS = (
    Key("kind", '"http"', "http", "`tcp`: connect and close without a word"),
    Key("method", '"POST"', "GET", "any method"),
    Key("path", '"/orders/{n}"', "`/`", "path and query; `{n}` counts up from 1"),
    Key("headers", '{ X-User = "u{n}" }', "none", "headers; `{n}` counts up"),
    Key("body", "'{\"id\": {n}}'", "none", "a body; `{n}` counts up"),
    Key("body_file", '"order.json"', "none", "a file of the folder as the body, as it is"),
    Key(
        "multipart",
        '{ note = "hello", file = "@photo.jpg" }',
        "none",
        "fields of a form; `@` and a file of the folder uploads it",
    ),
    Key("expect", "[200, 404]", "any 2xx", "a status, or a list of them, that counts as served"),
    Key("weight", "1", "1", "its share among the requests: 1 to 1000"),
    Key("connection", '"keep-alive"', "close", "`close`: a connection a request"),
)
REQUESTS = "requests"
"""The table that stands once for each kind of request: `[[requests]]`."""


def names(keys: Iterable[Key]) -> tuple[str, ...]:
    return tuple(key.name for key in keys)


def check_known(file: str, where: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    """
    Args:
        file: for the message.
        where: the table that the keys stand in, such as `requests[2].`; empty at the top.

    Raises:
        UsageError: one is unknown; names the nearest that is known.
    """
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}"
            raise UsageError(f"{file}: the key {where}{name} is unknown: {hint}")


def key_table() -> str:
    """The table of all keys in docs/lab-toml.md, in Markdown."""
    rows = ["| key | default | example | what |", "|---|---|---|---|"]
    for prefix, keys in (("", APP_KEYS), ("[[requests]] ", REQUEST_KEYS)):
        for key in keys:
            example = f"`{key.name} = {key.example}`"
            rows.append(f"| `{prefix}{key.name}` | {key.default} | {example} | {key.meaning} |")
    return "\n".join(rows) + "\n"
