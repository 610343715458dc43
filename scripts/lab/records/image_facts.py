"""What the engine reports of an app's own image, as far as it matters to its variants: a record."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What its variants need to know of it."""

    folder: str | None = None
    """The folder that it works in; None for one that no app fills."""
    python_path: str = ""
    """What its environment puts on Python's path."""
