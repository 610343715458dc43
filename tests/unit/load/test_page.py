"""The page of a login's form, whatever an app answers in its place."""

import pytest
from lab.load.page import MOST_FIELDS, MOST_PAGE_BYTES, page_of
from support.time_limit import time_limit

FIELD = b'<input type=hidden name=csrf value="a&amp;b">'
BROKEN = (
    b"<![",
    b"<![x[",
    b"<!",
    b"<!--",
    b"</",
    b"<a '",
    b"<?",
    b"&#x",
    b"\x00<",
    b"<script>",
    b"<a=",
)


@pytest.mark.parametrize("broken", BROKEN)
def test_what_stands_before_broken_markup_counts(broken: bytes) -> None:
    assert page_of(FIELD + broken * 3).hidden == {"csrf": "a&b"}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_page_of_nothing_but_broken_markup_is_read_in_time(broken: bytes) -> None:
    with time_limit(2):
        assert page_of(broken * (MOST_PAGE_BYTES // 4 // len(broken))).hidden == {}


def test_fields_without_number_are_not_kept() -> None:
    page = b"".join(b"<input type=hidden name=f%d value=x>" % number for number in range(5_000))

    assert len(page_of(page).hidden) == MOST_FIELDS


@pytest.mark.parametrize("around", [b"%b", b"<input name=n value='%b'>"])
def test_what_stands_before_a_character_of_endless_number_counts(around: bytes) -> None:
    endless = around % (b"&#" + b"9" * 5_000 + b";")

    assert page_of(FIELD + endless + b"<p>").hidden == {"csrf": "a&b"}
