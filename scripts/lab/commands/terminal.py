"""What the commands that print tables share: the console, and where results stand."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from lab.paths import RESULTS, ROOT
from lab.store.run_folder import RunFolder

PLAIN_WIDTH = 100


def new_console() -> Console:
    """Standard output; a file or a CI log has no width of its own, and tables need more than 80."""
    console = Console()
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


def results_folder(given: Mapping[str, str]) -> Path:
    """Where runs are kept: what RESULTS says, else the repository's own folder."""
    return Path(given.get("RESULTS") or RESULTS)


def shown_path(folder: RunFolder) -> Path:
    """As one would type it at the repository's root."""
    path = folder.path
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
