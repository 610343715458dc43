"""Whose code owns a container: the app's, a package's or the standard library's."""

import sys
import types

import distributions
from reach import CODE_KINDS, distance, is_a


def module_of_step(found):
    """The module whose code made an object: its own of a function or class, else its type's."""
    if is_a(found, (types.FunctionType, type)):
        name = vars(found).get("__module__") if is_a(found, type) else found.__module__
    else:
        name = type.__dict__["__module__"].__get__(type(found))
    module = sys.modules.get(name) if type(name) is str else None
    return module if is_a(module, types.ModuleType) else None


def owner_of(path):
    """Whose code owns the container at the end of a path; None where nothing tells.

    The nearest object or function around it that is of the app or of a package decides, else the
    module of the path's root.
    """
    root, around = path[0], path[-2:0:-1]
    root_kind = distance(root.module)
    found = [(distance(module), module) for module in map(module_of_step, around) if module]
    kind, module = next((each for each in found if each[0] < 2), (root_kind, root.module))
    if module is None:
        return None
    return {
        "kind": CODE_KINDS[kind],
        "module": str(getattr(module, "__name__", "") or ""),
        "package": package_of(module) if kind == 1 else None,
        "is_in_app": root_kind == 0,
    }


def package_of(module):
    """The distribution whose files hold a module; None where none says so."""
    file = vars(module).get("__file__") if module is not None else None
    if type(file) is not str:
        return None
    return distributions.owners([file]).get(file)
