"""What the runs of a script say: whether it shows the growth that the served app had."""

import re
from dataclasses import dataclass

from lab.reproducer.served_object import NotReproduced
from lab.text.phrases import clipped, number, printable

GROWS, STAYS = 1, 0
SAID = re.compile(r"^(?:grows|does not grow): (-?\d+) bytes a call$", re.MULTILINE)
FACTOR = 2.0
"""How far bytes a call and bytes a request may lie apart, as in the comparison of two runs."""
MOST_RESULT_CHARACTERS = 160


class NotGrown(NotReproduced):
    """The calls do not grow: the growth needs what they leave out."""


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """One run of a script."""

    status: int | None
    """Its exit code; None: it did not end in time."""
    output: str
    stopped_by: str = ""
    """Why the lab ended it; empty: it ended by itself."""


def rate_of(ran: ScriptRun) -> float:
    """Bytes a call.

    Raises:
        NotReproduced: the script did not come to its end; says the last line that it wrote.
    """
    rates = SAID.findall(ran.output)
    if ran.status in (GROWS, STAYS) and rates:
        return float(rates[-1])
    lines = [line for line in printable(ran.output).splitlines() if line.strip()]
    last = (
        clipped(" ".join(lines[-1].split()), MOST_RESULT_CHARACTERS) if lines else "it said nothing"
    )
    raise NotReproduced(ran.stopped_by or f"the script failed: {last}")


def check_grows(ran: ScriptRun, served_bytes: float) -> float:
    """Bytes a call, which are about those that the served app kept of a request.

    Raises:
        NotGrown: it does not grow.
        NotReproduced: it failed, or grows by another size.
    """
    rate = rate_of(ran)
    if ran.status != GROWS:
        raise NotGrown(f"does not grow ({number(rate)} bytes a call)")
    if not served_bytes / FACTOR <= rate <= served_bytes * FACTOR:
        raise NotReproduced(
            f"grows by {number(rate)} bytes a call, where the served app grew by "
            f"{number(served_bytes)} a call"
        )
    return rate


def check_stays(ran: ScriptRun) -> float:
    """Bytes a call with the mended release.

    Raises:
        NotReproduced: it failed, or grows there, too.
    """
    rate = rate_of(ran)
    if ran.status != STAYS:
        raise NotReproduced(f"grows with the mended release, too ({number(rate)} bytes a call)")
    return rate
