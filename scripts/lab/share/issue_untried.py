"""What was not tried, and what weakens the numbers: the last thing that an issue says. Pure."""

from lab.records.experiment import EngineKind
from lab.records.judgement import Verdict
from lab.records.summary import Summary, VariantSummary
from lab.share.issue_facts import MOST_FACT_CHARACTERS, IssueInput, is_of_stdlib, newest_release
from lab.text.markdown import markdown_text
from lab.text.phrases import listed
from lab.verdict.caveats import CaveatKind

LAYERS = {
    "the server": ("other-server",),
    "the loop": ("asyncio-loop",),
    "the parser": (),
    "the allocator": ("python-malloc", "jemalloc", "mimalloc"),
}
"""Layers, and how the names of variants end in which one is exchanged."""
CONFIRMED = CaveatKind.EXTENDED.value.partition(" after")[0]
"""How the caveat begins of a trial that got more load than was planned."""


def not_tried(given: IssueInput) -> str:
    """What was not tried, a list item each."""
    run, variant = given.summary.run, given.subject
    releases = "Pythons" if is_of_stdlib(given.summary) else "releases"
    missing = [
        ("reproduce.py", "a reproducer of one file without the lab"),
        ("bisect.md", f"other {releases}: the first bad one is not known"),
        ("layers.md", f"exchanging {listed(untried_layers(given.summary))} one by one"),
    ]
    tried = {*given.pages, *(["reproduce.py"] if "not-reproduced.txt" in given.pages else [])}
    lines = [f"- {text}" for name, text in missing if name not in tried]
    if newest_release(given.summary) is None:
        lines.append("- the newest release, where the versions above are older")
    lines.append("- another system than Linux, and another machine than this one")
    if variant is not None and len(variant.trials) == 1:
        lines.append("- a second trial: the numbers are those of one")
    if run.engine.kind is EngineKind.PROCESS:
        lines.append("- containers: it was measured with local processes")
    for each in weaknesses(variant) if variant else ():
        lines.append(
            f"- what weakens the numbers: {markdown_text(each.rstrip('.'), MOST_FACT_CHARACTERS)}"
        )
    return "\n".join(lines)


def untried_layers(summary: Summary) -> list[str]:
    """The layers that no variant of the run had in exchange."""
    names = [each.name for each in summary.variants]
    return [
        layer
        for layer, endings in LAYERS.items()
        if not any(name.endswith(f"-{ending}") for name in names for ending in endings)
    ]


def weaknesses(variant: VariantSummary) -> list[str]:
    """The caveats; not that a leak was confirmed by more load, which weakens nothing."""
    is_leak = variant.verdict is Verdict.LEAK
    return [each for each in variant.caveats if not (is_leak and each.startswith(CONFIRMED))]
