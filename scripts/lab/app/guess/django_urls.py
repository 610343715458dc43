"""The paths of a Django project, from its URL files on."""

import ast
import re
from collections.abc import Iterator

from lab.app.guess.folder import Folder
from lab.app.guess.layout import module_at
from lab.app.guess.routes import Route, is_text, text_argument, unique
from lab.app.guess.source import Module, dotted

MAX_INCLUDE_DEPTH = 6


def django_routes(folder: Folder) -> list[Route]:
    """The routes of a Django project that a GET can ask for; empty where there is none."""
    root = root_urls(folder)
    if root is None:
        return []
    return unique(routes_below(folder, root, "/", 0))


def root_urls(folder: Folder) -> Module | None:
    """The module that ROOT_URLCONF names, else the `urls.py` nearest to the top."""
    for module in folder.modules:
        match = re.search(r"^ROOT_URLCONF\s*=\s*['\"]([\w.]+)", module.text, re.MULTILINE)
        if match and (root := module_at(folder, match[1], module.path)):
            return root
    if not any("django" in module.imports for module in folder.modules):
        return None
    return next((m for m in folder.modules if m.path.endswith("urls.py")), None)


def routes_below(folder: Folder, module: Module, before: str, depth: int) -> Iterator[Route]:
    if depth > MAX_INCLUDE_DEPTH:
        return
    registered = registrations(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and len(node.args) > 1 and is_text(node.args[0]):
            last = dotted(node.func, module.names).rpartition(".")[2]
            text, view = str(getattr(node.args[0], "value", "")), node.args[1]
            if last not in ("path", "re_path", "url"):
                continue
            part = before + (text if last == "path" else text.lstrip("^").rstrip("$"))
            if (router := router_in(view)) in registered:
                for name in registered.pop(router):
                    yield from complete(f"{part}{name}/", module)
            elif isinstance(view, ast.Call) and dotted(view.func, module.names).endswith("include"):
                for other in included(folder, module, view):
                    yield from routes_below(folder, other, part, depth + 1)
            elif "admin.site" in dotted(view, module.names):
                yield from complete(f"{part}login/", module)
            else:
                yield from complete(part, module)
    for name in (name for names in registered.values() for name in names):
        yield from complete(f"{before}{name}/", module)


def registrations(module: Module) -> dict[str, list[str]]:
    """What is registered with each router of REST framework's, by the router's name."""
    prefixes: dict[str, list[str]] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if node.func.attr == "register" and isinstance(owner, ast.Name) and len(node.args) > 1:
                text = text_argument(node, "prefix")
                if text is not None:
                    prefixes.setdefault(owner.id, []).append(text.strip("^/"))
    return prefixes


def router_in(view: ast.expr) -> str:
    """The router whose `urls` a view includes; empty for anything else."""
    argument = view.args[0] if isinstance(view, ast.Call) and view.args else view
    if isinstance(argument, ast.Attribute) and argument.attr == "urls":
        return getattr(argument.value, "id", "")
    return ""


def included(folder: Folder, module: Module, call: ast.Call) -> Iterator[Module]:
    for argument in call.args[:1]:
        first = argument.elts[0] if isinstance(argument, ast.Tuple) and argument.elts else argument
        name = str(getattr(first, "value", "")) if is_text(first) else dotted(first, module.names)
        if target := module_at(folder, name, module.path):
            yield target


def complete(path: str, module: Module) -> Iterator[Route]:
    """A whole path, when nothing in it needs a value."""
    if not re.search(r"[<(\[\\?*$^]", path) and re.fullmatch(r"/[!-~]*", path):
        yield Route(path, module.path)
