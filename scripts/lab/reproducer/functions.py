"""Functions at the top of an app's file that a server could call, by their shape."""

import ast

from lab.app.guess.frameworks import Interface

WSGI_ARGUMENTS, ASGI_ARGUMENTS = 2, 3


def interface_by_shape(tree: ast.Module) -> dict[str, Interface]:
    """The functions at the top of a file that a server could call, by their arguments."""
    interfaces = {}
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and count(node) == ASGI_ARGUMENTS:
            interfaces[node.name] = Interface.ASGI
        elif isinstance(node, ast.FunctionDef) and is_wsgi(node):
            interfaces[node.name] = Interface.WSGI
    return interfaces


def is_wsgi(node: ast.FunctionDef) -> bool:
    return count(node) == WSGI_ARGUMENTS and node.args.args[-1].arg == "start_response"


def count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return len(node.args.args) if not node.args.kwonlyargs and not node.decorator_list else 0
