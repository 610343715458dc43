"""What changed between two answers about one app, in a sentence."""

from lab.records.app_answer import AppAnswer
from lab.text.phrases import listed


def change_line(before: AppAnswer, now: AppAnswer) -> str:
    """A sentence on the verdict, the causes and the holders that changed since the last run."""
    parts = [
        part
        for part in (
            moved("verdict", [before.verdict.value], [now.verdict.value]),
            moved("cause", causes_of(before), causes_of(now)),
            moved("holder", holders_of(before), holders_of(now)),
        )
        if part
    ]
    if not parts:
        return f"Compared with the last run: still {now.verdict.value}, with the same cause."
    return f"Compared with the last run, {listed(parts)}."


def causes_of(answer: AppAnswer) -> list[str]:
    return [each.cause.value for each in answer.causes]


def holders_of(answer: AppAnswer) -> list[str]:
    return [each.rstrip(". ") for each in answer.held_by]


def moved(what: str, before: list[str], now: list[str]) -> str:
    """The change of one part; empty where it is the same."""
    if before == now:
        return ""
    return f"the {what} changed from {listed(before) or 'none'} to {listed(now) or 'none'}"
