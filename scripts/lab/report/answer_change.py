"""What changed between two answers about one app, in a sentence."""

from lab.records.app_answer import AppAnswer


def change_line(before: AppAnswer, now: AppAnswer) -> str:
    """Verdict, causes and holders against the last run's."""
    parts = [
        part
        for part in (
            moved("verdict", before.verdict.value, now.verdict.value),
            moved("cause", causes_of(before), causes_of(now)),
            moved("held by", holders_of(before), holders_of(now)),
        )
        if part
    ]
    if not parts:
        return f"Against the last run: still {now.verdict.value}, and the same cause."
    return f"Against the last run: {', '.join(parts)}."


def causes_of(answer: AppAnswer) -> str:
    return ", ".join(each.cause.value for each in answer.causes)


def holders_of(answer: AppAnswer) -> str:
    return "; ".join(each.rstrip(". ") for each in answer.held_by)


def moved(what: str, before: str, now: str) -> str:
    """The change of one part; empty where it is the same."""
    return "" if before == now else f"{what} {before or 'none'} → {now or 'none'}"
