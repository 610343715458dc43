"""What changed between two answers about one app, in a sentence."""

from lab.records.app_answer import AppAnswer
from lab.records.interventions import AGAIN
from lab.records.summary import Summary
from lab.text.phrases import listed, size


def change_line(before: Summary, now: Summary) -> str:
    """A sentence on the verdict, the causes and the holders that changed since the last run, and on
    the bytes a request; empty where one of them has no answer about an app."""
    was, own = before.own, now.own
    if was is None or own is None:
        return ""
    parts = [
        part
        for part in (
            moved("verdict", [was.verdict.value], [own.verdict.value]),
            moved("cause", causes_of(was), causes_of(own)),
            moved("holder", holders_of(was), holders_of(own)),
        )
        if part
    ]
    rates = f"{rate_of(now, own)} in place of {rate_of(before, was)} a request"
    if not parts:
        same = f"still {own.verdict.value}, with the same cause"
        return f"Compared with the last run: {same}; {rates}."
    return f"Compared with the last run, {listed(parts)}; {rates}."


def rate_of(summary: Summary, answer: AppAnswer) -> str:
    """The growth that was judged, in bytes a request: of the repetition where there is one."""
    rates = {each.name: each.growth_bytes_per_request for each in summary.variants}
    rate = rates.get(f"{answer.variant}-{AGAIN}") or rates.get(answer.variant)
    return "an unknown number" if rate is None else size(rate.estimate)


def causes_of(answer: AppAnswer) -> list[str]:
    return [each.cause.value for each in answer.causes]


def holders_of(answer: AppAnswer) -> list[str]:
    """By name: how much each holds differs from run to run."""
    return [each.partition(" (")[0].rstrip(". ") for each in answer.held_by]


def moved(what: str, before: list[str], now: list[str]) -> str:
    """The change of one part; empty where it is the same."""
    if before == now:
        return ""
    return f"the {what} changed from {listed(before) or 'none'} to {listed(now) or 'none'}"
