"""Files of variables are read as python-dotenv reads them, whatever a stranger put into them."""

import pytest
from lab.app.env_file import parse_env
from support.time_limit import time_limit


@pytest.mark.parametrize(
    ("line", "variables"),
    [
        ("A=b", {"A": "b"}),
        ("  export  A = b c  # d", {"A": "b c"}),
        ("A= # b", {"A": ""}),
        ("A=#b", {"A": ""}),
        ("A=b#c", {"A": "b#c"}),
        ("A='b # c' # d", {"A": "b # c"}),
        ('A="b" c', {"A": "b"}),
        ("A=", {"A": ""}),
        ("# A=b", {}),
        ("1A=b", {}),
        ("A", {}),
    ],
)
def test_a_line_is_a_name_and_its_value(line: str, variables: dict[str, str]) -> None:
    assert parse_env(line) == variables


@pytest.mark.parametrize("tail", ["", "b"])
@pytest.mark.parametrize("begun", ["A=a", "A", "", "A='"])
@pytest.mark.parametrize("pumped", [" ", "\t", " #", "#", "a", "=", "'", "export "])
def test_a_line_without_end_is_read_in_time(begun: str, pumped: str, tail: str) -> None:
    with time_limit(10):
        parse_env(f"{begun}{pumped * ((1 << 18) // len(pumped))}{tail}")
