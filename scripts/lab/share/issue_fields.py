"""Fields of single trackers' forms: a version, a server's settings, a component. Pure."""

import re
import shlex
from collections.abc import Sequence

from lab.records.experiment import EngineKind
from lab.share.issue_facts import MOST_FACT_CHARACTERS, MOST_ISSUE_ROWS, IssueInput
from lab.text.markdown import fenced, markdown_code, markdown_text
from lab.text.phrases import counted, in_mib, listed

SERVERS_CODE = re.compile(r"^aiohttp/web")
CLIENTS_CODE = re.compile(r"^aiohttp/(client|connector|cookiejar)")
MOST_SERVER_CHARACTERS, MOST_PATH_CHARACTERS = 1000, 200
NO_VERSION = "(the app did not report it: please fill in)"
NO_WORKER_CLASS = "(please fill in: the command does not name it)"
WORKER_CLASSES = ("sync", "gthread", "gevent", "eventlet", "tornado", "asgi")
"""Those that gunicorn's form lists; any other is `custom` there."""
CONFIGURED = re.compile(r"-c|--config(=|$)")


def version_of(given: IssueInput, name: str) -> str:
    """One package's version; what to fill in where the app did not report it."""
    variant = given.subject
    version = variant.versions.get(name) if variant else None
    return markdown_text(version) if version else NO_VERSION


def served_by(given: IssueInput) -> str:
    """The command that served, how many requests at a time, and which; empty: not known."""
    variant = given.subject
    if not given.command or variant is None:
        return ""
    at_once = (variant.load or {}).get("concurrency")
    load = f", {counted(int(at_once), 'request')} at a time" if at_once else ""
    kinds = listed([markdown_code(each, MOST_PATH_CHARACTERS) for each in given.requests])
    of = f": {kinds}" if kinds else ""
    return f"It was served by {markdown_code(given.command, MOST_SERVER_CHARACTERS)}{load}{of}."


def configuration(given: IssueInput) -> str:
    """The command as a block of a shell; where it stands if it is not known."""
    if not given.command:
        return "In the bundle: `lab.toml`, or `compose.yaml`."
    return fenced(given.command[:MOST_SERVER_CHARACTERS].rstrip(), "bash")


def worker_class(given: IssueInput) -> str:
    """Gunicorn's worker class, as its form names it."""
    words = words_of(given.command)
    if not any(word.rpartition("/")[2] == "gunicorn" for word in words):
        return NO_WORKER_CLASS
    named = option(words, "-k", "--worker-class")
    if named is None and any(CONFIGURED.match(word) for word in words):
        return NO_WORKER_CLASS
    if named is None:
        threads = option(words, "--threads", "--threads") or "1"
        named = "sync" if threads == "1" else "gthread"
    if named not in WORKER_CLASSES:
        return f"custom ({markdown_code(named, MOST_SERVER_CHARACTERS)})"
    return {"sync": "sync (default)", "asgi": "asgi (beta)"}.get(named, named)


def words_of(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def option(words: Sequence[str], short: str, long: str) -> str | None:
    """The value of the last such option of a command line; None: it is not given."""
    value = None
    for word, following in zip(words, (*words[1:], ""), strict=True):
        if word in (short, long):
            value = following
        elif word.startswith(f"{long}="):
            value = word.partition("=")[2]
    return value


def system(given: IssueInput) -> str:
    """The operating system on one line."""
    return f"Linux {markdown_text(given.summary.run.host.kernel)}"


def machine(given: IssueInput) -> str:
    run = given.summary.run
    lines = [
        f"- Linux {markdown_text(run.host.kernel)}, {counted(run.host.cpus, 'CPU')}, "
        f"{in_mib(run.host.memory_bytes)}, cgroup {markdown_text(run.engine.cgroup)}",
        "- engine: local processes"
        if run.engine.kind is EngineKind.PROCESS
        else f"- engine: {markdown_text(run.engine.kind)} {markdown_text(run.engine.version)}",
    ]
    bases = dict.fromkeys(f"{base.kind}, {base.reference}" for base in run.bases)
    lines += [
        f"- base: {markdown_text(base, MOST_FACT_CHARACTERS)}"
        for base in list(bases)[:MOST_ISSUE_ROWS]
    ]
    return "\n".join(lines)


def versions_for_flask(given: IssueInput) -> str:
    """The two lines of Flask's template."""
    return "\n".join(
        f"- {heading} version: {version_of(given, name)}"
        for heading, name in (("Python", "python"), ("Flask", "flask"))
    )


def versions_for_uvicorn(given: IssueInput) -> str:
    """What `uvicorn --version` prints."""
    uvicorn, python = version_of(given, "uvicorn"), version_of(given, "python")
    return f"Running uvicorn {uvicorn} with CPython {python} on Linux"


def aiohttps_component(given: IssueInput) -> str:
    """Server or client, by the files of aiohttp whose allocations are still live."""
    own = given.summary.own
    sites = [line.site for line in own.lines] if own else []
    names = (("Server", SERVERS_CODE), ("Client", CLIENTS_CODE))
    found = [name for name, code in names if any(code.match(site) for site in sites)]
    return " and ".join(found) or "(please choose: Server or Client)"
