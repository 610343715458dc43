"""`issue.md`: the issue for the project whose code holds the memory, in the shape of its form."""

import re
from collections.abc import Iterator

from lab.share import issue_facts as facts
from lab.share.issue_facts import IssueInput
from lab.share.issue_forms import Form, address_of, form_of, project_of
from lab.text.markdown import markdown_text
from lab.text.phrases import printable

MOST_ISSUE_CHARACTERS = 60_000
"""GitHub refuses an issue past 65,536."""
CUT = "\n\n(cut here; all of it is in `report.md` of the bundle)\n"
LINK = re.compile(r"https?://[^\s<>\"'`]{1,300}")

TRACKER = re.compile(r"issue|bug|tracker|ticket|discuss|support", re.IGNORECASE)


def issue_text(given: IssueInput) -> str:
    """The whole issue: a note for the one who sends it, and the fields of the form."""
    form = form_of(given.summary)
    parts = [f"# {facts.title(given)}", "", note(given, form), ""]
    for each in form.fields:
        texts = [text for block in each.blocks if (text := block(given))]
        parts += [f"### {each.heading}", "", "\n\n".join(texts) or "Not looked for.", ""]
    parts.append(
        "Measured by the Worker Memory Lab; raw files, report and everything to run it again "
        "are in the attached bundle."
    )
    text = printable("\n".join(parts)).rstrip() + "\n"
    if len(text) <= MOST_ISSUE_CHARACTERS:
        return text
    return text[: MOST_ISSUE_CHARACTERS - len(CUT)].rpartition("\n")[0] + CUT


def note(given: IssueInput, form: Form) -> str:
    """A comment that no reader of the issue sees: where it goes, and what to do before."""
    lines = "\n".join(note_lines(given, form))
    # Nothing from outside can end the comment.
    return f"<!--\n{lines.replace('--', '- -')}\n-->"


def note_lines(given: IssueInput, form: Form) -> Iterator[str]:
    project, tracker = project_of(given.summary), address_of(given.summary)
    if tracker and LINK.fullmatch(tracker):
        where = "" if TRACKER.search(tracker) else " (its page: its metadata names no tracker)"
        yield f"For {markdown_text(project)}: {tracker}{where}"
    elif project:
        yield f"For {markdown_text(project)}, whose metadata names no tracker."
    else:
        yield "No package was found that holds the memory: it may be the app's own code."
    if facts.is_mended(given.summary):
        yield (
            "The newest release that fits its Python does not grow: upgrade, unless this one must "
            "be kept and mended."
        )
    yield form.where
    yield "Nothing was sent. Attach the zip, remove what should stay private, and delete this."
