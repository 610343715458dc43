"""What holds for all tests."""

import signal


def pytest_configure() -> None:
    """A shell has what it starts in the background ignore these, and so would all it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
