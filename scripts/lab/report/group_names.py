"""Short names for groups of variants, from the axes that they share."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from lab.records.summary import VariantSummary
from lab.text.phrases import listed

MOST_GROUP_NAMES = 6


def version_key(text: str) -> tuple[int, ...]:
    """Orders `3.9` before `3.10`."""
    return tuple(int(part) for part in re.findall(r"\d{1,9}", text))


def split_name(variant: VariantSummary) -> tuple[str | None, str]:
    """The Python and the arm of a name like `py37-fastapi-sync`; other names are their own arm."""
    python = variant.axes.python
    minor = "".join(python.split(".")[:2])
    prefix, dash, arm = variant.name.partition("-")
    if dash and minor and prefix == f"py{minor}":
        return python, arm
    return None, variant.name


def group_name(members: Sequence[VariantSummary], everyone: Sequence[VariantSummary]) -> str:
    """A phrase for some variants of a run, e.g. `fastapi-sync on Python 3.8 to 3.10`."""
    return group_namer(everyone)(members)


def group_namer(everyone: Sequence[VariantSummary]) -> Callable[[Sequence[VariantSummary]], str]:
    """`group_name` for many groups of one run: all of its variants are looked at once."""
    available = _pythons_by_arm(everyone)
    sizes = Counter(split_name(variant)[0] for variant in everyone)

    def name(members: Sequence[VariantSummary]) -> str:
        if len(members) == len(everyone) > 1:
            return "All variants"
        if python := _whole_python(members, sizes):
            return f"Python {python}"
        arms: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for arm, pythons in _pythons_by_arm(members).items():
            arms[_python_phrase(pythons, available[arm])].append(arm)
        return listed([_phrase(python, names) for python, names in arms.items()], MOST_GROUP_NAMES)

    return name


def _whole_python(members: Sequence[VariantSummary], sizes: Mapping[str | None, int]) -> str | None:
    """The Python whose arms, several, are exactly the members."""
    pythons = {split_name(variant)[0] for variant in members}
    if len(members) < 2 or len(pythons) != 1:
        return None
    (python,) = pythons
    return python if sizes[python] == len(members) else None


def _pythons_by_arm(variants: Iterable[VariantSummary]) -> dict[str, list[str]]:
    pythons_of: defaultdict[str, set[str]] = defaultdict(set)
    for variant in variants:
        python, arm = split_name(variant)
        pythons_of[arm].update([python] if python else [])
    return {arm: sorted(pythons, key=version_key) for arm, pythons in pythons_of.items()}


def _python_phrase(pythons: list[str], available: list[str]) -> tuple[str, ...]:
    """A tuple whose first element says where the text stands: before the arms or behind."""
    if not pythons:
        return ()
    if len(pythons) == 1:
        return ("before", f"Python {pythons[0]}")
    if pythons == available:
        return ("behind", f"every Python ({pythons[0]} to {pythons[-1]})")
    first = available.index(pythons[0])
    if len(pythons) > 2 and available[first : first + len(pythons)] == pythons:
        return ("behind", f"Python {pythons[0]} to {pythons[-1]}")
    return ("behind", f"Python {listed(pythons)}")


def _phrase(python: tuple[str, ...], arms: list[str]) -> str:
    names = listed(arms, MOST_GROUP_NAMES)
    if not python:
        return names
    side, pythons = python
    return f"{pythons} {names}" if side == "before" else f"{names} on {pythons}"
