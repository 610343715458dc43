"""What a guess says of an app, for tests."""

from typing import Any

from lab.app.guess.guess_records import Guess


def described(guess: Guess) -> dict[str, Any]:
    """The values of the guess's keys and of its requests, as a lab.toml would have them."""
    table = {each.key: each.value for each in guess.keys}
    if guess.requests:
        table["requests"] = [dict(each.values) for each in guess.requests]
    return table
