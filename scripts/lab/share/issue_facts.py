"""What an issue tells of a run, block by block: Markdown, empty where there is nothing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.records.app_answer import AppChange
from lab.records.interventions import AGAIN, CONTROL, FORMER_CONTROL, NEWEST_RELEASE
from lab.records.judgement import STOPPED, Verdict
from lab.records.summary import Summary, VariantSummary
from lab.share.comparison_text import rate
from lab.text.markdown import fenced, markdown_code, markdown_text
from lab.text.phrases import DASH, counted, in_mib, number, sentence, share, stopped

NO_REPRODUCER = "No reproducer of one file was made"
OF_STDLIB = re.compile(r", in \S+ of the standard library\.?$")
"""How the sentence on a holder ends whose owner is the standard library. Lines of it alone name
nobody: its code allocates for others, such as asyncio's for uvloop."""
MOST_ISSUE_ROWS = 30
MOST_VERSIONS = 60
MOST_FACT_CHARACTERS = 400
MOST_ISSUE_LINES = 3
WORTH_NAMING = 0.05
"""The least share of the first line's bytes: what is less is noise of the trace."""
LEAST_SAVED = 0.05
"""The least share of the growth without a change that a change saves if it helps."""
NO_HOLDER = ("More may hold it", "Who holds it", "No container", "Nothing in Python")
"""How sentences begin that name no holder."""
MOST_PAGE_CHARACTERS = 12_000
LEADS = re.compile(
    r"!(?=\[)|\](?=\((?!https://(?:pypi\.org/project|github\.com|gitlab\.com)/[\w./+!-]*\)))"
    r"|\](?=[\[:])",
    re.ASCII,
)
"""Where Markdown has a picture, a link to other pages than the lab's own, or the name of one."""
PICTURE = re.compile(r"^!\[[^\]\n]*\]\([^)\n]*\)\n+", re.MULTILINE)
REPORT_IT = re.compile(r"(?:, or|:) report it (?:at [^\s;]+?|to its maintainers)(?=[;.]?(?:\s|$))")
"""What the help says to whoever has not reported it yet."""
CONTROL_RUN = "as it is, beside the changes"
SUFFIXES = {
    CONTROL: CONTROL_RUN,
    FORMER_CONTROL: CONTROL_RUN,
    AGAIN: "as it is, with a higher limit",
}
"""What the variants of a user app are, by what follows its name, today or in older runs."""


@dataclass(frozen=True, slots=True)
class IssueInput:
    """What an issue is made of."""

    summary: Summary
    pages: Mapping[str, str]
    """Texts that stand in the bundle by name, such as `reproduce.py` or `bisect.md`."""
    command: str = ""
    """What served the app; empty: not known."""
    requests: tuple[str, ...] = ()
    """The requests by method and path, each kind once."""

    @property
    def subject(self) -> VariantSummary | None:
        """The variant that the issue is about: the app as it is, else the one that leaks most."""
        own = self.summary.own
        if own is not None:
            return next((each for each in self.summary.variants if each.name == own.variant), None)
        return max(self.summary.variants, key=weight, default=None)


def weight(variant: VariantSummary) -> tuple[bool, int]:
    growth = variant.memory_bytes.growth if variant.memory_bytes else 0
    return variant.verdict is Verdict.LEAK, growth


def title(given: IssueInput) -> str:
    """One line: what grows, by how much, in which package."""
    variant = given.subject
    if variant is None:
        return "Memory: nothing was measured"
    where = where_of(given)
    interval = variant.growth_bytes_per_request
    if variant.verdict is Verdict.LEAK and interval is not None:
        return f"Memory grows by {rate(interval).partition(' [')[0]} a request{where}"
    growth = in_mib(variant.memory_bytes.growth if variant.memory_bytes else None)
    said = {
        Verdict.BOUNDED: f"Memory grows by {growth} and stops{where}",
        Verdict.FLAT: f"Memory does not grow{where}",
    }
    return said.get(variant.verdict, f"Memory grows by {growth}: undecided whether it ends{where}")


def where_of(given: IssueInput) -> str:
    """The release and package that grow; for code of the standard library, the Python."""
    own, variant = given.summary.own, given.subject
    if own is not None and own.package is not None:
        return f" in {markdown_text(own.package.name)} {markdown_text(own.package.version)}"
    python = variant.versions.get("python") if variant else None
    return f" in CPython {markdown_text(python)}" if python and is_of_stdlib(given.summary) else ""


def is_of_stdlib(summary: Summary) -> bool:
    """Whether the standard library holds the memory."""
    own = summary.own
    return own is not None and any(OF_STDLIB.search(each) for each in own.held_by)


def what(given: IssueInput) -> str:
    """The reason of the verdict, the cause, and who holds the memory."""
    own, variant = given.summary.own, given.subject
    if own is None:
        return markdown_text(sentence(variant.reason)) if variant else "Nothing was measured."
    lines = [markdown_text(sentence(own.reason), MOST_FACT_CHARACTERS), ""]
    for cause in own.causes:
        said = " ".join(filter(None, (sentence(cause.evidence), sentence(cause.proof))))
        text = f"{cause.cause} ({cause.standing}). {said}"
        lines.append(f"- Cause: {markdown_text(text, MOST_FACT_CHARACTERS)}")
    lines += [
        f"- {'' if each.startswith(NO_HOLDER) else 'Holder: '}"
        f"{markdown_text(each, MOST_FACT_CHARACTERS)}"
        for each in map(stopped, own.held_by)
    ]
    least = WORTH_NAMING * max((line.bytes for line in own.lines), default=0)
    lines += [
        f"- Allocated at {markdown_code(line.site, MOST_FACT_CHARACTERS)}: "
        f"{number(line.bytes)} bytes in {counted(line.count, 'block')}"
        for line in own.lines[:MOST_ISSUE_LINES]
        if line.bytes >= least
    ]
    return "\n".join(lines)


def newest_release(summary: Summary) -> VariantSummary | None:
    """The app with the newest release of the package, where it was measured."""
    suffix = f"-{NEWEST_RELEASE}"
    return next((each for each in summary.variants if each.name.endswith(suffix)), None)


def is_mended(summary: Summary) -> bool:
    """Whether the newest release was measured and does not grow on."""
    newest = newest_release(summary)
    return newest is not None and newest.verdict in STOPPED


def example(given: IssueInput) -> str:
    """The code in one file where it was reduced, else how the bundle shows it."""
    if code := given.pages.get("reproduce.py"):
        return fenced(code.rstrip(), "python")
    why = given.pages.get("not-reproduced.txt", "").partition(". ")[0].strip()
    said = (
        f"No file of its own shows it: {markdown_text(why, MOST_FACT_CHARACTERS)}"
        if why
        else NO_REPRODUCER
    )
    return f"{sentence(said)} The attached bundle shows it in one command."


def steps(given: IssueInput) -> str:
    """The commands that show the growth, with the reproducer and with the bundle."""
    lines = []
    if "reproduce.py" in given.pages:
        lines += ["`uv run reproduce.py` prints bytes a call and exits with 1 when they grow.", ""]
    lines += [
        f"With the attached {markdown_code(f'{given.summary.run.id}.zip')} unpacked, and Docker:",
        "",
        "```sh",
        "docker compose up --build --exit-code-from driver",
        "```",
    ]
    return "\n".join(lines)


def expected(_: IssueInput) -> str:
    return "Memory stops growing once the same requests have been served for a while."


def numbers(given: IssueInput) -> str:
    """Growth with its interval, whether it stops, and its ceiling."""
    variants = given.summary.variants[:MOST_ISSUE_ROWS]
    if not variants:
        return "Nothing was measured."
    base = given.summary.own.variant if given.summary.own else None
    lines = ["| what ran | verdict | requests | growth | growth a request [interval] |"]
    lines.append("|---|---|--:|--:|--:|")
    lines += [f"| {' | '.join(row(each, base))} |" for each in variants]
    left = len(given.summary.variants) - len(variants)
    lines += [f"| {counted(left, 'more variant')} | | | | |"] if left > 0 else []
    return "\n".join([*lines, "", plateau(given.subject)])


def row(variant: VariantSummary, base: str | None) -> Iterator[str]:
    yield markdown_code(variant.name) if base is None else what_ran(variant.name, base)
    yield variant.verdict.value
    yield number(variant.requests.ok)
    yield in_mib(variant.memory_bytes.growth if variant.memory_bytes else None)
    has_stopped = variant.verdict in STOPPED
    yield DASH if has_stopped else rate(variant.growth_bytes_per_request)


def what_ran(name: str, base: str) -> str:
    """A variant of a user app in words, such as `with newest release`."""
    if name == base:
        return "the app as it is"
    suffix = name.removeprefix(f"{base}-")
    return SUFFIXES.get(suffix) or f"with {markdown_text(suffix.replace('-', ' '))}"


def plateau(variant: VariantSummary | None) -> str:
    """Whether memory levels off, in one sentence."""
    if variant is None or variant.memory_bytes is None:
        return "Whether it levels off is not known."
    settled = in_mib(variant.memory_bytes.settled)
    if variant.verdict is Verdict.BOUNDED:
        return f"It levels off, at {settled}."
    if variant.verdict is Verdict.LEAK:
        served = number(variant.requests.ok)
        return f"It does not level off: {settled} after {served} requests, and still growing."
    if variant.verdict is Verdict.FLAT:
        return f"It is level, at {settled}."
    return f"Whether it levels off is undecided: {settled} at the end."


def helps(given: IssueInput) -> str:
    """What was tried and what it saves; empty without an answer about an app."""
    own = given.summary.own
    if own is None:
        return ""
    lines = [markdown_text(sentence(REPORT_IT.sub("", own.helps)), MOST_FACT_CHARACTERS), ""]
    if own.changes:
        half = " in the second half of the load" if own.verdict is Verdict.LEAK else ""
        lines += [f"What was tried, against the growth of the app as it is{half}:", ""]
    lines += [
        f"- {markdown_text(each.line, MOST_FACT_CHARACTERS)}: {effect(each)}"
        for each in own.changes
    ]
    return "\n".join(lines)


def effect(change: AppChange) -> str:
    """How much of the growth a change takes away, and its pace; its bytes are in the table."""
    control = change.gained_bytes + change.saved_bytes
    saved = min(change.saved_bytes / control, 1.0) if control > 0 else 0.0
    less = (
        f"takes {share(saved)} of it away" if saved >= LEAST_SAVED else "takes nothing of it away"
    )
    return f"{less}, at {share(change.rate)} of the requests a second" if change.rate else less


def history(given: IssueInput) -> str:
    """First bad and last good release, and which layers it needs, where they were looked for."""
    pages = [given.pages[name] for name in ("bisect.md", "layers.md") if name in given.pages]
    return "\n\n".join(clipped_page(text) for text in pages)


def clipped_page(text: str) -> str:
    # A heading of a page would stand above those of the form; a tracker has no picture of it.
    body = re.sub(r"(?m)^#{1,4} ", "##### ", inactive(PICTURE.sub("", text.strip())))
    if len(body) <= MOST_PAGE_CHARACTERS:
        return body
    return (
        body[:MOST_PAGE_CHARACTERS].rpartition("\n")[0]
        + "\n\n(cut here; all of it is in the bundle)"
    )


def inactive(text: str) -> str:
    """A page without tags, pictures and links elsewhere: who sent the run may have written it."""
    return LEADS.sub(lambda match: f"\\{match[0]}", re.sub(r"\\?<", "&lt;", text))


def versions(given: IssueInput) -> str:
    """Python, libc and packages, a line each."""
    variant = given.subject
    if variant is None or not variant.versions:
        return "The app reported no versions."
    pairs = [f"{name} {each}" for name, each in variant.versions.items()]
    left = len(pairs) - MOST_VERSIONS
    lines = pairs[:MOST_VERSIONS] + ([f"{left} more in lab.lock"] if left > 0 else [])
    return fenced("\n".join(lines), "text")
