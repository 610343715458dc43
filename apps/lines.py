"""Lines that allocated: the C functions that each calls, and the distributions of both."""

import os
import sys

import callees
import distributions


def shown(file):
    """A file without the folders of this machine in front of the interpreter's or the packages'."""
    for prefix in sorted({sys.prefix, sys.base_prefix}, key=len, reverse=True):
        if file.startswith(prefix + os.sep):
            return file[len(prefix) :]
    return file


def owned(lines, places):
    """The records of lines with what each calls, and whose code both are.

    Args:
        places: the file and the number of each line.
    """
    functions = callees.functions_of({file for file, _ in places})
    calls = [callees.callees(functions.get(file, ()), number) for file, number in places]
    files = [callees.file_of(module) for found in calls for _, module in found]
    owners = distributions.owners([file for file, _ in places] + files)
    for record, (file, _), found in zip(lines, places, calls):  # noqa: B905 - Python 3.7
        record["package"] = owners.get(file)
        record["calls"] = [
            {"function": name, "package": owners.get(callees.file_of(module))}
            for name, module in found
        ]
    return lines
