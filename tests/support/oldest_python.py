"""The oldest interpreter that is here."""

import sys

from lab.engines.process.interpreters import find_interpreter


def oldest() -> str:
    interpreter = find_interpreter("3.7")
    return str(interpreter.executable) if interpreter else sys.executable
