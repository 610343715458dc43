"""Modules that import an app object with the routes that its own module leaves to others."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lab.app.guess.folder import Folder
from lab.app.guess.layout import module_at
from lab.app.guess.reached_modules import reached_from
from lab.app.guess.source import AppObject, Module

ServedName = tuple[Module, AppObject]


def with_importers(folder: Folder, objects: Sequence[ServedName]) -> list[ServedName]:
    """App objects, each behind the modules by which alone its routes are imported."""
    ordered: list[ServedName] = []
    for module, app in objects:
        if not app.is_factory and not has_routes(folder, module, app.name):
            ordered += importers(folder, module, app)
        ordered.append((module, app))
    return ordered


def importers(folder: Folder, module: Module, app: AppObject) -> Iterator[ServedName]:
    """Modules that import the object, and what hangs routes on it; the nearest to it first."""
    others = [each for each in folder.modules if each is not module]
    for other in sorted(others, key=lambda each: each.path.count("/"), reverse=True):
        for name, full in other.names.items():
            base = full.removesuffix(app.name)
            if (
                base == full
                or module_at(folder, base.rstrip(".") or base, other.path) is not module
            ):
                continue
            if not is_router(other, name) and has_routes(folder, other, name):
                yield other, replace(app, name=name)


def has_routes(folder: Folder, module: Module, name: str) -> bool:
    """Whether a module, or one that it imports, hangs a route or a router on the object."""
    return any(is_router(each, name) for each in reached_from(folder, [module]))


def is_router(module: Module, name: str) -> bool:
    return (
        re.search(
            rf"\b{re.escape(name)}\.(\w*route|get|post|register|include|mount|add_)\w*\(",
            module.text,
        )
        is not None
    )
