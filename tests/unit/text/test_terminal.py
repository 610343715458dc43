import io

from lab.text.terminal import PLAIN_WIDTH, TextConsole, text_console
from rich.live import Live
from rich.table import Table
from rich.text import Text

STRANGE = "[/] [red]x[/red] :smile: \x1b]52;c;eA==\x07\x1b[31m\u202e\x9b2J"
SHOWN = "[/] [red]x[/red] :smile: ]52;c;eA==2J"
"""Rich drops the bell itself, so the rest of that sequence is left as text."""


def printed(*things: object, terminal: bool = False) -> str:
    console = TextConsole(file=io.StringIO(), width=80, force_terminal=terminal)
    console.print(*things)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_markup_in_names_is_shown_and_control_characters_are_not() -> None:
    table = Table(STRANGE, title=STRANGE)
    table.add_row(STRANGE)

    assert printed(STRANGE).strip() == SHOWN
    assert printed(Text(STRANGE)).strip() == SHOWN
    assert printed(table).count("[red]x[/red]") == 3
    assert set("\x1b\x07\u202e\x9b").isdisjoint(printed(table))


def test_styles_of_the_lab_itself_are_kept() -> None:
    assert printed(Text("flat", style="green"), terminal=True) == "\x1b[32mflat\x1b[0m\n"


def test_a_live_table_still_moves_the_cursor() -> None:
    console = TextConsole(file=io.StringIO(), force_terminal=True, width=40)
    with Live(Text("one"), console=console, auto_refresh=False) as live:
        live.update(Text("two"), refresh=True)
    assert isinstance(console.file, io.StringIO)
    assert "\x1b[2K" in console.file.getvalue()


def test_a_file_is_as_wide_as_the_closing_table_needs() -> None:
    assert text_console(io.StringIO()).width == PLAIN_WIDTH
