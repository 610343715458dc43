"""The page of ten shapes shows what `make init` writes."""

from support.described_shapes import SHAPES, sections
from support.documents import PAGES


def test_the_page_shows_what_is_written_for_each_shape() -> None:
    assert len(SHAPES) == 10
    assert sections() in PAGES["your-app"]
