"""The answer about a user app in words: Markdown for its own file and the report, and rows."""

from collections.abc import Callable, Iterator

from lab.records.app_answer import AppAnswer, AppCause, AppLine
from lab.records.judgement import Verdict
from lab.text.markdown import markdown_code, markdown_text
from lab.text.phrases import counted, in_mib, listed, number, sentence, share, size, stopped

HEADLINES = {
    Verdict.LEAK: "{} leaks",
    Verdict.BOUNDED: "{} grows and stops",
    Verdict.FLAT: "{} does not grow",
    Verdict.INCONCLUSIVE: "Whether {} leaks is open",
}
CHANGE_HEADINGS = ("Change", "Gained", "Saved", "Requests a second")
LINES_HEADING = (
    "Lines of code whose allocations were still live at the end of a run that traces them:"
)


def headline_of(answer: AppAnswer) -> str:
    """The verdict and the first cause, in one sentence."""
    cause = f": {answer.causes[0].cause} ({answer.causes[0].standing})" if answer.causes else ""
    return f"{HEADLINES[answer.verdict].format(answer.app)}{cause}."


def verdict_line(answer: AppAnswer) -> str:
    """App, verdict and reason."""
    return f"{answer.app}: {answer.verdict.value}. {sentence(answer.reason)}"


def cause_lines(answer: AppAnswer) -> Iterator[str]:
    """A line a cause: its name, how sure it is, evidence and proof; or why there is none."""
    if answer.no_cause is not None:
        yield sentence(answer.no_cause)
    for each in answer.causes:
        yield f"{each.cause} ({each.standing}). {cause_details(each)}"


def holder_lines(answer: AppAnswer) -> Iterator[str]:
    """Who holds the memory, by name, a line each."""
    for holder in answer.held_by:
        yield f"Holder: {stopped(holder)}"


def apart_lines(answer: AppAnswer) -> Iterator[str]:
    """Which of several kinds of requests grows, a line each."""
    for each in answer.apart:
        yield f"Requests: {sentence(each)}"


def cause_details(cause: AppCause) -> str:
    """Evidence and proof, a sentence each."""
    return " ".join(filter(None, (sentence(cause.evidence), sentence(cause.proof))))


def help_sentence(answer: AppAnswer) -> str:
    """The advice as a sentence."""
    return sentence(answer.helps)


def changes_intro(answer: AppAnswer) -> str:
    """The sentence in front of `change_rows`: what each served, and what it is compared with."""
    compared = answer.control_requests or answer.requests
    served = sorted({change.requests or compared for change in answer.changes})
    beside = (
        "a control run of the unchanged app" if answer.control_requests else "the unchanged app"
    )
    if served in ([], [compared]):
        how = "with" if answer.control_requests else "as"
        return f"Changes that were tried, each for {counted(compared, 'request')} {how} {beside}:"
    span = " to ".join(number(count) for count in dict.fromkeys((served[0], served[-1])))
    scaled = ", and growth is scaled to that number" if answer.verdict is Verdict.LEAK else ""
    return (
        f"Changes that were tried, for {span} requests each; {beside} served "
        f"{number(compared)}{scaled}:"
    )


def change_rows(answer: AppAnswer) -> Iterator[tuple[str, str, str, str]]:
    """The change, what the app gained with it, what that saves, its pace."""
    for change in answer.changes:
        note = "" if change.is_cure else " (a diagnostic only, not a cure)"
        gained, saved = (
            in_mib(each, signed=True) for each in (change.gained_bytes, change.saved_bytes)
        )
        yield f"{change.line}{note}", gained, saved, share(change.rate)


def failed_lines(answer: AppAnswer) -> Iterator[str]:
    """Changes with which the app did not get through its load, a line each."""
    for each in answer.failed_changes:
        yield sentence(f"Tried and not measured: {each}")


def line_size(line: AppLine) -> str:
    """The live bytes and blocks of a line's allocations."""
    return f"{size(line.bytes)} in {counted(line.count, 'block')}"


def types_sentence(answer: AppAnswer, shown: Callable[[str], str] = str) -> str:
    """How many more objects there are than at the baseline, by type; empty where none are.

    Args:
        shown: the name of a type as the reader's format shows it.
    """
    counts = [f"{number(count)} {shown(name)}" for name, count in answer.types.items()]
    return f"More objects than at the baseline: {listed(counts, len(counts))}." if counts else ""


def answer_text(answer: AppAnswer) -> str:
    """The whole answer, in Markdown."""
    verdict = f"{answer.verdict.value}. {markdown_text(sentence(answer.reason))}"
    return f"# {markdown_text(answer.app)}\n\n**Verdict:** {verdict}\n\n{answer_body(answer)}\n"


def answer_body(answer: AppAnswer) -> str:
    """Cause, holder and what helps, in Markdown; heading and verdict stand in front of it."""
    lines = [
        *_load_lines(answer),
        "**Cause:**",
        "",
        *(f"- {markdown_text(sentence(line))}" for line in _cause_items(answer)),
        "",
        f"**What helps:** {markdown_text(help_sentence(answer))}",
        "",
        *_change_table(answer),
        *_failed_changes(answer),
        *_traced_lines(answer),
    ]
    return "\n".join(lines).rstrip()


def _load_lines(answer: AppAnswer) -> Iterator[str]:
    if answer.load_note is not None:
        yield f"**Load:** {markdown_text(sentence(answer.load_note))}"
        yield ""


def _cause_items(answer: AppAnswer) -> Iterator[str]:
    yield from cause_lines(answer)
    yield from holder_lines(answer)
    yield from apart_lines(answer)


def _change_table(answer: AppAnswer) -> Iterator[str]:
    if not answer.changes:
        return
    yield changes_intro(answer)
    yield ""
    yield f"| {' | '.join(CHANGE_HEADINGS)} |"
    yield "|---|--:|--:|--:|"
    for row in change_rows(answer):
        yield f"| {' | '.join(map(markdown_text, row))} |"
    yield ""


def _failed_changes(answer: AppAnswer) -> Iterator[str]:
    for line in failed_lines(answer):
        yield markdown_text(line)
        yield ""


def _traced_lines(answer: AppAnswer) -> Iterator[str]:
    if answer.lines:
        yield LINES_HEADING
        yield ""
        yield from (f"- {line_size(line)}: {markdown_code(line.site)}" for line in answer.lines)
        yield ""
    if answer.types:
        yield types_sentence(answer, markdown_code)
