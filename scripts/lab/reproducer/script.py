"""The text of `reproduce.py` and of its test."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.reproducer.calls import Calls
from lab.reproducer.served_object import NotReproduced
from lab.text.phrases import number, printable, size
from lab.units import MIB

NAME, TEST_NAME = "reproduce.py", "test_growth.py"
REASON_NAME = "not-reproduced.txt"
"""Why there is no script, where none was written."""
MOST_SCRIPT_LINES = 60
MOST_SCRIPT_CHARACTERS = 16_000
MOST_PINS = 40
SCRIPT_BLOCK_BYTES = MIB
"""What the calls of a block keep together when they grow: far above noise."""
FEWEST_CALLS, MOST_CALLS = 5, 20_000
BLOCK_SECONDS = 5
"""Calls that cost more are fewer: the ten blocks take less than a minute."""
OWN_IMPORTS = ("gc", "os", "resource", "sys", "time")
FAILS = "sys.excepthook = lambda *error: (sys.__excepthook__(*error), os._exit(2))"
"""A call that fails ends with another exit code than growth."""
MEASURE = """
def memory_bytes():
    gc.collect()
    if sys.platform != "linux":  # the peak has to do
        return resource.getrusage(0).ru_maxrss * 1024 ** (sys.platform != "darwin")
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def measure(calls={calls}, seconds={seconds}, grows_bytes={grows}):  # a block at most; bytes a call
    marks = [(0, memory_bytes(), sys.getallocatedblocks())]
    rate = lambda a=-2, b=-1, of=1: (marks[b][of] - marks[a][of]) / (marks[b][0] - marks[a][0])
    for block in range(10):
        number, until = marks[-1][0], time.monotonic() + seconds
        while number < marks[-1][0] + calls and time.monotonic() < until:
            call(number)
            number += 1
        marks.append((number, memory_bytes(), sys.getallocatedblocks()))
        print("%d calls: %.0f bytes, %.2f blocks a call" % (number, rate(), rate(of=2)), flush=True)
    least = min(rate(2, 6), rate(6, 10))  # the first two fill caches; both halves of the rest grow
    ends = 2 if number - marks[2][0] < calls else int(least > grows_bytes)
    print(("does not grow", "grows", "too few calls")[ends] + ": %.0f bytes a call" % least)
    return ends
sys.exit(measure())
"""
TEST = '''"""`pytest test_growth.py` fails while the calls of reproduce.py keep memory."""
import pathlib
import subprocess
import sys


def test_memory_does_not_grow():
    script = pathlib.Path(__file__).with_name("reproduce.py")
    done = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stdout.decode()
'''


@dataclass(frozen=True, slots=True)
class ScriptOrigin:
    """What was measured, of which a script is made."""

    rate_bytes: float
    """Growth of the served app, bytes a request."""
    python: str
    """The minor version, such as `3.8`."""
    pins: Mapping[str, str]
    """The distributions of its environment."""
    subject: str
    """What holds the memory, such as `ujson 5.3.0`."""


def script_text(origin: ScriptOrigin, calls: Calls) -> str:
    """The script.

    Raises:
        NotReproduced: it would be too long for one file.
    """
    measure = MEASURE.strip("\n").format(
        calls=calls_a_block(rate_a_call(origin, calls)),
        seconds=BLOCK_SECONDS,
        grows=grows_bytes(origin, calls),
    )
    text = "\n".join((header(origin, calls), calls.text, "", measure)) + "\n"
    lines = len(text.splitlines())
    if lines > MOST_SCRIPT_LINES or len(text) > MOST_SCRIPT_CHARACTERS:
        raise NotReproduced(
            f"{calls.said} needs {lines} lines and {size(len(text))}, more than the "
            f"{MOST_SCRIPT_LINES} lines of one file"
        )
    return text


def rate_a_call(origin: ScriptOrigin, calls: Calls) -> float:
    """What the served app kept of one call, in bytes."""
    return origin.rate_bytes / calls.per_request


def grows_bytes(origin: ScriptOrigin, calls: Calls) -> int:
    """Bytes a call from which on a script says that it grows."""
    return max(1, round(rate_a_call(origin, calls) / 2))


def calls_a_block(rate_bytes: float) -> int:
    return min(MOST_CALLS, max(FEWEST_CALLS, math.ceil(SCRIPT_BLOCK_BYTES / max(rate_bytes, 1.0))))


def header(origin: ScriptOrigin, calls: Calls) -> str:
    """The metadata of the script, what it shows, and its own imports."""
    pins = ", ".join(f'"{name}=={version}"' for name, version in pinned(origin, calls))
    subject = plain(f"{origin.subject}: {calls.said}, without a server.")
    rate = f"The served app kept {number(origin.rate_bytes)} bytes a request"
    if calls.per_request != 1:
        rate += f", in {number(calls.per_request, 1)} calls"
    least = number(grows_bytes(origin, calls))
    return "\n".join(
        (
            "# /// script",
            f'# requires-python = "=={origin.python}.*"',
            f"# dependencies = [{pins}]",
            "# ///",
            f'"""{subject}',
            f'{rate}. Exits: 1 from {least} bytes a call on, 0 below, 2 else, within a minute."""',
            f"import {', '.join(sorted((*OWN_IMPORTS, *calls.modules)))}",
            FAILS,
        )
    )


def pinned(origin: ScriptOrigin, calls: Calls) -> Sequence[tuple[str, str]]:
    """The names and versions of the packages that a script's header pins.

    Raises:
        NotReproduced: they are too many for a line of a script.
    """
    wanted = [(n, v) for n, v in origin.pins.items() if calls.needs is None or n in calls.needs]
    if len(wanted) > MOST_PINS:
        raise NotReproduced(
            f"the app has {len(wanted)} packages, more than the {MOST_PINS} of one header"
        )
    return wanted


def plain(text: str) -> str:
    """A text that ends no docstring and is one line."""
    return " ".join(printable(text).replace("\\", "/").replace('"', "'").split())
