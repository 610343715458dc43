"""What failed beside the app as it is: told as it comes, and the verdict is told all the same."""

import contextlib
import traceback
from collections.abc import Iterator

from rich.console import Console

from lab.errors import LabError
from lab.text.phrases import printable


class ToldFailures:
    """Prints each failure once; may be called on threads."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.told: set[str] = set()

    def tell(self, what: str, error: Exception) -> None:
        """Say what failed and why; of a fault of the lab itself with its traceback."""
        line = f"{what} failed: {error or type(error).__name__}"
        if not isinstance(error, LabError | OSError):
            where = "".join(traceback.format_exception(error)).rstrip()
            line = f"{where}\n{what} failed by a fault of the lab itself; the verdict stands"
        if line not in self.told:
            self.told.add(line)
            text = printable(line)
            self.console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)

    @contextlib.contextmanager
    def telling(self, what: str) -> Iterator[None]:
        """Whatever fails in the context is told, and ends nothing else."""
        try:
            yield
        except Exception as error:
            self.tell(what, error)
