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
COMMON = (dict, list, str, bytes, set, tuple, int, float, object, types.GeneratorType)
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


def stands_at(code, number):
    """Whether a code object has instructions of that line; cheap, as it reads none of them."""
    starts = (line for _, line in dis.findlinestarts(code))
    return number == code.co_firstlineno or number in starts


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
        at_line = [code for code in codes if stands_at(code, number)]
        for code in codes if around and at_line else at_line:
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


def methods_at(functions, number):
    """Methods of C that a line calls on something unknown, where one package alone has the name.

    Names that Python's own types have too tell nothing.
    """
    names = []
    for function in functions:
        for code in filter(lambda each: stands_at(each, number), codes_of(function.__code__)):
            names += [
                each.argval
                for line, each in lines_of(code)
                if line == number and each.opname in ATTRIBUTES and not is_common(each.argval)
            ]
    known = c_methods() if names else {}
    found = [known[name] for name in dict.fromkeys(names) if len(known.get(name, ())) == 1]
    return [pair for pairs in found for pair in pairs][:MOST_CALLEES]


def is_common(name):
    return any(hasattr(kind, name) for kind in COMMON)


def c_methods():
    """The methods of C of all types that packages' extensions define: (name, module) by name."""
    found, kinds = {}, [object]
    seen = {object, type}
    for kind in kinds:
        below = [each for each in type.__subclasses__(kind) if each not in seen]
        seen.update(below)
        kinds.extend(below)
        module = type.__dict__["__module__"].__get__(kind) if kind is not object else ""
        file = file_of(module) if type(module) is str else None
        if file is None or "-packages" + os.sep not in file or file.endswith(".py"):
            continue
        for name, each in list(vars(kind).items()):
            if type(each) in C_FUNCTIONS or type(each).__name__ == "cython_function_or_method":
                full = "%s.%s.%s" % (module, kind.__name__, name)
                found.setdefault(name, set()).add((full, module))
    return found


def attribute(holder, name):
    """An attribute read without running code; None where only running code would give it."""
    try:
        return inspect.getattr_static(holder, name)
    except AttributeError:
        return None


def is_of_c(found):
    kind = type(found)
    if issubclass(kind, type):
        return is_class_of_c(found)
    return kind in C_FUNCTIONS or kind.__name__ in ("cython_function_or_method", "ufunc")


def is_class_of_c(found):
    """Whether to call a class runs code of C: made before the interpreter ran, or in an extension.

    Errors are not: a line names them to raise or to catch them.
    """
    module = type.__dict__["__module__"].__get__(found)
    if module == "builtins" or type(module) is not str or issubclass(found, BaseException):
        return False
    if not found.__flags__ & 512:  # Py_TPFLAGS_HEAPTYPE
        return True
    file = file_of(module)
    return not file.endswith(".py") if file else module in sys.builtin_module_names


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
