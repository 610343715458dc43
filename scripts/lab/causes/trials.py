"""Several trials of one app: what they say together. Pure."""

from collections import Counter
from collections.abc import Sequence

from lab.records.judgement import Verdict


def disagreement(verdicts: Sequence[Verdict]) -> str | None:
    """Why trials that disagree decide nothing; None where all say the same."""
    counts = Counter(verdicts)
    if len(counts) < 2:
        return None
    said = ", ".join(f"{count} x {verdict.value}" for verdict, count in counts.most_common())
    return f"its {len(verdicts)} trials disagree ({said}): run more TRIALS."
