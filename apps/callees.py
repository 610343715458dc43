"""Which functions of C a line of Python calls, found in its byte code without running it."""

import dis
import gc
import inspect
import os
import sys
import types

C_FUNCTIONS = (
    types.BuiltinFunctionType,
    type(str.join),
    type(dict.__dict__["fromkeys"]),
    type(object.__init__),
)
MOST_CALLEES = 4
LOADS = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_FAST")
ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")


def functions_of(files):
    """The functions whose code stands in one of these files, by the file."""
    found = {}
    for each in gc.get_objects():
        if type(each) is types.FunctionType and each.__code__.co_filename in files:
            found.setdefault(each.__code__.co_filename, []).append(each)
    return found


def lines_of(code):
    """(line, instruction) of a code object."""
    line = code.co_firstlineno
    starts = dict(dis.findlinestarts(code))
    for instruction in dis.get_instructions(code):
        line = starts.get(instruction.offset, line)
        yield line, instruction


def codes_of(code):
    """A code object and those that stand in it: of comprehensions and inner functions."""
    yield code
    for each in code.co_consts:
        if type(each) is types.CodeType:
            yield from codes_of(each)


def callees(functions, number, around=False):
    """C functions that the line of that number refers to: (name, module) of each.

    Args:
        around: all that the function around the line refers to: a line may iterate over what
            another one made.
    """
    found = []
    for function in functions:
        codes = list(codes_of(function.__code__))
        if around and not any(line == number for each in codes for line, _ in lines_of(each)):
            continue
        for code in codes:
            found.extend(referred(code, function.__globals__, None if around else number))
    unique = list(dict.fromkeys(found))
    return unique[:MOST_CALLEES]


def referred(code, names, number):
    """The C functions among what a line loads, by chains of names such as `ujson.dumps`.

    Args:
        number: the line; None for all of them.
    """
    here = None
    for line, instruction in lines_of(code):
        if number is not None and line != number:
            here = None
            continue
        if instruction.opname in LOADS:
            here = names.get(instruction.argval) if instruction.opname in LOADS[:2] else None
        elif instruction.opname in ATTRIBUTES and here is not None:
            here = attribute(here, instruction.argval)
        else:
            continue
        if here is not None and is_of_c(here):
            yield name_of(here), module_of(here)


def attribute(holder, name):
    """An attribute read without running code; None where only running code would give it."""
    try:
        return inspect.getattr_static(holder, name)
    except AttributeError:
        return None


def is_of_c(found):
    kind = type(found)
    if issubclass(kind, type):
        return not found.__flags__ & 512 and found.__module__ != "builtins"  # Py_TPFLAGS_HEAPTYPE
    return kind in C_FUNCTIONS or kind.__name__ in ("cython_function_or_method", "ufunc")


def name_of(found):
    module = module_of(found)
    name = getattr(found, "__qualname__", None) or getattr(found, "__name__", "?")
    return "%s.%s" % (module, name) if module else str(name)


def module_of(found):
    owner = getattr(found, "__objclass__", None)
    module = getattr(found, "__module__", None) or getattr(owner, "__module__", None)
    return module if type(module) is str else ""


def file_of(module):
    """The file of a loaded module; None for what is built into the interpreter."""
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None) if type(found) is types.ModuleType else None
    return os.path.abspath(file) if type(file) is str else None
