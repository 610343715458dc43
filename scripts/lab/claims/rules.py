"""Short expressions over measured quantities, with three values: true, false and not known.

`many.growth_bytes >= 2.5 * few.growth_bytes and not few.leaks` reads quantities of roles. Python
parses it once; only the few kinds of node that are named here are let through.
"""

import ast
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lab.units import GIB, KIB, MIB

UNITS = {"GiB": GIB, "MiB": MIB, "KiB": KIB, "MB": 10**6}
SIZE = re.compile(rf"\b(\d+(?:\.\d+)?) ?({'|'.join(UNITS)})\b")
NAME = re.compile(r"(?<![\w.\"])[A-Za-z_]\w*(?![\w.\"])")

Value = bool | int | float | str


class RuleError(ValueError):
    """A rule that cannot be read, or that asks something of a value that it cannot answer."""


@dataclass(frozen=True, slots=True)
class UnknownQuantity:
    """One quantity of one variant that is not known, and why."""

    variant: str
    quantity: str
    why: str


@dataclass(frozen=True, slots=True)
class Gap:
    """The third value: what would have to be known."""

    unread: tuple[UnknownQuantity, ...]


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """An expression, parsed, and the (role, quantity) pairs that it reads."""

    text: str
    """As it was written, with the text of each term in its place."""
    tree: ast.expr
    reads: tuple[tuple[str, str], ...]


Lookup = Callable[[str, str], Value | Gap]

ARITHMETIC: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
ORDER: Mapping[type, Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
SAMENESS: Mapping[type, Callable[[Value, Value], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class Terms(ast.NodeTransformer):
    """Puts the expression of a term where its name stands."""

    def __init__(self, terms: Mapping[str, ClaimRule]) -> None:
        self.terms = terms

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.terms:
            raise RuleError(f"{node.id!r} is not a term: a quantity is written role.quantity")
        return self.terms[node.id].tree


def parse(text: str, terms: Mapping[str, ClaimRule] | None = None) -> ClaimRule:
    """A rule from its text.

    Raises:
        RuleError: it is not an expression, or holds more than a rule may.
    """
    plain = SIZE.sub(lambda match: repr(float(match[1]) * UNITS[match[2]]), text)
    try:
        body = ast.parse(" ".join(plain.split()), mode="eval").body
    except SyntaxError as error:
        raise RuleError(f"{text!r} cannot be read: {error.msg}") from error
    tree: ast.expr = Terms(terms or {}).visit(body)
    check(tree)
    return ClaimRule(spelled_out(text, terms or {}), tree, tuple(dict.fromkeys(reads_of(tree))))


def spelled_out(text: str, terms: Mapping[str, ClaimRule]) -> str:
    """The text without names that only the file of the rules explains."""

    def own(match: re.Match[str]) -> str:
        if match[0] not in terms:
            return match[0]
        inner = terms[match[0]].text
        return inner if " and " not in inner and " or " not in inner else f"({inner})"

    return NAME.sub(own, " ".join(text.split()))


def check(node: ast.expr) -> None:
    """Let through what `value_of` knows, and nothing else."""
    match node:
        case ast.BoolOp(values=parts):
            pass
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=part):
            parts = [part]
        case ast.BinOp(left=left, right=right, op=arithmetic) if type(arithmetic) in ARITHMETIC:
            parts = [left, right]
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(map(is_known, ops)):
            parts = [left, *rest]
        case ast.Attribute(value=ast.Name()):
            return
        case ast.Constant(value=bool() | int() | float() | str()):
            return
        case _:
            raise RuleError(f"{ast.unparse(node)!r} may not stand in a rule")
    for each in parts:
        check(each)


def is_known(operator: ast.cmpop) -> bool:
    return type(operator) in ORDER or type(operator) in SAMENESS


def reads_of(tree: ast.expr) -> Iterable[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.value.id, node.attr


def evaluate(rule: ClaimRule, lookup: Lookup) -> bool | Gap:
    """Whether the rule holds; a gap when what is known leaves it open.

    Raises:
        RuleError: its value is not true or false, or it compares what has no order.
    """
    value = value_of(rule.tree, lookup)
    if not isinstance(value, bool | Gap):
        raise RuleError(f"{rule.text!r} is {value!r}, neither true nor false")
    return value


def value_of(node: ast.expr, lookup: Lookup) -> Value | Gap:
    match node:
        case ast.BoolOp(op=connective, values=parts):
            return joined(
                [value_of(part, lookup) for part in parts], isinstance(connective, ast.Or)
            )
        case ast.UnaryOp(op=ast.Not(), operand=part):
            inner = value_of(part, lookup)
            return inner if isinstance(inner, Gap) else not truth(inner)
        case ast.UnaryOp(operand=part):
            inner = value_of(part, lookup)
            return inner if isinstance(inner, Gap) else -number(inner)
        case ast.BinOp(left=left, right=right):
            return calculated(node, value_of(left, lookup), value_of(right, lookup))
        case ast.Compare(left=left, comparators=rest):
            return compared(node, [value_of(part, lookup) for part in (left, *rest)])
        case ast.Attribute(value=ast.Name(id=role), attr=quantity):
            return lookup(role, quantity)
        case ast.Constant(value=bool() | int() | float() | str() as constant):
            return constant
    raise RuleError(f"{ast.unparse(node)!r} may not stand in a rule")


def joined(parts: list[Value | Gap], deciding: bool) -> bool | Gap:
    """`or` (one true decides) and `and` (one false does); else a gap stays one."""
    if any(not isinstance(part, Gap) and truth(part) is deciding for part in parts):
        return deciding
    return gap_of(parts) or (not deciding)


def gap_of(parts: Iterable[Value | Gap]) -> Gap | None:
    unread = dict.fromkeys(each for part in parts if isinstance(part, Gap) for each in part.unread)
    return Gap(tuple(unread)) if unread else None


def calculated(node: ast.BinOp, left: Value | Gap, right: Value | Gap) -> Value | Gap:
    if isinstance(left, Gap) or isinstance(right, Gap):
        return gap_of([left, right]) or Gap(())
    if isinstance(node.op, ast.Div) and number(right) == 0:
        raise RuleError(f"{ast.unparse(node)!r} divides by zero")
    return ARITHMETIC[type(node.op)](number(left), number(right))


def compared(node: ast.Compare, parts: list[Value | Gap]) -> bool | Gap:
    pairs = zip(node.ops, parts, parts[1:], strict=False)
    return joined([holds(operator, left, right) for operator, left, right in pairs], deciding=False)


def holds(operator: ast.cmpop, left: Value | Gap, right: Value | Gap) -> bool | Gap:
    if isinstance(left, Gap) or isinstance(right, Gap):
        return gap_of([left, right]) or Gap(())
    if type(operator) in SAMENESS:
        return SAMENESS[type(operator)](left, right)
    return ORDER[type(operator)](number(left), number(right))


def number(value: Value) -> float:
    if isinstance(value, bool | str):
        raise RuleError(f"{value!r} is not a number")
    return value


def truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise RuleError(f"{value!r} is neither true nor false")
    return value
