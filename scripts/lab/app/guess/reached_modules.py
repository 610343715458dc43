"""What the program that serves imports, itself and through the project's other files."""

import re
from collections.abc import Iterator, Sequence

from lab.app.guess.distributions import distributions
from lab.app.guess.folder import Folder
from lab.app.guess.layout import module_at
from lab.app.guess.namespaces import SHARED
from lab.app.guess.source import Module

TARGET = re.compile(r"([\w.]+):\w|([\w./-]+)\.py\b|-m ([\w.]+)")
"""What a command runs: `shop.web:app`, `shop/web.py`, `-m shop`."""


def reached_packages(folder: Folder, line: str, local: frozenset[str]) -> list[str]:
    """The distributions that a command's program needs, by the imports that it comes to.

    Args:
        line: the command.
        local: first names of what the project itself can be imported by.
    """
    used = {name for module in reached_modules(folder, line) for name in module.imports}
    return distributions(used - SHARED, local)


def reached_modules(folder: Folder, line: str) -> list[Module]:
    """The project's modules that a command's program imports, directly or not."""
    first = [module for module in folder.modules if starts(module, line)]
    if any("django" in module.imports for module in first):
        return list(folder.modules)  # its settings name the others by texts
    return reached_from(folder, first)


def reached_from(folder: Folder, first: Sequence[Module]) -> list[Module]:
    """Modules, and those of the project that they import, directly or not."""
    left = list(first)
    seen = {module.path: module for module in left}
    while left:
        for module in imported_modules(folder, left.pop()):
            if module.path not in seen:
                seen[module.path] = module
                left.append(module)
    return list(seen.values())


def starts(module: Module, line: str) -> bool:
    path = module.path.removesuffix(".py").removesuffix("/__init__").removesuffix("/__main__")
    names = (name for match in TARGET.findall(line) for name in match if name)
    return any(f"/{path}".endswith(f"/{name.replace('.', '/').strip('/')}") for name in names)


def imported_modules(folder: Folder, module: Module) -> Iterator[Module]:
    for full in module.names.values():
        for name in (full, full.rpartition(".")[0]):
            if name.strip(".") and (found := module_at(folder, name, module.path)):
                yield found
