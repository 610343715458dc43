"""A test that hangs ends its process, and shows where it was."""

import subprocess
import sys

from support.paths import ROOT

HANGS = """
import sys, time
sys.path.insert(0, "tests")
from support.hang_watch import HangWatch
watch = HangWatch(0.2)
watch.begin_test()
if sys.argv[1] == "again":
    watch.begin_test()
if sys.argv[1] == "failed":
    import faulthandler
    faulthandler.cancel_dump_traceback_later()
    watch.renew()
    watch.begin_test()
def hanging(): time.sleep(20)
hanging()
"""


def test_it_ends_with_the_stack_however_the_test_before_it_ended() -> None:
    for before in ("first", "again", "failed"):
        words = [sys.executable, "-c", HANGS, before]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=15)

        assert done.returncode == 1, before
        assert "in hanging" in done.stderr, before
