"""Versions of releases: their order, the Pythons that they ask for, the wheels that fit."""

import platform
import re
import sys
from dataclasses import dataclass

VERSION = re.compile(
    r"v?(?:(?P<epoch>\d{1,9})!)?(?P<release>\d{1,9}(?:\.\d{1,9}){0,9})"
    r"(?P<pre>[-_.]?(?:alpha|beta|preview|rc|pre|a|b|c)[-_.]?\d{0,9})?"
    r"(?P<post>(?:-\d{1,9})|(?:[-_.]?(?:post|rev|r)[-_.]?\d{0,9}))?"
    r"(?P<dev>[-_.]?dev[-_.]?\d{0,9})?(?:\+[a-z0-9._-]{1,60})?",
    re.IGNORECASE,
)
CLAUSE = re.compile(r"\s*(~=|==|!=|<=|>=|<|>)\s*(\d{1,4}(?:\.\d{1,4}){0,3})(\.\*)?\s*")
WHEEL = re.compile(r"[^-]+-(?P<version>[^-]+)(?:-\d[^-]*)?-(?P<tags>[^-]+-[^-]+-[^-]+)\.whl")
SDIST = re.compile(r"(?P<stem>.+)\.(?:tar\.gz|zip|tar\.bz2|tgz|tar\.xz)")
PART = re.compile(r"\d+")

SortKey = tuple[int, tuple[int, ...], int]


@dataclass(frozen=True, slots=True)
class Version:
    """A version that can be ordered."""

    text: str
    key: SortKey
    is_final: bool
    """Whether it is neither a pre-release nor a development release."""


def version_of(text: str) -> Version | None:
    """The version that a text names; None for a text that names none."""
    match = VERSION.fullmatch(text)
    if match is None:
        return None
    release = [int(part) for part in match["release"].split(".")]
    while len(release) > 1 and not release[-1]:
        release.pop()
    post = PART.search(match["post"] or "")
    after = int(post[0]) + 1 if post else int(match["post"] is not None)
    key = (int(match["epoch"] or 0), tuple(release), after)
    return Version(text, key, match["pre"] is None and match["dev"] is None)


def allows(specifier: str, python: tuple[int, ...]) -> bool:
    """Whether a `Requires-Python` allows a version; what cannot be read forbids nothing."""
    clauses = [CLAUSE.fullmatch(part) for part in specifier.split(",") if part.strip()]
    return all(holds(match[1], match[2], bool(match[3]), python) for match in clauses if match)


def holds(operator: str, text: str, has_star: bool, python: tuple[int, ...]) -> bool:
    wanted = tuple(map(int, text.split(".")))
    same = python[: len(wanted)] == wanted
    padded = tuple([*wanted, 0, 0, 0][:3])
    if operator in ("==", "!="):
        equal = same if has_star else python == padded
        return equal == (operator == "==")
    if operator == "~=":
        return python >= padded and python[: len(wanted) - 1] == wanted[:-1]
    if operator == "<=":
        return python <= padded
    if operator == ">":
        return python > padded
    return python >= padded if operator == ">=" else python < padded


def wheel_fits(tags: str, python: tuple[int, ...]) -> bool:
    """Whether a wheel of these tags installs on a CPython of this machine."""
    pythons, abis, platforms = (part.split(".") for part in tags.split("-"))
    own = f"cp{python[0]}{python[1]}"
    if not any(platform_fits(each) for each in platforms):
        return False
    if own in pythons:
        return bool({own, f"{own}m", "abi3", "none"} & set(abis))
    older = [match for each in pythons if (match := re.fullmatch(r"cp3(\d{1,3})", each))]
    if "abi3" in abis:
        return any(int(match[1]) <= python[1] for match in older)
    plain = [match for each in pythons if (match := re.fullmatch(r"py3(\d{0,3})", each))]
    return "none" in abis and any(int(match[1] or 0) <= python[1] for match in plain)


def platform_fits(tag: str) -> bool:
    if tag == "any":
        return True
    machine = platform.machine().lower()
    if sys.platform == "darwin":
        return tag.startswith("macosx") and tag.endswith((machine, "universal2"))
    return tag.startswith(("manylinux", "linux")) and tag.endswith(f"_{machine}")
