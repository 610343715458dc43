"""The forms of trackers that are known, and where an issue belongs. Pure.

Each form was read in the project's own repository; the headings are those of its fields.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.records.summary import Summary
from lab.share import issue_facts as facts
from lab.share.issue_facts import IssueInput

Block = Callable[[IssueInput], str]
CPYTHON = "cpython"
CPYTHON_TRACKER = "https://github.com/python/cpython/issues"
ISSUES_OF_A_REPOSITORY = re.compile(r"https?://(github\.com/[\w.-]+/[\w.-]+?)(?:\.git)?/?")
"""Metadata that names no tracker names the repository, which has one."""
LINUX = "Linux"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: its heading, and what stands in it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a tracker's form, in their order."""

    where: str
    """What kind of thing it is, and what its boxes ask for, as a note to the one who sends it."""
    fields: tuple[Field, ...]


def said(text: str) -> Block:
    return lambda _: text


def package(name: str) -> Block:
    return lambda given: facts.version_of(given, name)


def field(heading: str, *blocks: Block) -> Field:
    return Field(heading, blocks)


MORE = (facts.numbers, facts.helps, facts.history, facts.machine)
NOT_TRIED = field("What was not tried", facts.not_tried)
ENCODE = (
    field("Describe the bug", facts.what),
    field("Steps to reproduce the bug", facts.example, facts.steps),
    field("Expected behavior", facts.expected),
    field("Actual behavior", facts.numbers),
    field("Debugging material", facts.helps, facts.history),
    field("Environment", facts.versions, facts.machine),
    field("Additional context", facts.not_tried_among_others),
)
CHECK_NEWEST = "Its boxes ask whether the newest release shows it, and for similar issues."
FORMS: Mapping[str, Form] = {
    "fastapi": Form(
        "Questions and possible bugs begin as a discussion; its boxes ask what was searched.",
        (
            field("Example Code", facts.example, facts.steps),
            field("Description", facts.what, facts.numbers, facts.helps, facts.history),
            field("Operating System", said(LINUX)),
            field("Operating System Details", facts.machine),
            field("FastAPI Version", package("fastapi")),
            field("Pydantic Version", package("pydantic")),
            field("Python Version", package("python")),
            field("Additional Context", facts.versions, facts.not_tried_among_others),
        ),
    ),
    "starlette": Form(CHECK_NEWEST, ENCODE),
    "uvicorn": Form(CHECK_NEWEST, ENCODE),
    "gunicorn": Form(
        "It begins as a discussion for triage; its boxes ask for duplicates.",
        (
            field("Type", said("Bug Report")),
            field("Description", facts.what, facts.expected, facts.numbers),
            field("Steps to Reproduce (for bugs)", facts.example, facts.steps),
            field("Configuration", said("In the bundle: `lab.toml`, or `compose.yaml`.")),
            field("Logs / Error Output", said("None: memory grows without an error.")),
            field("Gunicorn Version", package("gunicorn")),
            field("Python Version", package("python")),
            field("Worker Class", said("(please fill in; the command names it)")),
            field("Operating System", facts.machine),
            field("Additional Context", facts.helps, facts.history, facts.versions),
            NOT_TRIED,
        ),
    ),
    "flask": Form(
        "The tracker is for bugs of Flask itself.",
        (
            field("What the bug is", facts.what, facts.numbers),
            field("How to replicate it", facts.example, facts.steps),
            field("What should have happened", facts.expected),
            field("Environment", facts.versions, facts.machine),
            field("What helps", facts.helps, facts.history),
            NOT_TRIED,
        ),
    ),
    "aiohttp": Form(
        "Its boxes ask for the code of conduct.",
        (
            field("Describe the bug", facts.what),
            field("To Reproduce", facts.example, facts.steps),
            field("Expected behavior", facts.expected),
            field("Logs/tracebacks", facts.numbers),
            field("Python Version", package("python")),
            field("aiohttp Version", package("aiohttp")),
            field("multidict Version", package("multidict")),
            field("propcache Version", package("propcache")),
            field("yarl Version", package("yarl")),
            field("OS", facts.machine),
            field("Related component", facts.aiohttps_component),
            field("Additional context", facts.helps, facts.history, facts.not_tried_among_others),
        ),
    ),
    "pydantic": Form(
        "Its box asks whether it is pydantic's second generation.",
        (
            field("Description", facts.what, facts.numbers, facts.helps, facts.history),
            field("Example Code", facts.example, facts.steps),
            field("Python, Pydantic & OS Version", facts.versions, facts.machine),
            NOT_TRIED,
        ),
    ),
    CPYTHON: Form(
        "Its boxes ask whether it is surely CPython and no package, and for similar issues.",
        (
            field("Bug description", facts.what, facts.example, facts.steps, *MORE),
            field("CPython versions tested on", package("python")),
            field("Operating systems tested on", said(LINUX)),
            field("Versions", facts.versions),
            NOT_TRIED,
        ),
    ),
}
GENERAL = Form(
    "No form of this project is known here: see what its tracker asks for.",
    (
        field("What", facts.what),
        field("How to see it", facts.steps, facts.example),
        field("Numbers", facts.numbers),
        field("Expected", facts.expected),
        field("Since when, and which layers", facts.history),
        field("What helps", facts.helps),
        field("Versions", facts.versions, facts.machine),
        NOT_TRIED,
    ),
)
ALIASES = {"pydantic-core": "pydantic"}


def project_of(summary: Summary) -> str:
    """The project whose code holds the memory, by its package's name; empty: not known."""
    own = summary.own
    if own is None:
        return ""
    if own.package is not None:
        return re.sub(r"[-_.]+", "-", own.package.name).lower()
    return CPYTHON if facts.is_of_stdlib(summary) else ""


def tracker_of(summary: Summary) -> str:
    """The address of the package's tracker, as its metadata says; empty: not known."""
    own = summary.own
    if own is not None and own.package is not None:
        return issues_of(own.package.tracker or "")
    return CPYTHON_TRACKER if project_of(summary) == CPYTHON else ""


def issues_of(link: str) -> str:
    """The link; of a repository of GitHub that of its issues."""
    match = ISSUES_OF_A_REPOSITORY.fullmatch(link)
    return f"https://{match[1]}/issues" if match else link


def form_of(summary: Summary) -> Form:
    project = project_of(summary)
    return FORMS.get(ALIASES.get(project, project), GENERAL)
