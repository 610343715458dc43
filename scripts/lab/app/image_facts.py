"""What the engine reports of an app's own image, read as far as it matters to its variants."""

import json
from typing import Any

from lab.app.container_folders import MOVED, open_folder
from lab.records.image_facts import ImageFacts

REPORTED = "LAB_IMAGE_FACTS"
"""The variable in which scripts/try hands on what the engine reports: JSON, a list of the folder
that the image works in and of its environment."""


def image_facts(reported: str) -> ImageFacts:
    """The facts of an image; none where the report is cut short."""
    try:
        folder, environment = json.loads(reported)
    except (ValueError, TypeError, RecursionError):
        return ImageFacts()
    if not isinstance(folder, str):
        return ImageFacts()
    where = MOVED if folder in ("", "/") else open_folder(folder)
    return ImageFacts(where, python_path(environment))


def python_path(environment: Any) -> str:
    """The value of PYTHONPATH in a list of `NAME=value`; empty where it is not there."""
    lines = environment if isinstance(environment, list) else []
    texts = (line.partition("=") for line in lines if isinstance(line, str))
    return next((value for name, _, value in texts if name == "PYTHONPATH"), "")
