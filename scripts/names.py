"""Counts the names of classes, types and numbers, and fails where one name means two things.

Run by `make check`: `python scripts/names.py [folder ...]`.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import units

ROOT = Path(__file__).resolve().parents[1]
READ = (ROOT / "scripts", ROOT / "apps", ROOT / "tests")
PROGRAMS = (ROOT / "apps" / "examples", ROOT / "tests" / "apps")
"""The folders of programs that the lab measures: each is read alone, and names its own things."""
NUMBERS_OF = (ROOT / "scripts" / "lab", ROOT / "apps")
"""The folders whose constants are compared; a test may say of a number what it needs of it."""
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]+")
TYPE = re.compile(r"_?[A-Z]\w*[a-z]\w*")
UNITS = {name: value for name, value in vars(units).items() if name.isupper()}
TYPE_VARIABLE = re.compile(r"[A-Z](_co|_contra)?")
"""The names of type variables that each module may have for itself."""
ARITHMETIC = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Load),
    *(ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
)


@dataclass(frozen=True, slots=True)
class Definition:
    """One place where a module gives a name its meaning."""

    name: str
    path: Path
    line: int
    number: str | None = None
    """The value or the sum of a numeric constant; None for a class or an alias of a type."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" + (f" ({self.number})" if self.number else "")


def definitions(path: Path) -> Iterator[Definition]:
    """A module's classes, and the aliases of types and numeric constants at its top level."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    yield from (Definition(node.name, path, node.lineno) for node in classes(tree.body))
    for statement in tree.body:
        for name, value in assigned(statement):
            if TYPE.fullmatch(name) and not TYPE_VARIABLE.fullmatch(name):
                yield Definition(name, path, statement.lineno)
            elif CONSTANT.fullmatch(name) and (number := number_of(value)) is not None:
                yield Definition(name, path, statement.lineno, number)


def classes(body: Sequence[ast.stmt]) -> Iterator[ast.ClassDef]:
    """The classes among statements and in their bodies; a walk through all nodes costs a second."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node
        yield from classes(getattr(node, "body", ()))


def assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """The names to which a statement gives a value, each with it."""
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        pairs = [(node.target, node.value)]
    elif isinstance(node, ast.Assign):
        pairs = [pair for target in node.targets for pair in pairs_of(target, node.value)]
    else:
        pairs = []
    yield from ((target.id, value) for target, value in pairs if isinstance(target, ast.Name))


def pairs_of(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=False))
    return [(target, value)]


def number_of(value: ast.expr) -> str | None:
    """The value of a constant that is a number; a term of other constants as it is written."""
    nodes = list(ast.walk(value))
    literals = [node.value for node in nodes if isinstance(node, ast.Constant)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    if not all(isinstance(node, ARITHMETIC) for node in nodes):
        return None
    if not all(type(each) in (int, float) for each in literals) or not (literals or names):
        return None
    if names <= UNITS.keys():
        return repr(eval(ast.unparse(value), {}, UNITS))
    is_term = any(isinstance(node, ast.BinOp) for node in nodes)
    return ast.unparse(value) if is_term else None


def modules(folders: Sequence[Path]) -> Iterator[Path]:
    """The Python files below the folders, without those of measured programs."""
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if not any(path.is_relative_to(programs) for programs in PROGRAMS):
                yield path


def two_things(found: Iterable[Definition]) -> Iterator[str]:
    """One line for each name that means two things: two types, or two numbers."""
    by_name: defaultdict[str, list[Definition]] = defaultdict(list)
    for each in found:
        by_name[each.name].append(each)
    for name, places in sorted(by_name.items()):
        types = [each for each in places if each.number is None]
        numbers = {each.number for each in places if each.number is not None}
        if len(types) > 1 or len(numbers) > 1:
            yield f"{name} means {len(places)} things: {', '.join(map(str, places))}"


def main(folders: Sequence[Path], numbers_of: Sequence[Path]) -> int:
    """0 when each name means one thing, else 1.

    Args:
        folders: where types are compared.
        numbers_of: the folders in them where numbers are compared, too.
    """
    found = [each for path in modules(folders) for each in definitions(path)]
    types = [each for each in found if each.number is None]
    numbers = [
        each
        for each in found
        if each.number is not None and any(map(each.path.is_relative_to, numbers_of))
    ]
    shared = list(two_things([*types, *numbers]))
    print(f"{len(types)} types, {len(numbers)} numbers: {len(shared)} names with two meanings")
    for line in shared:
        print(f"names: {line}", file=sys.stderr)
    return 1 if shared else 0


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    sys.exit(main(given or READ, given or NUMBERS_OF))
