"""The middleware that an app's own code registers with its framework, as its source says."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lab.app.guess.folder import read_folder
from lab.app.guess.frameworks import framework_of
from lab.app.guess.source import Module, dotted

STARLETTE, FLASK, DJANGO, AIOHTTP = "starlette", "flask", "django", "aiohttp"
"""The distributions whose middleware can be left out."""
QUART = "quart"
"""It brings Flask, and registers in Flask's words what Flask never calls."""
FLASK_HOOK = re.compile(r"(before|after|teardown)(_app)?_request")
DJANGO_ENTRY = re.compile(r"[A-Za-z_][\w.]*")
DJANGOS_OWN = "django."
ADDING = {"append": 0, "extend": 0, "insert": 1}
"""What adds to a list, and which of its arguments is what is added."""


def registered(folder: Path, installed: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the middleware that can be left out, each once, in the order of the source.

    Of Django's setting those that Django brings are left out only where there are no others: the
    app's code often needs their session and their user.

    Args:
        installed: the app's packages by their canonical names.
    """
    found = [
        (framework, name)
        for module in read_folder(folder).modules
        for framework, name in of_module(module)
        if framework in installed and not (framework == FLASK and QUART in installed)
    ]
    is_own = any(
        framework != DJANGO or not name.startswith(DJANGOS_OWN) for framework, name in found
    )
    names = (
        name
        for framework, name in found
        if not (is_own and framework == DJANGO and name.startswith(DJANGOS_OWN))
    )
    return tuple(dict.fromkeys(names))


def of_module(module: Module) -> Iterator[tuple[str, str]]:
    """The framework and the name of each."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            yield from of_call(node, module.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from of_decorators(node)
        elif isinstance(node, ast.Assign | ast.AugAssign):
            yield from of_assignment(node, module.names)


def of_call(call: ast.Call, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """`app.add_middleware(Some)`, `FastAPI(middleware=[...])`, `app.before_request(some)`."""
    last = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if last == "add_middleware" and call.args:
        yield STARLETTE, last_name(call.args[0], names)
    elif FLASK_HOOK.fullmatch(last) and call.args:
        yield FLASK, last_name(call.args[0], names)
    elif (framework := framework_of(dotted(call.func, names))) in ("fastapi", "starlette"):
        for each in listed_in(call, "middleware"):
            inner = each.args[0] if isinstance(each, ast.Call) and each.args else each
            yield STARLETTE, last_name(inner, names)
    elif framework == AIOHTTP:
        yield from ((AIOHTTP, last_name(each, names)) for each in listed_in(call, "middlewares"))
    elif last in ADDING and len(call.args) > ADDING[last] and adds_to_middlewares(call.func):
        added = call.args[ADDING[last]]
        yield from ((AIOHTTP, last_name(each, names)) for each in getattr(added, "elts", [added]))


def listed_in(call: ast.Call, name: str) -> list[ast.expr]:
    """What a keyword's list holds, or its value where that is none."""
    lists = [each.value for each in call.keywords if each.arg == name]
    return [item for value in lists for item in getattr(value, "elts", [value])]


def adds_to_middlewares(function: ast.expr) -> bool:
    """Whether it is a method of aiohttp's `app.middlewares`."""
    owner = function.value if isinstance(function, ast.Attribute) else function
    return isinstance(owner, ast.Attribute) and owner.attr == "middlewares"


def of_decorators(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """`@app.middleware("http")` and `@app.before_request`."""
    for each in node.decorator_list:
        function = each.func if isinstance(each, ast.Call) else each
        last = function.attr if isinstance(function, ast.Attribute) else ""
        if last == "middleware" and isinstance(each, ast.Call):
            yield STARLETTE, node.name
        elif FLASK_HOOK.fullmatch(last):
            yield FLASK, node.name


def of_assignment(
    node: ast.Assign | ast.AugAssign, names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """`MIDDLEWARE = [...]` of Django's settings, and `app.wsgi_app = Some(app.wsgi_app)`."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if isinstance(target, ast.Name) and target.id == "MIDDLEWARE":
            yield from (
                (DJANGO, each) for each in texts(node.value) if DJANGO_ENTRY.fullmatch(each)
            )
        elif isinstance(target, ast.Attribute) and target.attr == "wsgi_app":
            yield FLASK, last_name(node.value, names)


def texts(value: ast.expr) -> list[str]:
    constants = (each.value for each in ast.walk(value) if isinstance(each, ast.Constant))
    return [each for each in constants if isinstance(each, str)]


def last_name(value: ast.expr, names: Mapping[str, str]) -> str:
    """The last part of the full name of a class, a function, or of what is called."""
    called = value.func if isinstance(value, ast.Call) else value
    return dotted(called, names).rpartition(".")[2] or "one without a name"
