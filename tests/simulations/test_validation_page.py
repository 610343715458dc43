"""Two families that validation.md quotes, drawn anew."""

import pytest
from lab.commands.suite.validate import EACH, HELD_OUT_EACH, HELD_OUT_SEED, SEED
from lab.validation.confusion import COLUMNS, fixed_row
from lab.validation.held_out import HELD_OUT_NO_LEAKS
from lab.validation.shapes import NO_LEAKS
from lab.validation.simulate import cases
from support import documents
from support.documents import PAGES

ROWS = {row[0]: row[1:6] for row in documents.rows(PAGES["validation"], "| no leak | flat |")}


@pytest.mark.parametrize(
    ("first", "held_out"), [("level", False), ("logistic", True)], ids=["set by", "not set by"]
)
def test_the_first_family_drawn_anew_gives_its_row(first: str, held_out: bool) -> None:
    shapes, each, seed = (
        (HELD_OUT_NO_LEAKS, HELD_OUT_EACH, HELD_OUT_SEED) if held_out else (NO_LEAKS, EACH, SEED)
    )
    (row,) = map(fixed_row, cases({first: shapes[first]}, {}, each, seed).items())

    found = [*(str(row.count(verdict)) for verdict in COLUMNS), f"{row.loads:.2f}"]
    assert found == ROWS[first]
