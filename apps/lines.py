"""Lines that allocated: the C functions that each calls, and the distributions of both."""

import os
import sys

import callees
import distributions

MOST_AROUND = 5
"""Lines for which more than the line itself is read."""
MOST_OUTER = 6
"""Lines of a stack that are read."""


def shown(file):
    """A file without the folders of this machine in front of the interpreter's or the packages'."""
    for prefix in sorted({sys.prefix, sys.base_prefix}, key=len, reverse=True):
        if file.startswith(prefix + os.sep):
            return file[len(prefix) :]
    return file


def owned(lines, stacks):
    """The records of lines with what each calls, and whose code both are.

    Where a line itself calls no package, what leads there does, or the function around it.

    Args:
        stacks: (file, number) of each line and of those that led there, the innermost first.
    """
    functions = callees.functions_of({file for stack in stacks for file, _ in stack[:MOST_OUTER]})
    calls = [called_at(functions, *stack[0]) for stack in stacks]
    near = [nearby(functions, stack) for stack in stacks[:MOST_AROUND]]
    files = [callees.file_of(module) for found in calls + near for _, module in found]
    owners = distributions.owners([stack[0][0] for stack in stacks] + files)
    for index, (record, stack) in enumerate(zip(lines, stacks)):  # noqa: B905 - Python 3.7
        record["package"] = owners.get(stack[0][0])
        record["calls"] = with_owners(calls[index], owners)
        if index < MOST_AROUND and not any(each["package"] for each in record["calls"]):
            others = with_owners(near[index], owners)
            record["calls"] += [each for each in others if each["package"]]
    return lines


def called_at(functions, file, number):
    return callees.callees(functions.get(file, ()), number)


def nearby(functions, stack):
    """What the lines that led to one call, then what the function around it does."""
    found = []
    for file, number in stack[1:MOST_OUTER]:
        found += called_at(functions, file, number)
    for file, number in stack[:MOST_OUTER]:
        found += callees.methods_at(functions.get(file, ()), number)
    file, number = stack[0]
    return found + callees.callees(functions.get(file, ()), number, around=True)


def with_owners(calls, owners):
    """Functions of C as records, each with the distribution of its module."""
    return [
        {"function": name, "package": owners.get(callees.file_of(module))} for name, module in calls
    ]
