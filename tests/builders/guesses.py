"""What a guess says of an app, for tests."""

from collections.abc import Mapping
from typing import Any

from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.guess_records import Guess


def described(found: Guess) -> dict[str, Any]:
    """The values of the guess's keys and of its requests, as a lab.toml would have them."""
    table = {each.key: each.value for each in found.keys}
    if found.requests:
        table["requests"] = [dict(each.values) for each in found.requests]
    return table


def guessed(files: Mapping[str, str]) -> dict[str, Any]:
    """What is guessed of a folder with these files."""
    return described(guess(Folder(files)))
