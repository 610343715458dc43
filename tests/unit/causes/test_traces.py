"""What traced allocations say."""

from lab.causes.traces import line_name
from lab.records.observations import TracedLine


def test_a_line_is_named_by_who_allocates_and_which_line_of_the_app_led_there() -> None:
    def frame(*frames: str) -> str:
        return line_name(TracedLine(1, 1, frames))

    assert frame("/tmp/x/app/app.py:3", "/usr/lib/python3.12/wsgiref/a.py:9") == "app.py:3"
    assert frame("<frozen abc>:1", "/e/site-packages/a/b.py:2") == "a/b.py:2"
    assert (
        frame("Objects/obmalloc.c:1", "src/upb.c:7", "/w/app/app.py:3")
        == "src/upb.c:7, from app.py:3"
    )
    assert frame() == "an unknown line"
