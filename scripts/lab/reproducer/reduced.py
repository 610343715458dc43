"""An app's file without what serves it, so that it fits into a script."""

import ast
from collections.abc import Iterable

from lab.app.guess.source import Module, is_main_guard, is_serving

STARTS = frozenset({"make_server", "serve_forever", "run_forever", "start_server"})
MOST_REDUCED_LINES = 26


def without_server(module: Module, keep: str) -> str | None:
    """The text of the file without what serves; None where it cannot be told or is too long.

    Args:
        keep: the object that is called; what nothing refers to any more goes, too.
    """
    body = [node for node in module.tree.body if not is_aside(node, module)]
    aside = used(node for node in module.tree.body if node not in body)
    gone = {name for node in module.tree.body if node not in body for name in assigned(node)}
    body = [node for node in body if not (isinstance(node, ast.Expr) and used([node]) & gone)]
    while len(smaller := [node for node in body if is_needed(node, body, keep, aside)]) < len(body):
        body = smaller
    if keep not in {name for node in body for name in defined(node)} or used(body) & gone:
        return None
    if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(module.tree)):
        return None
    text = joined(body, module.text.splitlines())
    return text if len(text.splitlines()) <= MOST_REDUCED_LINES else None


def is_aside(node: ast.stmt, module: Module) -> bool:
    """Whether a statement serves, is for a program alone, or says what the file is."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    return is_main_guard(node) or is_serving_here(node, module)


def is_serving_here(node: ast.stmt, module: Module) -> bool:
    """Whether a statement at the top of a file serves when the file is imported."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if is_main_guard(node):
        return False
    return any(is_serving(each, module.names) or starts(each) for each in ast.walk(node))


def starts(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return last in STARTS


def is_needed(node: ast.stmt, body: list[ast.stmt], keep: str, aside: set[str]) -> bool:
    """Whether it does something, or another statement refers to it.

    Args:
        aside: the names that what serves refers to; a value that it alone was given is not needed.
    """
    is_value = isinstance(node, ast.Assign | ast.AnnAssign) and bool(assigned(node) & aside)
    if not is_value and not isinstance(
        node,
        ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    ):
        return True
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    names = defined(node)
    if getattr(node, "decorator_list", []):
        return True
    others = used(each for each in body if each is not node)
    return keep in names or bool(names & others)


def defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {each.asname or each.name.partition(".")[0] for each in node.names}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    return assigned(node)


def assigned(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return set()
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {each.id for each in names if isinstance(each.ctx, ast.Store)}


def used(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are read, those of annotations in quotes included."""
    names = set()
    for node in nodes:
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
                names.add(each.id)
            elif isinstance(each, ast.Constant) and isinstance(each.value, str):
                names.add(each.value)
    return names


def joined(body: list[ast.stmt], lines: list[str]) -> str:
    """The statements as they stand, a line between functions and what is beside them."""
    parts: list[str] = []
    was_block = False
    for node in body:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        text = "\n".join(lines[first - 1 : node.end_lineno])
        is_block = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if parts and (is_block or was_block):
            parts.append("")
        parts.append(text)
        was_block = is_block
    return "\n".join(parts)
