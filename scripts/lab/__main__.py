"""The Worker Memory Lab: measure web workers, judge and report what they keep."""

import argparse
import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from lab.commands.table import COMMANDS
from lab.errors import ExitCode, LabError
from lab.text.phrases import printable

MOST_ERROR_CHARACTERS = 4_000
"""The most of an error that is printed: what is wrong stands in its beginning."""


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """The words of the command line; `command` is the module that they chose.

    Raises:
        SystemExit: they are wrong, or ask for help.
        LabError: the command cannot be loaded.
    """
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    name = next((word for word in words if not word.startswith("-")), None)
    # With its name in front no other is looked for, or listed: each costs a millisecond.
    for entry in [each for each in COMMANDS if [each.name] == [*words[:1]]] or COMMANDS:
        added = commands.add_parser(entry.name, help=entry.help, description=entry.help)
        # Only that one: the others may need packages that this Python has not.
        if entry.name == name:
            command = entry.load()
            command.add_arguments(added)
            added.set_defaults(command=command)
    return parser.parse_args(words)


def stay_with_the_shell() -> None:
    """Heed Ctrl-C, which a shell's background job ignores, and end with the shell that waits."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM, 0, 0, 0)


def main(words: Sequence[str] | None = None) -> int:
    """The exit code of one command: the only place where errors become one."""
    if os.environ.get("LAB_IN_BACKGROUND"):
        stay_with_the_shell()
    try:
        arguments = parse_arguments(sys.argv[1:] if words is None else words)
        return int(arguments.command.run(arguments))
    except SystemExit as ended:
        return ExitCode.USAGE if ended.code else ExitCode.DECIDED
    except LabError as error:
        print(f"lab: {printable(str(error))[:MOST_ERROR_CHARACTERS]}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception:
        print(printable(traceback.format_exc()), file=sys.stderr, end="")
        print("lab: this is a fault of the lab itself; the raw files are kept", file=sys.stderr)
        return ExitCode.INTERNAL


if __name__ == "__main__":
    sys.exit(main())
