"""What an app's Python files say of its framework: by their syntax tree, never by running them."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lab.app.guess.frameworks import framework_of

FACTORY_NAMES = ("create_app", "make_app", "get_app", "get_application", "create_application")
SERVING = frozenset(
    {"run_app", "serve_forever", "run_simple", "make_server", "start_server", "create_server"}
    | {"listen", "serve", "TCPSite", "HTTPServer", "ThreadingHTTPServer", "WSGIServer"}
)
"""Last names of calls that serve, in a program that imports a server or a framework."""
RUNNING_ELSE = frozenset(
    {"asyncio", "anyio", "trio", "loop", "subprocess", "cursor", "session", "scheduler", "self"}
    | {"db", "conn", "connection", "cli", "mcp", "runner", "unittest", "pytest", "os"}
)
"""Objects whose `run` starts no server."""
SEEDING = re.compile(
    r"(^|_)(init|seed|fill|populate|prepare|setup|create|reset|drop|load|import|migrate|helpers?)"
    r"(_|\d*$)"
)
"""Names of programs that make a database ready."""
SERVERS = frozenset(
    {"uvicorn", "gunicorn", "hypercorn", "waitress", "wsgiref", "werkzeug", "cheroot", "granian"}
    | {"cherrypy", "gevent", "eventlet", "bjoern", "socketserver", "http", "asyncio", "socketio"}
    | {"flask", "quart", "sanic", "aiohttp", "tornado", "bottle", "fastapi", "falcon", "pyramid"}
    | {"litestar", "starlette", "blacksheep"}
)
MAX_NODES = 60_000


@dataclass(frozen=True, slots=True)
class AppObject:
    """An app object, or a function that makes one."""

    name: str
    framework: str | None
    """None: an imported function made it; other files tell the framework."""
    is_factory: bool = False
    made_by: str = ""
    """The full name of what was called."""


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file, as far as a guess needs it."""

    path: str
    imports: frozenset[str]
    """The packages that it cannot do without, by their first name."""
    names: Mapping[str, str]
    """What its imported names stand for, in full; dots lead what is relative."""
    apps: tuple[AppObject, ...]
    runs: bool
    """Whether it does something when it is run as a program."""
    serves: bool
    """Whether what it does then is to serve."""
    is_relative: bool
    """Whether it imports relative to its own package."""
    text: str = field(repr=False, compare=False)
    tree: ast.Module = field(repr=False, compare=False)


def read_module(path: str, text: str) -> Module | None:
    """The module of a text; None: it is not Python, or too long to be worth a look."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        return None
    names = imported_names(tree)
    imports = frozenset(needed_imports(tree.body))
    runs = any(is_main_guard(node) for node in tree.body)
    stem = path.rpartition("/")[2].removesuffix(".py")
    serving = not SEEDING.search(stem) and any(is_serving(n, names) for n in ast.walk(tree))
    return Module(
        path=path,
        imports=imports,
        names=names,
        apps=tuple(app_objects(tree, names)),
        runs=runs or any(is_serving_line(node, names) for node in tree.body),
        serves=serving and bool(imports & SERVERS or names),
        is_relative=any(isinstance(n, ast.ImportFrom) and n.level for n in ast.walk(tree)),
        text=text,
        tree=tree,
    )


def imported_names(tree: ast.Module) -> dict[str, str]:
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            joint = "" if base.endswith(".") or not base else "."
            names.update({a.asname or a.name: f"{base}{joint}{a.name}" for a in node.names})
    return names


def needed_imports(body: list[ast.stmt]) -> Iterator[str]:
    """First names of the modules that a file needs, without those whose failure it catches or that
    only type checkers read."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from needed_imports(node.orelse)
        elif isinstance(node, ast.Try) and any(catches_import(h) for h in node.handlers):
            yield from needed_imports([*node.orelse, *node.finalbody])
        else:
            inner = (child for child in ast.walk(node) if child is not node)
            imports = [child for child in inner if isinstance(child, ast.Import | ast.ImportFrom)]
            yield from needed_imports([*imports])


def catches_import(handler: ast.ExceptHandler) -> bool:
    caught = ast.dump(handler.type) if handler.type else "ImportError"
    return "ImportError" in caught or "ModuleNotFoundError" in caught


def dotted(function: ast.expr, names: Mapping[str, str]) -> str:
    """The full name of what is called: `aiohttp.web.Application` of `web.Application`."""
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if isinstance(function, ast.Call):
        parts.append(dotted(function.func, names))
    elif isinstance(function, ast.Name):
        parts.append(names.get(function.id, function.id))
    return ".".join(reversed(parts))


def last_name(function: ast.expr) -> str:
    """The name of what is called without what it belongs to: `get` of `app.get`."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def decorating_calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that decorate a function or a class; none of any other node."""
    for decorator in getattr(node, "decorator_list", ()):
        if isinstance(decorator, ast.Call):
            yield decorator


def app_objects(tree: ast.Module, names: Mapping[str, str]) -> Iterator[AppObject]:
    """The app objects at the top of a file, then the functions that make one."""
    classes = subclasses(tree, names)
    factories = {made.name: made for made in found_factories(tree, names, classes)}
    for name, call in assigned_calls(tree.body):
        called = dotted(call.func, names)
        framework = framework_of(called) or classes.get(called)
        if framework is None and called in factories:
            framework = factories[called].framework
        last = called.rpartition(".")[2]
        if framework or is_factory_name(last):
            yield AppObject(name, framework, made_by=called)
    yield from factories.values()


def subclasses(tree: ast.Module, names: Mapping[str, str]) -> dict[str, str]:
    frameworks = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                if framework := framework_of(dotted(base, names)):
                    frameworks[node.name] = framework
    return frameworks


def assigned_calls(body: list[ast.stmt]) -> Iterator[tuple[str, ast.Call]]:
    """`name = made()` at the top of a file, in its conditions as well."""
    for node in body:
        if isinstance(node, ast.If) and is_main_guard(node):
            continue
        if isinstance(node, ast.If | ast.Try | ast.With):
            nested = [*node.body, *getattr(node, "orelse", [])]
            yield from assigned_calls(nested)
            continue
        value = getattr(node, "value", None)
        value = value.value if isinstance(value, ast.Await) else value
        if isinstance(node, ast.Assign) and isinstance(value, ast.Call):
            targets = [target for target in node.targets if isinstance(target, ast.Name)]
            yield from ((target.id, value) for target in targets)
        target = getattr(node, "target", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Call):
            yield target.id, value


def is_factory_name(name: str) -> bool:
    return name.lstrip("_") in FACTORY_NAMES or (
        name.startswith(("create", "make", "build", "init", "get")) and name.endswith("app")
    )


def found_factories(
    tree: ast.Module, names: Mapping[str, str], classes: Mapping[str, str]
) -> Iterator[AppObject]:
    """Functions that return an app object and can be called without an argument."""
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for node in functions:
        framework = made_framework(node, names, classes)
        if framework and not required_arguments(node):
            yield AppObject(node.name, framework, is_factory=True)
        elif is_factory_name(node.name) and not required_arguments(node):
            yield AppObject(node.name, None, is_factory=True)


def made_framework(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    names: Mapping[str, str],
    classes: Mapping[str, str],
) -> str | None:
    """The framework of what a function returns: by its annotation, else by what made it."""
    if node.returns is not None and (stated := framework_of(dotted(node.returns, names))):
        return stated
    made = {}
    for name, call in inner_calls(node):
        called = dotted(call.func, names)
        if framework := framework_of(called) or classes.get(called):
            made[name] = framework
    for each in ast.walk(node):
        if isinstance(each, ast.Return) and each.value is not None:
            if isinstance(each.value, ast.Name) and each.value.id in made:
                return made[each.value.id]
            if isinstance(each.value, ast.Call):
                called = dotted(each.value.func, names)
                if framework := framework_of(called) or classes.get(called):
                    return framework
    return None


def inner_calls(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for each in ast.walk(node):
        if isinstance(each, ast.Assign | ast.AnnAssign) and isinstance(each.value, ast.Call):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            yield from ((t.id, each.value) for t in targets if isinstance(t, ast.Name))


def required_arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    given = node.args
    positional = len(given.posonlyargs) + len(given.args) - len(given.defaults)
    return positional + sum(1 for default in given.kw_defaults if default is None)


def is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "'__name__'" in ast.dump(node.test)


def is_serving(node: ast.AST, names: Mapping[str, str]) -> bool:
    """Whether a node serves, as `app.run()`, `uvicorn.run(...)` and `run_app(...)` do, and
    `asyncio.run(...)` does not."""
    if not isinstance(node, ast.Call):
        return False
    owner, _, last = dotted(node.func, names).rpartition(".")
    if last in SERVING:
        return True
    return last in ("run", "execute_from_command_line") and bool(
        owner and owner.partition(".")[0] not in RUNNING_ELSE
    )


def is_serving_line(node: ast.stmt, names: Mapping[str, str]) -> bool:
    """Whether a statement at the top of a file serves without a guard, as `app.run()` does."""
    return isinstance(node, ast.Expr) and is_serving(node.value, names)
