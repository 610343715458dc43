"""Exit codes, and the one exception that a user is meant to read."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the driver's exit says; only `__main__` turns outcomes into these."""

    DECIDED = 0
    FAILED = 1
    """What FAIL_ON names came out, a bound of `lab validate` is missed, or results differ that
    `lab verify` or `lab rerun` compares."""
    UNDECIDED = 2
    INCOMPLETE = 3
    USAGE = 64
    INTERNAL = 70
    INTERRUPTED = 130


class LabError(Exception):
    """A failure with one clear line for the user: what is wrong, where, what to do."""

    exit_code = ExitCode.INCOMPLETE


class UsageError(LabError):
    """The input cannot be used: a setting, a file, a name."""

    exit_code = ExitCode.USAGE


class WriteError(LabError):
    """Results cannot be written: no other variant can be measured either."""


class VariantError(LabError):
    """One variant cannot go on; the others do."""
