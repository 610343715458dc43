"""The forms of trackers that are known, and where an issue belongs. Pure.

Each form was read in the project's own repository; the headings are those of its fields.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.records.summary import Summary
from lab.share import issue_facts as facts
from lab.share import issue_fields as fields
from lab.share.issue_facts import IssueInput
from lab.share.issue_untried import not_tried

FormBlock = Callable[[IssueInput], str]
CPYTHON = "cpython"
CPYTHON_TRACKER = "https://github.com/python/cpython/issues"
ISSUES_OF_A_REPOSITORY = re.compile(r"https?://(github\.com/[\w.-]+/[\w.-]+?)(?:\.git)?/?")
"""Metadata that names no tracker names the repository, which has one."""
ISSUES_OF_GITHUB = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/issues")
LINUX = "Linux"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: its heading, and what stands in it."""

    heading: str
    blocks: tuple[FormBlock, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a tracker's form, in their order."""

    where: str
    """What kind of thing it is, and what its boxes ask for, as a note to the one who sends it."""
    fields: tuple[Field, ...]
    is_discussion: bool = False
    """Whether it begins as a discussion and not as an issue."""


def said(text: str) -> FormBlock:
    return lambda _: text


def package(name: str) -> FormBlock:
    return lambda given: fields.version_of(given, name)


def field(heading: str, *blocks: FormBlock) -> Field:
    return Field(heading, blocks)


def labelled(label: str, block: FormBlock) -> FormBlock:
    """The block below a line that says what it is, for a field that holds others, too."""

    def text(given: IssueInput) -> str:
        found = block(given)
        return f"{label}:\n\n{found}" if found else ""

    return text


EXPECTED = labelled("What was expected", facts.expected)
HELPS = labelled("What helps", facts.helps)
STEPS = labelled("How to see it", facts.steps)
NOT_TRIED_AMONG_OTHERS = labelled("What was not tried", not_tried)
ABOUT = (facts.what, EXPECTED, STEPS, fields.served_by, facts.numbers, HELPS, facts.history)
"""What stands in the one field of a form that has a single one for nearly all."""
NOT_TRIED = field("What was not tried", not_tried)
ONLY_CODE = "Its form fences the example itself: paste the code without its fence."
FORMS: Mapping[str, Form] = {
    "fastapi": Form(
        f"Questions and possible bugs begin as a discussion; its boxes ask what was searched. "
        f"{ONLY_CODE}",
        (
            field("Example Code", facts.example),
            field("Description", *ABOUT),
            field("Operating System", said(LINUX)),
            field("Operating System Details", fields.machine),
            field("FastAPI Version", package("fastapi")),
            field("Pydantic Version", package("pydantic")),
            field("Python Version", package("python")),
            field("Additional Context", facts.versions, NOT_TRIED_AMONG_OTHERS),
        ),
        is_discussion=True,
    ),
    "starlette": Form(
        "It begins as a discussion, of the kind Potential Issue. It should show on the newest "
        "release, and nobody should have reported it.",
        (
            field("Describe the bug", facts.what),
            field("Steps to reproduce the bug", facts.example, facts.steps),
            field("Expected behavior", facts.expected),
            field("Actual behavior", facts.numbers),
            field("Debugging material", HELPS, facts.history),
            field("Environment", fields.served_by, facts.versions, fields.machine),
            field("Additional context", NOT_TRIED_AMONG_OTHERS),
        ),
        is_discussion=True,
    ),
    "uvicorn": Form(
        "It begins as a discussion, of the kind Potential Issue: an issue without one may be "
        f"closed unread, and asks for its link. {ONLY_CODE}",
        (
            field("Description", *ABOUT, NOT_TRIED_AMONG_OTHERS),
            field("Example Code", facts.example),
            field(
                "Python, Uvicorn & OS Version",
                fields.versions_for_uvicorn,
                facts.versions,
                fields.machine,
            ),
        ),
        is_discussion=True,
    ),
    "gunicorn": Form(
        "It begins as a discussion for triage; its boxes ask for duplicates.",
        (
            field("Type", said("Bug Report")),
            field("Description", facts.what, EXPECTED, facts.numbers),
            field("Steps to Reproduce (for bugs)", facts.example, facts.steps),
            field("Configuration", fields.configuration),
            field("Logs / Error Output", said("None: memory grows without an error.")),
            field("Gunicorn Version", package("gunicorn")),
            field("Python Version", package("python")),
            field("Worker Class", fields.worker_class),
            field("Operating System", fields.system),
            field(
                "Additional Context",
                *(HELPS, facts.history, facts.versions, fields.machine),
                NOT_TRIED_AMONG_OTHERS,
            ),
        ),
        is_discussion=True,
    ),
    "flask": Form(
        "The tracker is for bugs of Flask itself.",
        (
            field("What the bug is", facts.what, facts.numbers),
            field("How to replicate it", facts.example, facts.steps, fields.served_by),
            field("What should have happened", facts.expected),
            field("Environment", fields.versions_for_flask, facts.versions, fields.machine),
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
            field("OS", fields.machine),
            field("Related component", fields.aiohttps_component),
            field("Additional context", HELPS, facts.history, NOT_TRIED_AMONG_OTHERS),
        ),
    ),
    "pydantic": Form(
        "Its box asks whether it is pydantic's second generation.",
        (
            field("Description", facts.what, EXPECTED, facts.numbers, HELPS, facts.history),
            field("Example Code", facts.example, facts.steps),
            field("Python, Pydantic & OS Version", facts.versions, fields.machine),
            NOT_TRIED,
        ),
    ),
    CPYTHON: Form(
        "Its boxes ask whether it is surely CPython and no package, and for similar issues.",
        (
            field(
                "Bug description",
                *(facts.what, EXPECTED, facts.example, facts.steps),
                *(facts.numbers, HELPS, facts.history, fields.machine),
            ),
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
        field("How to see it", facts.example, facts.steps, fields.served_by),
        field("Numbers", facts.numbers),
        field("Expected", facts.expected),
        field("Since when, and which layers", facts.history),
        field("What helps", facts.helps),
        field("Versions", facts.versions, fields.machine),
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


def address_of(summary: Summary) -> str:
    """Where it is sent: the tracker, or the discussions beside it; empty: not known."""
    tracker = tracker_of(summary)
    if form_of(summary).is_discussion and ISSUES_OF_GITHUB.fullmatch(tracker):
        return f"{tracker.removesuffix('issues')}discussions"
    return tracker


def issues_of(link: str) -> str:
    """The link; of a repository of GitHub that of its issues."""
    match = ISSUES_OF_A_REPOSITORY.fullmatch(link)
    return f"https://{match[1]}/issues" if match else link


def form_of(summary: Summary) -> Form:
    project = project_of(summary)
    return FORMS.get(ALIASES.get(project, project), GENERAL)
