"""The paths that an app answers, with the prefixes of its routers, by its syntax trees."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lab.app.guess.folder import Folder
from lab.app.guess.layout import module_at
from lab.app.guess.routing import numbered
from lab.app.guess.source import Module, decorating_calls, dotted, last_name

READING = frozenset({"get", "route", "view", "api_route"})
ROUTERS = ("APIRouter", "Blueprint", "APIBlueprint", "Router", "Namespace", "Api", "Resource")
JOINING = (
    "include_router",
    "register_blueprint",
    "mount",
    "blueprint",
    "add_subapp",
    "add_namespace",
)
ADDING = ("add_url_rule", "add_get", "add_route", "add_api_route", "route", "add_resource", "get")
MAKING = ("Route", "APIRoute", "get", "route", "URLSpec", "url")
OPEN = re.compile(r"[{<(\[*\\|]|:\w|\$\w")
"""What a path has that needs a value."""
LAST = re.compile(
    r"log-?out|sign-?out|shutdown|delete|remove|stream|events|sse|\bws\b|websocket|kill|exit|reset"
    r"|static|favicon|callback|download|metrics|purge|clear|crash|error|sleep|slow",
    re.IGNORECASE,
)
"""What one would rather not ask for first."""
ENDING = re.compile(r"shut-?_?down|/(kill|exit|quit|stop|restart|crash|terminate)\b", re.IGNORECASE)
"""What would end the app: it is never asked."""
MAX_ROUTER_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Route:
    """A path that a GET can ask for, and the file that names it."""

    path: str
    where: str
    is_filled: bool = False
    """Whether a 1 stands in it for each value that it needs."""


@dataclass(frozen=True, slots=True)
class Router:
    """An object that routes hang on: where it was made, and its own prefix."""

    module: str
    name: str


def read_routes(folder: Folder) -> list[Route]:
    """All routes of the folder, those that are likelier to answer first."""
    prefixes = Prefixes(folder)
    routes = [
        route
        for module in folder.modules
        for path in dict.fromkeys(routes_of(module, prefixes))
        if (route := route_of(path, module)) is not None
    ]
    kept = [route for route in unique(routes) if not ENDING.search(route.path)]
    return sorted(kept, key=preference)


def route_of(path: str, module: Module) -> Route | None:
    """A route with a 1 for each value that it needs; None where it needs more than that."""
    if not OPEN.search(path):
        return Route(path, module.path)
    filled = numbered(path)
    return (filled and Route(filled.replace("{n}", "1"), module.path, is_filled=True)) or None


def unique(routes: Iterable[Route]) -> list[Route]:
    """The routes with each path once, where it was named first."""
    by_path: dict[str, Route] = {}
    for route in routes:
        by_path.setdefault(route.path, route)
    return list(by_path.values())


def preference(route: Route) -> tuple[object, ...]:
    aside = route.path.startswith(("/admin", "/docs", "/openapi"))
    return route.is_filled, bool(LAST.search(route.path)), aside


class Prefixes:
    """What stands before the paths of each router."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.own: dict[Router, str] = {}
        self.joined: dict[Router, list[tuple[Router, str]]] = {}
        for module in folder.modules:
            self.read(module)

    def read(self, module: Module) -> None:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                last = dotted(node.value.func, module.names).rpartition(".")[2]
                prefix = prefix_in(node.value)
                for target in targets:
                    if isinstance(target, ast.Name) and (prefix or last in ROUTERS):
                        self.own[Router(module.path, target.id)] = prefix
            elif isinstance(node, ast.Call):
                called = node.func
                if isinstance(called, ast.Attribute) and called.attr in JOINING:
                    self.join(module, node, called.value)

    def join(self, module: Module, node: ast.Call, owner: ast.expr) -> None:
        """`parent.include_router(child, prefix=...)`, `parent.mount("/x", child)`."""
        path = next((str(getattr(a, "value", "")) for a in node.args if is_text(a)), "")
        keywords = [k.value for k in node.keywords if k.arg in ("router", "app", "blueprint")]
        named = [e for e in (*node.args, *keywords) if isinstance(e, ast.Name | ast.Attribute)]
        parent = self.router(module, owner) or Router(module.path, "")
        for child in named[:1]:
            if key := self.router(module, child):
                entry = (parent, prefix_in(node) or path)
                self.joined.setdefault(key, []).append(entry)

    def router(self, module: Module, node: ast.expr) -> Router | None:
        """The module and name under which the router of an expression was made."""
        if isinstance(node, ast.Name) and node.id not in module.names:
            return Router(module.path, node.id)
        name = dotted(node, module.names)
        where, _, last = name.rpartition(".")
        other = module_at(self.folder, where or name, module.path) if name else None
        if last and name.startswith(".") and not where.strip("."):  # `from . import shop`
            package = module_at(self.folder, name[: -len(last)], module.path)
            other = package if package is not None and last in assigned_names(package) else other
        if other is None:
            return None
        if last in other.names and last not in assigned_names(other):
            origin = other.names[last]
            deeper = module_at(self.folder, origin.rpartition(".")[0] or origin, other.path)
            return Router(deeper.path, origin.rpartition(".")[2]) if deeper else None
        return Router(other.path, last)

    def of(self, router: Router, depth: int = 0) -> str:
        """All prefixes before a router's paths, from the app's down; its own is the last."""
        own = self.own.get(router, "")
        parents = self.joined.get(router)
        if not parents or depth > MAX_ROUTER_DEPTH:
            return own
        parent, prefix = parents[0]
        if parent == router:
            return own
        before = self.of(parent, depth + 1)
        # Flask's and Sanic's own prefix gives way to that of the registration.
        return before + prefix + ("" if prefix and prefix == own else own)


def assigned_names(module: Module) -> frozenset[str]:
    targets = [t for node in module.tree.body if isinstance(node, ast.Assign) for t in node.targets]
    return frozenset(target.id for target in targets if isinstance(target, ast.Name))


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def prefix_in(call: ast.Call) -> str:
    for keyword in call.keywords:
        if keyword.arg in ("prefix", "url_prefix", "path") and is_text(keyword.value):
            return str(getattr(keyword.value, "value", ""))
    return ""


def text_argument(call: ast.Call, *names: str) -> str | None:
    """The first text that is given, or the one of those names."""
    for keyword in call.keywords:
        if keyword.arg in names and is_text(keyword.value):
            return str(getattr(keyword.value, "value", ""))
    if call.args and is_text(call.args[0]):
        return str(getattr(call.args[0], "value", ""))
    return None


def routes_of(module: Module, prefixes: Prefixes) -> Iterator[str]:
    for node in ast.walk(module.tree):
        for decorator in decorating_calls(node):
            yield from decorated_routes(module, prefixes, decorator)
        if isinstance(node, ast.Call):
            yield from called_routes(module, prefixes, node)
        elif isinstance(node, ast.Tuple) and "tornado" in module.imports:
            yield from tornado_route(node)
    if "litestar" in module.imports:
        yield from controllers(module)


def decorated_routes(module: Module, prefixes: Prefixes, call: ast.Call) -> Iterator[str]:
    function = call.func
    if last_name(function) not in READING or not answers_get(call):
        return
    path = text_argument(call, "path", "rule", "uri")
    path = "/" if path is None and "litestar" in module.imports else path
    if path is None:
        return
    before = ""
    if isinstance(function, ast.Attribute):
        router = prefixes.router(module, function.value)
        before = prefixes.of(router) if router else ""
    yield from whole_path(before, path)


def answers_get(call: ast.Call) -> bool:
    """Whether `methods=[...]`, where it is given, names GET."""
    for keyword in call.keywords:
        if keyword.arg in ("methods", "method"):
            return "'GET'" in ast.dump(keyword.value).upper()
    return True


def called_routes(module: Module, prefixes: Prefixes, call: ast.Call) -> Iterator[str]:
    """`app.add_url_rule("/x", ...)`, `Route("/x", view)`, `web.get("/x", view)`."""
    function = call.func
    last = last_name(function)
    if not answers_get(call):
        return
    texts = [str(getattr(a, "value", "")) for a in call.args if is_text(a)]
    path = next((each for each in texts if each.startswith("/")), None)
    if path is None and last == "add_route" and len(texts) > 1:
        path = f"/{texts[1]}"  # Pyramid's name and pattern
    if path is None or len(call.args) < 2:
        return
    owner = dotted(function.value, module.names) if isinstance(function, ast.Attribute) else ""
    is_client = owner.rpartition(".")[2] in ("client", "requests", "httpx", "session")
    if last in ADDING and isinstance(function, ast.Attribute) and not is_client:
        if last in ("get", "route") and not owner.startswith(("aiohttp", "bottle")):
            return
        router = prefixes.router(module, function.value)
        yield from whole_path(prefixes.of(router) if router else "", path)
    elif last in MAKING and isinstance(function, ast.Name):
        yield from whole_path("", path)


def whole_path(before: str, path: str) -> Iterator[str]:
    """The whole path."""
    whole = re.sub(
        r"//+",
        "/",
        "/"
        + (before + path if path.startswith("/") or not path else f"{before}/{path}").lstrip("/"),
    )
    if re.fullmatch(r"/[!-~]*", whole):
        yield whole


def tornado_route(node: ast.Tuple) -> Iterator[str]:
    path = tornado_pattern(node)
    if path is None or not isinstance(node.elts[1], ast.Name | ast.Attribute):
        return
    if path.startswith("/"):
        yield from whole_path("", path)


def tornado_pattern(node: ast.Tuple) -> str | None:
    """The path of `(r"/x", Handler)`, without what ends the expression; None: another tuple."""
    if len(node.elts) < 2 or not is_text(node.elts[0]):
        return None
    return str(getattr(node.elts[0], "value", "")).rstrip("$").removesuffix("/?")


def controllers(module: Module) -> Iterator[str]:
    """Litestar's classes with a `path` and methods that are decorated with `get`."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        values: Mapping[str, str] = {
            target.id: str(getattr(each.value, "value", ""))
            for each in node.body
            if isinstance(each, ast.Assign) and is_text(each.value)
            for target in each.targets
            if isinstance(target, ast.Name)
        }
        for each in ast.walk(node):
            for call in decorating_calls(each):
                if "path" in values and getattr(call.func, "id", "") == "get":
                    yield from whole_path(values["path"], text_argument(call, "path") or "")
