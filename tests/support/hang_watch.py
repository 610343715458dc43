"""A test that hangs: the stack of every thread is shown, then the process ends.

Pytest's own timer is a thread for each test, which took a second of a core in 6,000 tests. This one
is set anew every few seconds.
"""

import faulthandler
import os
import sys
import time

RENEWED_SECONDS = 5.0


class HangWatch:
    """Ends the process some seconds after a test began that does not end."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.renewed_at_seconds = seconds, -RENEWED_SECONDS
        # What a test prints is caught; tests replace sys.stderr and the clock.
        assert sys.__stderr__ is not None
        self.descriptor = os.dup(sys.__stderr__.fileno())
        self.now_seconds = time.monotonic

    def begin_test(self) -> None:
        """Give the test that begins its time, up to `RENEWED_SECONDS` less."""
        now = self.now_seconds()
        if now - self.renewed_at_seconds >= min(RENEWED_SECONDS, self.seconds / 2):
            self.renewed_at_seconds = now
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=self.descriptor)

    def renew(self) -> None:
        """Set it again with the next test: pytest has cancelled it, as it does when one fails."""
        self.renewed_at_seconds = -RENEWED_SECONDS

    def end(self) -> None:
        faulthandler.cancel_dump_traceback_later()
        os.close(self.descriptor)
