"""What the commands that print tables share: the console, and how a folder is named."""

import os
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from lab.paths import ROOT
from lab.text.terminal import text_console


def new_console() -> Console:
    """Standard output, on which text from outside is only text."""
    return text_console()


def shown_path(path: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """The path of what stands in the results, as one would type it at the repository's root.

    A driver in a container is told by LAB_HOST_RESULTS where its results lie outside.
    """
    if outside := environment.get("LAB_HOST_RESULTS"):
        return Path(outside) / path.name
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
