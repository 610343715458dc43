"""Functions of an app's source by their shape, and calls of a package that stand alone."""

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from lab.app.guess.frameworks import Interface
from lab.app.guess.source import Module, dotted

WSGI_ARGUMENTS, ASGI_ARGUMENTS = 2, 3
MOST_CALL_CHARACTERS = 300
MOST_CALLS = 3
PLAIN = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.keyword, ast.Load),
    *(ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
)
"""Of what an argument consists that needs nothing of the app."""


def interface_by_shape(tree: ast.Module) -> dict[str, Interface]:
    """The functions at the top of a file that a server could call, by their arguments."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and count(node) == ASGI_ARGUMENTS:
            found[node.name] = Interface.ASGI
        elif isinstance(node, ast.FunctionDef) and is_wsgi(node):
            found[node.name] = Interface.WSGI
    return found


def is_wsgi(node: ast.FunctionDef) -> bool:
    return count(node) == WSGI_ARGUMENTS and node.args.args[-1].arg == "start_response"


def count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return len(node.args.args) if not node.args.kwonlyargs and not node.decorator_list else 0


@dataclass(frozen=True, slots=True)
class PlainCall:
    """A call of a package's function with nothing but literals."""

    import_line: str
    text: str
    line: int
    is_tried: bool
    """Whether the app catches what the call raises."""


def plain_calls(
    module: Module, roots: Collection[str], lines: Collection[int] = ()
) -> list[PlainCall]:
    """The calls of a package in a file, in the order of its lines; those of named lines first.

    Args:
        roots: the names by which the package is imported.
    """
    imports = imported(module.tree)
    found = [
        PlainCall(imports[name], text, node.lineno, is_tried)
        for node, is_tried in calls(module.tree, False)
        if (name := first_name(node.func)) in imports
        and dotted(node.func, module.names).partition(".")[0] in roots
        and is_plain(node)
        and (text := one_line(node)) is not None
    ]
    unique = {each.text: each for each in found}.values()
    return sorted(unique, key=lambda each: (each.line not in lines, each.line))[:MOST_CALLS]


def calls(node: ast.AST, is_tried: bool) -> Iterator[tuple[ast.Call, bool]]:
    """Every call inside functions below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, is_tried
        suppresses = isinstance(child, ast.With) and "suppress" in ast.dump(child.items[0])
        yield from calls(child, is_tried or isinstance(child, ast.Try) or suppresses)


def imported(tree: ast.Module) -> Mapping[str, str]:
    """The line that imports a name, by the name."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for each in node.names:
                name = each.asname or each.name.partition(".")[0]
                found[name] = ast.unparse(node)
    return found


def first_name(function: ast.expr) -> str:
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""


def is_plain(call: ast.Call) -> bool:
    given = [*call.args, *call.keywords]
    return bool(given) and all(isinstance(n, PLAIN) for each in given for n in ast.walk(each))


def one_line(call: ast.Call) -> str | None:
    text = ast.unparse(call)
    return text if len(text) <= MOST_CALL_CHARACTERS and "\n" not in text else None
