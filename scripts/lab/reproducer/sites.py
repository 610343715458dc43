"""Where an app calls what may keep memory, and its file with each such call written down.

A site is a call of a function of the package, or of the app's own function in which memory was
asked for. What it was called with is seen while the app is served; only literals are kept.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.app.guess.source import Module, dotted

MOST_CALL_CHARACTERS = 300
MOST_SITES = 3
"""The most sites of each kind; every one is a script that runs."""
SEEN_FILE = "LAB_SEEN"
"""The variable that says where the calls are written down."""
MOST_SEEN = 20_000
WATCH = f"""
def lab_seen(site, function, *args, **named):
    import os
    def is_plain(value, depth=0):
        if isinstance(value, (str, bytes)):
            return len(value) <= {MOST_CALL_CHARACTERS}
        if type(value) in (list, tuple, set, dict) and len(value) <= 50 and depth < 5:
            parts = list(value) + (list(value.values()) if type(value) is dict else [])
            return all(is_plain(part, depth + 1) for part in parts)
        return value is None or type(value) in (bool, int, float)
    text = None
    if is_plain(args) and is_plain(named):
        given = [repr(each) for each in args] + ["%s=%r" % pair for pair in named.items()]
        text = ", ".join(given)
    with open(os.environ["{SEEN_FILE}"], "a") as file:
        if file.tell() < {MOST_SEEN * MOST_CALL_CHARACTERS}:
            file.write("%d %r\\n" % (site, text))
    return function(*args, **named)
"""
"""Syntax of Python 3.6: it runs in the app's own interpreter."""
PLAIN = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.keyword, ast.Load),
    *(ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
)
"""The nodes of an argument that needs nothing of the app."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Site:
    """A call in an app's file."""

    number: int
    function: str
    """As it stands there, such as `ujson.dumps`, or `work` of the app's own."""
    line: int
    import_line: str | None
    """What imports it; None: it is a function of the file itself."""
    is_async: bool
    is_tried: bool
    """Whether the app catches what the call raises."""
    literal: str | None
    """Its arguments where they are literals alone."""


@dataclass(frozen=True, slots=True)
class SeenSite:
    """What was seen of a site while requests were served."""

    per_request: float
    arguments: str | None
    """Those of its first call, as literals; None: they were none, or too long."""


@dataclass(frozen=True, slots=True)
class WatchedFile:
    """The sites of a file, and its text in which each of their calls is written down."""

    sites: tuple[Site, ...]
    text: str


def watched(module: Module, roots: Collection[str], lines: Collection[int]) -> WatchedFile:
    """The sites of a file, those of the app's own functions first, then those of named lines.

    Args:
        roots: the names by which the package is imported.
        lines: at which memory was asked for.
    """
    tree = ast.parse(module.text)
    own = asking(tree, lines)
    imports = imported(tree)
    pairs: list[tuple[Site, ast.Call]] = []
    for node, is_tried, is_awaited in calls(tree):
        name = first_name(node.func)
        is_own = isinstance(node.func, ast.Name) and name in own
        of_package = name in imports and dotted(node.func, module.names).split(".")[0] in roots
        if is_own or of_package:
            site = Site(
                number=len(pairs),
                function=ast.unparse(node.func),
                line=node.lineno,
                import_line=None if is_own else imports[name],
                is_async=isinstance(own[name], ast.AsyncFunctionDef) if is_own else is_awaited,
                is_tried=is_tried,
                literal=literal_of(node),
            )
            pairs.append((site, node))
    pairs.sort(key=lambda pair: (pair[0].import_line is not None, pair[0].line not in lines))
    numbers = {id(node): site.number for site, node in pairs}
    changed = CallRewriter(numbers).visit(tree)
    changed.body[first_statement(tree) : 0] = ast.parse(WATCH).body
    return WatchedFile(
        tuple(site for site, _ in pairs), ast.unparse(ast.fix_missing_locations(changed))
    )


class CallRewriter(ast.NodeTransformer):
    """Leads calls through the function that writes them down."""

    def __init__(self, numbers: Mapping[int, int]) -> None:
        self.numbers = numbers

    def visit_Call(self, node: ast.Call) -> ast.Call:
        number = self.numbers.get(id(node))
        self.generic_visit(node)
        if number is None:
            return node
        args = [ast.Constant(number), node.func, *node.args]
        return ast.Call(ast.Name("lab_seen", ast.Load()), args, node.keywords)


def asking(tree: ast.Module, lines: Collection[int]) -> Mapping[str, Function]:
    """The functions at the top of a file in which memory was asked for, by name."""
    return {
        node.name: node
        for node in tree.body
        if isinstance(node, Function) and not node.decorator_list
        if any(node.lineno <= line <= (node.end_lineno or node.lineno) for line in lines)
    }


def calls(
    node: ast.AST, is_tried: bool = False, is_awaited: bool = False
) -> Iterator[tuple[ast.Call, bool, bool]]:
    """Every call below a node: whether what it raises is caught, and whether it is awaited."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, is_tried, is_awaited
        suppresses = isinstance(child, ast.With) and "suppress" in ast.dump(child.items[0])
        tried = is_tried or isinstance(child, ast.Try) or suppresses
        yield from calls(child, tried, isinstance(child, ast.Await))


def first_statement(tree: ast.Module) -> int:
    """The index of the statement behind a file's docstring and what must stand at its top."""
    for index, node in enumerate(tree.body):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not is_text and not is_future:
            return index
    return len(tree.body)


def imported(tree: ast.Module) -> Mapping[str, str]:
    """The line that imports a name, by the name."""
    lines = {}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for each in node.names:
                name = each.asname or each.name.partition(".")[0]
                lines[name] = ast.unparse(node)
    return lines


def first_name(function: ast.expr) -> str:
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""


def literal_of(call: ast.Call) -> str | None:
    """The arguments of a call as one line, where they are literals."""
    given = [*call.args, *call.keywords]
    text = ", ".join(map(ast.unparse, given))
    return text if are_literals(given) and is_short(text) else None


def are_literals(given: Sequence[ast.AST]) -> bool:
    return all(isinstance(node, PLAIN) for each in given for node in ast.walk(each))


def is_short(text: str) -> bool:
    return len(text) <= MOST_CALL_CHARACTERS and "\n" not in text


def seen_of(lines: Sequence[str], requests: int) -> Mapping[int, SeenSite]:
    """What was seen of each site, by its number.

    Args:
        lines: as the served app wrote them down; whatever else stands there is left out.
        requests: that were served meanwhile.
    """
    counts: dict[int, int] = {}
    arguments: dict[int, str | None] = {}
    for line in lines:
        number, _, said = line.partition(" ")
        if number.isdecimal():
            counts[int(number)] = counts.get(int(number), 0) + 1
            arguments.setdefault(int(number), literals_in(said))
    return {
        number: SeenSite(count / max(requests, 1), arguments[number])
        for number, count in counts.items()
    }


def literals_in(said: str) -> str | None:
    """The arguments that a line says, where they are literals."""
    try:
        text = ast.literal_eval(said.strip())
        call = ast.parse(f"f({text})", mode="eval").body if isinstance(text, str) else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return literal_of(call) if isinstance(call, ast.Call) else None
