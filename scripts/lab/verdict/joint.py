"""Several trials of one app: what they say together. Pure."""

from collections import Counter
from collections.abc import Sequence

from lab.records.judgement import STOPPED, Verdict


def joint_verdict(verdicts: Sequence[Verdict], *, complete: bool = True) -> Verdict:
    """The verdict of several trials of one app, from those that are decided.

    An open trial contradicts no other, but at least half must be decided. Where some are flat and
    some bounded it is what most of them say, and bounded when neither is more.

    Args:
        verdicts: of each trial.
        complete: whether every trial came to its end; else all must have one verdict.
    """
    if not complete and len(set(verdicts)) > 1:
        return Verdict.INCONCLUSIVE
    decided = [each for each in verdicts if each is not Verdict.INCONCLUSIVE]
    if not decided or 2 * len(decided) < len(verdicts):
        return Verdict.INCONCLUSIVE
    if len(set(decided)) > 1 and not STOPPED.issuperset(decided):
        return Verdict.INCONCLUSIVE
    return max(decided, key=lambda each: (decided.count(each), each is Verdict.BOUNDED))


def disagreement(verdicts: Sequence[Verdict], *, complete: bool = True) -> str | None:
    """Why trials that disagree decide nothing; None where they have one joint verdict."""
    counts = Counter(verdicts)
    joint = joint_verdict(verdicts, complete=complete)
    if len(counts) < 2 or joint is not Verdict.INCONCLUSIVE:
        return None
    said = ", ".join(f"{count} x {verdict.value}" for verdict, count in counts.most_common())
    return f"Its {len(verdicts)} trials disagree ({said}): run more TRIALS."
