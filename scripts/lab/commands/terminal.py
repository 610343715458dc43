"""What the commands that print tables share: the console, and how a folder is named."""

from pathlib import Path

from rich.console import Console

from lab.paths import ROOT
from lab.store.run_folder import RunFolder
from lab.text.terminal import text_console


def new_console() -> Console:
    """Standard output, on which text from outside is only text."""
    return text_console()


def shown_path(folder: RunFolder) -> Path:
    """The path of a run's folder as one would type it at the repository's root."""
    path = folder.path
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
