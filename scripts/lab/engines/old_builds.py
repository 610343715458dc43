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
