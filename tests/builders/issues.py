"""Issues of answers with a leak."""

from dataclasses import replace

from builders.app_answers import app_answer, own_summary
from lab.records.holders import Package
from lab.records.judgement import Interval
from lab.records.summary import Summary
from lab.share.issue import issue_text
from lab.share.issue_facts import IssueInput

TRACKER = "https://github.com/x/y/issues"


def leak_in(name: str, tracker: str | None = TRACKER, **versions: str) -> Summary:
    found = own_summary()
    interval = Interval(74_000, 73_900, 74_100)
    variant = replace(
        found.variants[0],
        growth_bytes_per_request=interval,
        versions={"python": "3.12.1", name: "1.2.3", **versions},
    )
    own = replace(app_answer(), package=Package(name, "1.2.3", tracker))
    return replace(found, variants=(variant,), own=own)


ENDINGS = {"reproduce": "py", "not_reproduced": "txt"}


def issue(given: Summary, **pages: str) -> str:
    names = {n: f"{n.replace('_', '-')}.{ENDINGS.get(n, 'md')}" for n in pages}
    return issue_text(IssueInput(given, {names[n]: text for n, text in pages.items()}))
