"""The page of exchanged layers, in Markdown."""

from collections.abc import Iterator

from lab.records.layers import LayerResult, LayersAnswer
from lab.text.markdown import markdown_text
from lab.text.phrases import DASH, in_mib, size

HEADINGS = ("Layer", "Exchange", "Verdict", "Bytes a request", "Growth", "For the leak")
MOST_LAYER_REASON = 200


def layers_page(answer: LayersAnswer) -> str:
    """The whole answer, in Markdown."""
    lines = [
        f"# {markdown_text(answer.app)}: which layers the growth needs",
        "",
        *(f"- {markdown_text(sentence)}" for sentence in answer.said),
        "",
        f"| {' | '.join(HEADINGS)} |",
        "|---|---|---|--:|--:|---|",
        *(f"| {' | '.join(map(markdown_text, row))} |" for row in layer_rows(answer)),
        "",
        *not_measured(answer),
        *not_exchanged(answer),
    ]
    return "\n".join(lines).rstrip() + "\n"


def layer_rows(answer: LayersAnswer) -> Iterator[tuple[str, ...]]:
    """The app as it is, then each exchange."""
    for each in (answer.base, *answer.exchanges):
        yield (
            each.layer.value if each.layer else "",
            each.line,
            each.verdict.value if each.verdict else "not measured",
            interval_text(each),
            in_mib(each.growth_bytes, signed=True),
            each.need.value if each.need else "",
        )


def interval_text(result: LayerResult) -> str:
    interval = result.bytes_per_request
    if interval is None:
        return DASH
    return f"{size(interval.estimate)} ({size(interval.low)} to {size(interval.high)})"


def not_measured(answer: LayersAnswer) -> Iterator[str]:
    failed = [each for each in answer.exchanges if each.verdict is None]
    if failed:
        yield "Tried and not measured:"
        yield ""
        for each in failed:
            yield f"- {markdown_text(each.line)}: {markdown_text(each.reason, MOST_LAYER_REASON)}"
        yield ""


def not_exchanged(answer: LayersAnswer) -> Iterator[str]:
    if answer.not_exchanged:
        yield "Not exchanged:"
        yield ""
        for each in answer.not_exchanged:
            yield f"- {each.layer.value}: {markdown_text(each.reason, MOST_LAYER_REASON)}"
