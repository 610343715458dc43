"""Prints the size of each room of the lab and of its tests, and fails where a limit is broken.

Run by `make check`: `python scripts/sizes.py [folder ...]`.
"""

import ast
import sys
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
"""Its own files are one room; what is below is measured for itself."""
MEASURED = (SCRIPTS / "lab", SCRIPTS, ROOT / "apps", ROOT / "tests")
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 6
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)


@dataclass(frozen=True, slots=True)
class MeasuredFunction:
    """One function or method."""

    name: str
    line: int
    lines: int
    """From `def` to its last line, docstring included."""
    parameters: int
    """Without `self` and `cls`."""


@dataclass(frozen=True, slots=True)
class MeasuredModule:
    """One Python file."""

    path: Path
    lines: int
    functions: tuple[MeasuredFunction, ...]


def functions(tree: ast.Module) -> Iterator[MeasuredFunction]:
    """Those of every depth; no expression is looked into, as that takes most of the time."""
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        waiting.extend(each for each in ast.iter_child_nodes(node) if isinstance(each, STATEMENTS))
        if isinstance(node, FunctionNode):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield MeasuredFunction(node.name, node.lineno, lines, parameters(node))


def parameters(node: FunctionNode) -> int:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    variable = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return sum(each.arg not in ("self", "cls") for each in named) + len(variable)


def read_module(path: Path) -> MeasuredModule:
    text = path.read_text(encoding="utf-8")
    return MeasuredModule(
        path, len(text.splitlines()), tuple(functions(ast.parse(text, str(path))))
    )


def rooms(folder: Path) -> Mapping[str, list[MeasuredModule]]:
    """The modules below a folder by their room, the first folder on their path; no empty files."""
    modules_by_room: defaultdict[str, list[MeasuredModule]] = defaultdict(list)
    for path in sorted(folder.glob("*.py" if folder == SCRIPTS else "**/*.py")):
        room = "/".join((folder.name, *path.relative_to(folder).parts[:-1][:1]))
        if path.stat().st_size:
            modules_by_room[room].append(read_module(path))
    return modules_by_room


def broken_limits(module: MeasuredModule) -> Iterator[str]:
    """One line for each limit that the module breaks."""
    if module.lines > MAX_MODULE_LINES:
        yield f"{module.path}: {module.lines} lines, at most {MAX_MODULE_LINES}: split it"
    for function in module.functions:
        where = f"{module.path}:{function.line}: {function.name}"
        if function.lines > MAX_FUNCTION_LINES:
            yield f"{where} has {function.lines} lines, at most {MAX_FUNCTION_LINES}: split it"
        if function.parameters > MAX_PARAMETERS:
            yield (
                f"{where} has {function.parameters} parameters, at most {MAX_PARAMETERS}: "
                "give them a record"
            )


def table(modules_by_room: Mapping[str, Sequence[MeasuredModule]]) -> Iterator[str]:
    """A line for each room, and one for all."""
    yield f"{'room':<18} {'modules':>7} {'lines':>6}  longest module"
    for room, modules in modules_by_room.items():
        longest = max(modules, key=lambda module: module.lines)
        lines = sum(module.lines for module in modules)
        yield f"{room:<18} {len(modules):>7} {lines:>6}  {longest.path.name} {longest.lines}"
    every = [
        function
        for modules in modules_by_room.values()
        for m in modules
        for function in m.functions
    ]
    long = sum(function.lines > MAX_FUNCTION_LINES for function in every)
    wide = sum(function.parameters > MAX_PARAMETERS for function in every)
    yield (
        f"{len(every)} functions: {long} above {MAX_FUNCTION_LINES} lines, "
        f"{wide} with more than {MAX_PARAMETERS} parameters"
    )


def main(folders: Sequence[Path]) -> int:
    """0 when every limit holds, else 1."""
    modules_by_room = {
        room: modules for folder in folders for room, modules in rooms(folder).items()
    }
    print("\n".join(table(modules_by_room)))
    modules = [module for each in modules_by_room.values() for module in each]
    broken = [line for module in modules for line in broken_limits(module)]
    for line in broken:
        print(f"sizes: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]] or MEASURED))
