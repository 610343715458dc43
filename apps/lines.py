"""Lines that allocated: the C functions that each calls, and the distributions of both."""

import os
import sys

import callees
import distributions

MOST_AROUND = 5
"""Lines of which the whole function is read where the line itself calls no package."""


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
    around = [
        callees.callees(functions.get(file, ()), number, around=True)
        for file, number in places[:MOST_AROUND]
    ]
    files = [callees.file_of(module) for found in calls + around for _, module in found]
    owners = distributions.owners([file for file, _ in places] + files)
    for index, (record, (file, _)) in enumerate(zip(lines, places)):  # noqa: B905 - Python 3.7
        record["package"] = owners.get(file)
        record["calls"] = with_owners(calls[index], owners)
        if index < MOST_AROUND and not any(each["package"] for each in record["calls"]):
            near = with_owners(around[index], owners)
            record["calls"] += [each for each in near if each["package"]]
    return lines


def with_owners(calls, owners):
    """Functions of C as records, each with the distribution of its module."""
    return [
        {"function": name, "package": owners.get(callees.file_of(module))} for name, module in calls
    ]
