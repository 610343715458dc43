"""What packages of some years ago are built with, where today's tools refuse them."""

import re

TOOLS = (
    "setuptools<58 ; python_version < '3.12'",
    "setuptools<71 ; python_version >= '3.12'",
    "cython<3",
)
"""As lines of constraints: releases that still know `use_2to3`, test commands, old Cython."""
OLDER_TOOLS = ("setuptools<46 ; python_version < '3.10'", *TOOLS)
NEEDS_OLDER = re.compile(r"cannot import name '?Feature'? from '?setuptools")
"""What says a package that needs the older ones."""
REFUSED = (
    r"use_2to3|Feature|cython_sources|convert_path|test_suite|tests_require"
    r"|No module named 'setuptools\.|has no attribute|setup command"
)
"""What the build of an old package says with today's tools, for `grep -E`."""


def tools_for(said: str) -> str:
    """The constraints of a build that failed, by what it said."""
    return "".join(f"{line}\n" for line in (OLDER_TOOLS if NEEDS_OLDER.search(said) else TOOLS))


NEWEST_TOOLS = {
    "3.7": ("setuptools<68.1", "wheel<0.43"),
    "3.8": ("setuptools<75.4", "wheel<0.46"),
}
"""The newest that run on an old Python, as lines of constraints: without them the search for a
build's tools goes through each newer release."""


def newest_tools(python: str) -> tuple[str, ...]:
    """The limits of build tools on a Python; none on one that today's tools run on."""
    return NEWEST_TOOLS.get(python, ())


OWN_TOOLS = "python3 -c 'import setuptools' 2> /dev/null || python3 -m ensurepip > /dev/null 2>&1"


def own_tools(python: str) -> tuple[str, ...]:
    """The step of a recipe after which an older Python has the setuptools that comes with it.

    Official images have it, and stand-ins of this host's builds have pip alone. From 3.12 on none
    comes with a Python.
    """
    is_older = tuple(map(int, python.split("."))) < (3, 12)
    return (f"RUN {OWN_TOOLS} || true",) if is_older else ()
