"""Names of packages, and the file that fixes their versions."""

import re

LOCK = "lab.lock"
"""The file beside lab.toml with the version of every package, a line each, which bundles hold."""
NOT_ON_INDEX = "# not on the index: "
"""What stands in it before a version that only the app's own requirements can give."""


def canonical(name: str) -> str:
    """A distribution's name as the index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_distribution(name: str) -> bool:
    """Whether an index could have it: no option of an installer, no path, no address."""
    return re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", name) is not None


def is_version(text: str) -> bool:
    """Whether it is one version of a distribution: one word that no installer takes for more."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+!-]*", text) is not None
