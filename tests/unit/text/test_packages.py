"""Names of packages from outside: none of them is an option, a path or an address."""

import pytest
from lab.text.packages import is_distribution

HOSTILE = (
    "",
    "-r",
    "--index-url=http://x",
    "-i",
    "../x",
    "/etc/x",
    "a b",
    "a\n",
    "x @ http://y",
    ".",
)


@pytest.mark.parametrize("name", [*HOSTILE, "a;b", "a==1", "$(id)", "ä", "a-"])
def test_what_is_no_name(name: str) -> None:
    assert not is_distribution(name)


@pytest.mark.parametrize("name", ["ujson", "zope.interface", "Flask_Login", "a", "3to2"])
def test_a_name(name: str) -> None:
    assert is_distribution(name)
