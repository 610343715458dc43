"""What the commands that print tables share: the console, and where results stand."""

import os
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from lab.errors import UsageError
from lab.files import folder_fault, shown
from lab.paths import RESULTS, ROOT
from lab.store.run_folder import RunFolder
from lab.text.terminal import text_console


def new_console() -> Console:
    """Standard output, on which text from outside is only text."""
    return text_console()


def results_folder(given: Mapping[str, str]) -> Path:
    """Where runs are kept: what RESULTS says, else the repository's own folder.

    Raises:
        UsageError: something else than a folder stands there.
    """
    results = Path(given.get("RESULTS") or RESULTS)
    if os.path.lexists(results) and (fault := folder_fault(results)):
        raise UsageError(f"RESULTS={shown(results)} is {fault}: give a folder for the runs")
    return results


def shown_path(folder: RunFolder) -> Path:
    """As one would type it at the repository's root."""
    path = folder.path
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
