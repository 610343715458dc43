"""Every key of lab.toml, declared once: the reader, `make init` and docs/lab-toml.md go by it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.app.compose_keys import COMPOSE, SERVICE
from lab.app.compose_records import IMAGE_NAME
from lab.app.key import Key
from lab.app.package_kinds import IndexUrl, Requirements
from lab.app.request_keys import REQUEST_KEYS
from lab.app.spec import AppSpec
from lab.app.toml_kinds import (
    EnvFile,
    FileName,
    Flag,
    Number,
    OneWord,
    PatternText,
    Services,
    Size,
    TextMap,
    Texts,
    Whole,
)
from lab.app.traffic import Traffic
from lab.app.traffic_kind import TrafficFile
from lab.records.app_services import ServiceAsked
from lab.records.judgement import LEAST_BLOCKS, MOST_MATTERS_BYTES
from lab.records.run_limits import MOST_ASKED_BLOCKS, MOST_WORKERS
from lab.settings.declared import MOST_REQUESTS
from lab.units import GIB

OLDEST_APP_MINOR, NEWEST_APP_MINOR = 7, 14
"""Minor versions of CPython 3 that run apps."""
PYTHONS = tuple(f"3.{minor}" for minor in range(OLDEST_APP_MINOR, NEWEST_APP_MINOR + 1))
SHELL_LINE = PatternText("a shell's line", r"(?=.*\S)[^\0]+")
VARIABLES = r"(?!LAB_|PORT$)[A-Za-z_][A-Za-z0-9_]*"
NO_APP = AppSpec(Path(), "")
"""An app whose fields are the defaults."""

PYTHON = Key("python", OneWord(PYTHONS), NO_APP.python, '"3.12"', "CPython that runs the app")
REQUIREMENTS: Key[tuple[str, ...] | Path] = Key(
    "requirements",
    Requirements(),
    NO_APP.requirements,
    '["aiohttp==3.10.10"]',
    "packages, or a file of the folder with them; a list may hold `-r FILE`, `-c FILE`, `.`",
    "none",
)
INDEX_URL: Key[str | None] = Key(
    "index_url",
    IndexUrl(),
    NO_APP.index_url,
    '"https://${INDEX_USER}:${INDEX_TOKEN}@pypi.example.com/simple"',
    "the index of the packages; `${INDEX_...}` is a variable of yours, which is recorded nowhere",
    "pip's own",
)
INSTALL: Key[str | None] = Key(
    "install",
    SHELL_LINE,
    NO_APP.install,
    '"python -m spacy download en_core_web_sm"',
    "what completes the environment after the requirements, once, in a copy of the app",
    "none",
)
COMMAND: Key[str | None] = Key(
    "command",
    SHELL_LINE,
    NO_APP.command,
    '"python app.py"',
    "what serves: it listens on `$PORT`",
    "the image's own",
)
LOCAL_COMMAND: Key[str | None] = Key(
    "local_command",
    SHELL_LINE,
    NO_APP.local_command,
    '"python app.py"',
    "what serves without Docker, where the command of a `dockerfile` serves on Docker",
    "`command`",
)
PREPARE: Key[str | None] = Key(
    "prepare",
    SHELL_LINE,
    NO_APP.prepare,
    '"python manage.py migrate"',
    "what runs once in a copy of the app before it serves: tables, seeds",
    "none",
)
PORT: Key[int | None] = Key(
    "port",
    Whole(1, 65535),
    NO_APP.port,
    "8080",
    "the port that the app fixes in its code: its processes are led to `$PORT`",
    "none",
)
READY_SECONDS = Key(
    "ready_seconds",
    Whole(1, 3600),
    int(NO_APP.ready_seconds),
    "60",
    "how long the app may take until it answers",
)
SERVICES: Key[tuple[ServiceAsked, ...]] = Key(
    "services",
    Services(),
    NO_APP.services,
    '["postgres", "redis"]',
    "servers beside it with throw-away data, to which its environment is led",
    "none",
)
ALLOW_HOSTS = Key(
    "allow_hosts",
    Texts("names of hosts", r"[A-Za-z0-9._-]+"),
    NO_APP.allow_hosts,
    '["db.example.com"]',
    "hosts of databases that its environment may name although the lab's load goes there",
    "none",
)
IMAGE: Key[str | None] = Key(
    "image",
    PatternText("an image's name, such as shop:latest", IMAGE_NAME),
    NO_APP.image,
    '"shop:latest"',
    "an image that is there already, in the place of python and requirements (Docker alone)",
    "none",
)
DOCKERFILE: Key[Path | None] = Key(
    "dockerfile",
    FileName(),
    NO_APP.dockerfile,
    '"Dockerfile"',
    "the folder's own recipe, in their place (Docker alone)",
    "`Dockerfile`, if it is there and python and requirements are not given",
)
ENV_FILE: Key[Mapping[str, str]] = Key(
    "env_file",
    EnvFile(VARIABLES),
    NO_APP.environment,
    '".env"',
    "a file of the folder with variables, `NAME=value` a line",
    "none",
)
ENVIRONMENT = Key(
    "environment",
    TextMap("names with texts, other than PORT and LAB_*", VARIABLES, r"[^\0]*"),
    NO_APP.environment,
    '{ LOG_LEVEL = "info" }',
    "variables of the app's environment",
    "none",
)
WORKERS = Key(
    "workers",
    Whole(1, MOST_WORKERS),
    NO_APP.workers,
    "2",
    "processes that serve; gunicorn and uvicorn read it from `$WEB_CONCURRENCY`",
    setting="WORKERS",
)
MEMORY = Key(
    "memory",
    Size("64m", "64g"),
    NO_APP.memory_bytes,
    '"1g"',
    "the container's limit",
    f"`{NO_APP.memory_bytes // GIB}g`",
)
SYSTEM_PACKAGES = Key(
    "system_packages",
    Texts("names of Debian packages", r"[a-z0-9][a-z0-9+.-]+"),
    NO_APP.system_packages,
    '["libpq5"]',
    "Debian packages that the app needs (Docker alone)",
    "none",
)
HEALTH = Key(
    "health",
    PatternText("a path that begins with /", r"/[^\s]*"),
    NO_APP.health,
    '"/"',
    "path that is requested until any answer comes",
)
PROBES = Key("probes", Flag(), NO_APP.probes, "true", "`false`: nothing of the lab's in the app")
WARMUP = Key(
    "warmup",
    Whole(0, 1_000_000),
    NO_APP.warmup,
    "50",
    "requests before the baseline; twice where uneven",
)
COUNT = Key(
    "count",
    Whole(LEAST_BLOCKS, MOST_REQUESTS),
    NO_APP.count,
    "4000",
    "requests of the load, at least `blocks`",
    setting="REQUESTS",
)
CONCURRENCY = Key(
    "concurrency",
    Whole(1, 1000),
    NO_APP.concurrency,
    "8",
    "requests in flight",
    setting="CONCURRENCY",
)
COOKIES = Key(
    "cookies",
    Flag(),
    NO_APP.cookies,
    "true",
    "each client keeps the cookies that answers set, and sends them back",
    "`false`",
)
THINK_SECONDS = Key(
    "think_seconds",
    Number(0, 60),
    NO_APP.think_seconds,
    "0.2",
    "the pause of each client between its requests",
    "`0`",
)
TRAFFIC: Key[Traffic | None] = Key(
    "traffic",
    TrafficFile(),
    None,
    '"access.log"',
    "requests that people really send, by how often; `[[requests]]` of the same method and path"
    " say more of one",
    "none",
)
MATTERS: Key[int | None] = Key(
    "matters",
    Whole(1, MOST_MATTERS_BYTES),
    NO_APP.matters_bytes,
    "1024",
    "bytes a request that matter to you: a slower trend is not a leak",
    "the setting `MATTERS`",
)
BLOCKS = Key(
    "blocks",
    Whole(LEAST_BLOCKS, MOST_ASKED_BLOCKS),
    NO_APP.blocks,
    "8",
    "equal shares of the load, each followed by a cooldown",
    setting="BLOCKS",
)
APP_KEYS: tuple[Key[Any], ...] = (
    PYTHON,
    REQUIREMENTS,
    INDEX_URL,
    INSTALL,
    COMMAND,
    LOCAL_COMMAND,
    PREPARE,
    PORT,
    READY_SECONDS,
    SERVICES,
    ALLOW_HOSTS,
    COMPOSE,
    SERVICE,
    IMAGE,
    DOCKERFILE,
    ENV_FILE,
    ENVIRONMENT,
    WORKERS,
    MEMORY,
    SYSTEM_PACKAGES,
    HEALTH,
    PROBES,
    WARMUP,
    COUNT,
    CONCURRENCY,
    COOKIES,
    THINK_SECONDS,
    TRAFFIC,
    MATTERS,
    BLOCKS,
)
BUNDLE = "bundle"
"""The name of the table that says what a bundle leaves out."""
EXCLUDE = Key(
    "exclude",
    Texts("names and globs of files and folders", r"[^\0\r\n]+"),
    NO_APP.bundle_exclude,
    '["data", "*.sqlite3"]',
    "files and folders that stay out of a bundle, beside keys, `.env`, `.git` and environments",
    "none",
)
BUNDLE_KEYS: tuple[Key[Any], ...] = (EXCLUDE,)
BY_SETTING: Mapping[str, str] = {
    key.setting: key.name for key in (*APP_KEYS, *REQUEST_KEYS) if key.setting is not None
}
"""Keys by the setting that says the same of the matrix."""
