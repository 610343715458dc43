"""The inputs of a prediction as a reader sees them: their names and values."""

from collections.abc import Mapping

from lab.text.phrases import DASH, in_mib, number

INPUT_NAMES: Mapping[str, str] = {
    "threads_rule": "rule for threads",
    "thread_kept_bytes": "retained by a thread",
    "loop_kept_bytes": "retained by the main thread",
}
"""As the formula of a prediction calls them; every other name has words of its own."""


def input_words(name: str) -> str:
    """The name of an axis, or of one input of a prediction, in words."""
    return INPUT_NAMES.get(name, name.replace("_", " "))


def input_value(name: str, value: str | float | None) -> str:
    """The value of one input of a prediction, with its unit."""
    if value is None:
        return DASH
    if isinstance(value, (str, bool)):
        return str(value)
    if name.endswith("bytes"):
        return f"{number(value)} B ({in_mib(value)})"
    return number(value, 0 if float(value).is_integer() else 2)
