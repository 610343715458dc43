"""What an app's Python files say of its framework: by their syntax tree, never by running them."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

APP_CLASSES: Mapping[str, str] = {
    "FastAPI": "fastapi",
    "Flask": "flask",
    "Starlette": "starlette",
    "Application": "aiohttp",
}
"""What is called to make the app object, and whose it is."""
FRAMEWORKS = ("fastapi", "flask", "starlette", "aiohttp", "django")
ROUTES = ("get", "route")
"""Decorators that name a path which can be asked for."""


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file, as far as a guess needs it."""

    name: str
    """As it is imported from the folder, e.g. `shop.web`."""
    path: str
    imports: frozenset[str]
    app: tuple[str, str] | None
    """The app object's name and its framework."""
    runs: bool
    """Whether it does something when it is run as a program."""
    routes: tuple[str, ...]
    """Paths without parameters that a GET can ask for."""
    makes_wsgi: bool
    """Whether it calls Django's `get_wsgi_application`."""


def read_module(path: str, text: str) -> Module | None:
    """None when it is not Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    imports = frozenset(imported(tree))
    return Module(
        name=path.removesuffix(".py").removesuffix("/__init__").replace("/", "."),
        path=path,
        imports=imports,
        app=app_object(tree, imports),
        runs=any(is_main_guard(node) for node in tree.body),
        routes=tuple(routes(tree)),
        makes_wsgi="get_wsgi_application" in text,
    )


def imported(tree: ast.Module) -> Iterator[str]:
    """The packages that are imported anywhere, by their first name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def app_object(tree: ast.Module, imports: frozenset[str]) -> tuple[str, str] | None:
    """The first `name = FastAPI(...)` and its like at the top of a file."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            framework = APP_CLASSES.get(called(node.value.func))
            target = node.targets[0]
            if framework in imports and framework and isinstance(target, ast.Name):
                return target.id, framework
    return None


def called(function: ast.expr) -> str:
    """The last name of what is called: `Application` of `web.Application`."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def routes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and called(decorator.func) in ROUTES:
                    yield from plain_path(decorator)


def plain_path(decorator: ast.Call) -> Iterator[str]:
    first = decorator.args[0] if decorator.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        path = first.value
        if path.startswith("/") and not set("{<:") & set(path):
            yield path
