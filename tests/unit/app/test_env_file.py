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
        ('A="b', {"A": "b"}),
        ("A='b", {"A": "b"}),
        ('A="b\\"c"', {"A": 'b"c'}),
        ('A="b\\nc\\\\"', {"A": "b\nc\\"}),
        ("A='b\\'c\\n'", {"A": "b'c\\n"}),
        ("A=b\\nc", {"A": "b\\nc"}),
        ("A=b\u2028c\x0bd", {"A": "b\u2028c\x0bd"}),
    ],
)
def test_a_line_is_a_name_and_its_value(line: str, variables: dict[str, str]) -> None:
    assert parse_env(line) == variables


def test_a_value_in_quotes_may_have_several_lines() -> None:
    text = "A='one\ntwo\n' # key\r\nB=3\nC=\"4\n5\"\rD='6"
    assert parse_env(text) == {"A": "one\ntwo\n", "B": "3", "C": "4\n5", "D": "6"}


@pytest.mark.parametrize("tail", ["", "b"])
@pytest.mark.parametrize("begun", ["A=a", "A", "", "A='"])
@pytest.mark.parametrize("pumped", [" ", "\t", " #", "#", "a", "=", "'", "export ", "A='\n", "\\'"])
def test_a_line_without_end_is_read_in_time(begun: str, pumped: str, tail: str) -> None:
    with time_limit(0.2):
        parse_env(f"{begun}{pumped * ((1 << 15) // len(pumped))}{tail}")
