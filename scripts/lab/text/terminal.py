"""Text from outside at a terminal: it is shown, and neither styles nor steers anything."""

from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from lab.text.phrases import printable

PLAIN_WIDTH = 100
"""Columns where there is no terminal: a file has no width, and the closing table needs this."""


class TextConsole(Console):
    """A console that reads no markup and no emoji codes, and prints no control characters.

    Styles come from `Style` and `Text` alone, so a name such as `[/]` is a name.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of whatever is printed; those that move the cursor are rich's own."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


def text_console(file: TextIO | None = None) -> TextConsole:
    """The console of a command: as wide as its terminal, else PLAIN_WIDTH columns."""
    console = TextConsole(file=file)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console
