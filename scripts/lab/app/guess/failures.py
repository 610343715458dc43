"""Why a guessed app did not come up, and what its words say of it."""

import re
from dataclasses import dataclass
from enum import Enum
from tempfile import gettempdir


class FailureKind(Enum):
    """The step at which an attempt failed."""

    INSTALL = "install"
    PREPARE = "prepare"
    SERVICE = "service"
    DIED = "died"
    NEVER_READY = "never ready"
    ELSEWHERE = "listens elsewhere"
    REFUSED = "refused"
    ABSENT = "not served"
    """All that was asked is answered with 404: another command may serve it."""
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that failed."""

    kind: FailureKind
    said: str
    """The error of what failed, or the end of the app's log."""
    ports: tuple[int, ...] = ()
    """What it listens on in the place of $PORT."""
    reason: str = ""
    """What is said of it in the place of the line that tells most."""
    in_image: bool = False
    """Whether the project's own image was run, or was to be built."""


SERVICES = {
    "PostgreSQL": r"psycopg\w*\.|asyncpg|postgres(ql)?\b|:5432\b|port 5432",
    "MySQL or MariaDB": r"pymysql|MySQLdb|mysql\.connector|aiomysql|:3306\b|mysql server",
    "Redis": r"redis\.exceptions|redis://|:6379\b|aioredis",
    "MongoDB": r"pymongo|ServerSelectionTimeoutError|:27017\b|mongodb",
    "RabbitMQ": r"amqp|pika\.|kombu|:5672\b",
    "Elasticsearch": r"elasticsearch|:9200\b",
    "Kafka": r"kafka|:9092\b",
}
UNREACHABLE = re.compile(
    r"connection refused|could not translate host name|name or service not known|Errno -[23]\b"
    r"|Err(?:no|or) 111|nodename nor servname|temporary failure in name resolution|can't connect to"
    r"|ServerSelectionTimeoutError|connect call failed|connection to server .* failed"
    r"|cannot connect to|getaddrinfo failed|no such host",
    re.IGNORECASE,
)
MISSING_PATH = re.compile(
    r"^(?:FileNotFoundError|PermissionError): \[Errno \d+\] [^:\n]{1,80}: '(/[^'\n]{1,200})'"
)
MISSING_MODULE = re.compile(
    r"(?:ModuleNotFoundError|ImportError|Error)?:? ?No module named '?([\w.]+)'?"
)
INSTALL_HINTS = (
    re.compile(r"pip3? install ['\"`]?([A-Za-z][\w.\[\],-]*)"),
    re.compile(r"[`'\"]?([a-z][\w-]*)[`'\"]? (?:must be|is not|needs to be|to be) installed"),
    re.compile(r"requires? [\"'`]([a-z][\w-]*(?:\[\w+\])?)[\"'`] to be installed"),
    re.compile(r"Couldn't find the '?([a-z][\w-]*)'? package"),
)
MISSING_VARIABLE = (
    re.compile(r"^KeyError: '([A-Z][A-Z0-9_]+)'", re.MULTILINE),
    re.compile(r"Set the ([A-Z][A-Z0-9_]+) environment variable"),
    re.compile(r"([A-Z][A-Z0-9_]+) not found\. Declare it as envvar"),
    re.compile(r"Environment variable \"?([A-Z][A-Z0-9_]+)\"? (?:not set|is)"),
    re.compile(r"Config '([A-Za-z][A-Za-z0-9_]+)' is missing"),
    re.compile(
        r"(?:[Mm]issing|[Uu]ndefined|[Uu]nset)[^\n]{0,40}(?:variable|setting)s?:? '?"
        r"([A-Z][A-Z0-9_]+)"
    ),
    re.compile(
        r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b[^\n]{0,40}(?:not set|must be set|is required|is missing"
        r"|not defined|undefined|not found|must be defined|be empty)"
    ),
)
PYDANTIC = re.compile(r"^(\w+)\n\s+(?:Field required|field required)", re.MULTILINE)
EXCEPTION = re.compile(
    r"^\s*(?:E\s+)?((?:[A-Za-z_][\w.]*)?(?:Error|Exception|Exit|Interrupt|NotFound|Configured|Refused|Timeout)\b.*"
    r"|(?:[a-z_]\w*\.)+[A-Z][A-Za-z]+: .*)$"
)
IMPORT_FAULT = re.compile(
    r"^(?:SyntaxError|IndentationError|ModuleNotFoundError|ImportError): .*$"
    r"|^OSError: (?:no library called|cannot load library|lib\S{1,60}: cannot open shared) .*$",
    re.MULTILINE,
)


MOST_FAILURE_LINE = 600
LAST_WORDS = 6
"""Lines that are shown of what an app said last."""


def with_short_lines(said: str) -> str:
    """What was said, each line cut: some patterns take the square of a line's length."""
    return "\n".join(line[:MOST_FAILURE_LINE] for line in said.splitlines())


def missing_module(said: str) -> str | None:
    """The first name of the module that an import did not find."""
    modules = MISSING_MODULE.findall(said)
    return modules[-1].partition(".")[0] if modules else None


def install_hint(said: str) -> str | None:
    """The package that a message asks to be installed, or whose command is not there."""
    said = with_short_lines(said)
    if match := re.search(r"\b([a-z][\w-]+): (?:command )?not found", said):
        return match[1]
    for pattern in INSTALL_HINTS:
        if match := pattern.search(said):
            return match[1].rstrip(".,")
    return None


def missing_variables(said: str) -> list[str]:
    """The variables of the environment that it cannot start without."""
    said = with_short_lines(said)
    names = [name for pattern in MISSING_VARIABLE for name in pattern.findall(said)]
    if "validation error" in said:
        names += [name.upper() for name in PYDANTIC.findall(said)]
    return list(dict.fromkeys(names))


def missing_service(said: str) -> str | None:
    """The database or its like that it could not reach."""
    if not UNREACHABLE.search(said):
        return None
    named = (name for name, signs in SERVICES.items() if re.search(signs, said, re.IGNORECASE))
    return next(named, None)


def missing_path(said: str) -> str | None:
    """The path outside of its folder that its last exception did not find or could not use.

    An image, or a volume of a Compose file, has such a path; a copy of the app's folder has not.
    """
    found = MISSING_PATH.search(exception_in(said) or "")
    return found[1] if found and not found[1].startswith(f"{gettempdir()}/") else None


def cannot_import(said: str) -> bool:
    """Whether process after process of an app failed at the same import: a master starts more."""
    lines = IMPORT_FAULT.findall(with_short_lines(said))
    return len(lines) > len(set(lines))


def telling_line(said: str) -> str:
    """The last exception's own line; else the last line that says anything."""
    if exception := exception_in(said):
        return exception
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    chosen = [line for line in lines if not is_end(line)][-1:] or lines[-1:]
    return " ".join(chosen[0].split())[:300] if chosen else "it said nothing"


def exception_in(said: str) -> str | None:
    """The line of the last exception that says what is wrong; None without one."""
    exceptions = [match[1] for line in said.splitlines() if (match := EXCEPTION.match(line))]
    outer = [line for line in exceptions if not line.startswith(("SystemExit", "gunicorn.errors"))]
    chosen = outer[-1:] or exceptions[-1:]
    return " ".join(chosen[0].split())[:300] if chosen else None


def last_words(said: str) -> list[str]:
    """The end of the last traceback, else of the log: a few lines."""
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    ends = [at for at, line in enumerate(lines) if EXCEPTION.match(line)]
    telling = [at for at in ends if not lines[at].strip().startswith(("SystemExit", "gunicorn."))]
    end = (telling or ends or [len(lines) - 1])[-1] + 1
    return [line[:300] for line in lines[max(0, end - LAST_WORDS) : end]]


def is_end(line: str) -> bool:
    return "server ended with status" in line or line.startswith("[")
