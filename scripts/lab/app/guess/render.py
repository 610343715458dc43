"""A guess as a commented lab.toml, and as sentences."""

import json
from collections.abc import Mapping
from typing import Any

from lab.app.guess.guess_records import Guess, Guessed, GuessedRequest
from lab.app.key import Key
from lab.app.request_keys import REQUEST_KEYS
from lab.app.spec_keys import APP_KEYS

MOST_IN_A_LINE = 90


def render(guess: Guess) -> str:
    """The commented lab.toml: what was guessed, and every other key as a comment."""
    by_key = {each.key: each for each in guess.keys}
    lines = [
        "# How the Worker Memory Lab runs this app. What is commented out has its default.",
        "",
    ]
    for key in APP_KEYS:
        lines += line_of(key, by_key.get(key.name))
    lines += ["", "# One table for each kind of request; {n} counts up."]
    first, *more = guess.requests or (GuessedRequest({}, ""),)
    lines += ["[[requests]]"]
    for key in REQUEST_KEYS:
        value = first.values.get(key.name)
        guessed = None if value is None else Guessed(key.name, value, first.why)
        lines += line_of(key, guessed)
    for each in more:
        lines += ["", f"# guessed: {comment(each.why)}", "[[requests]]"]
        lines += [f"{name} = {toml_value(value)}" for name, value in each.values.items()]
    return "\n".join(lines) + "\n"


def line_of(key: Key[Any], guessed: Guessed | None) -> list[str]:
    if guessed is None:
        meaning = f"{key.meaning} ({key.kind.allowed}); default: {key.default_text}"
        return [f"# {key.name} = {key.example}  # {plain(meaning)}"]
    return [f"# guessed: {comment(guessed.why)}", f"{key.name} = {toml_value(guessed.value)}"]


def plain(text: str) -> str:
    return text.replace("`", "")


def comment(text: str) -> str:
    """The text on one line, without what a comment of TOML may not hold."""
    return "".join(each if each.isprintable() else " " for each in text)


def toml_value(value: Any) -> str:
    """TOML's texts, numbers and lists of them are JSON's; a long list has a line for each."""
    if isinstance(value, Mapping):
        pairs = (f"{toml_key(name)} = {toml_value(each)}" for name, each in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, list):
        line = f"[{', '.join(map(toml_value, value))}]"
        if len(line) <= MOST_IN_A_LINE:
            return line
        return "[\n" + "".join(f"    {toml_value(each)},\n" for each in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    is_bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if is_bare else json.dumps(name)


def sentences(guess: Guess) -> list[str]:
    """What was guessed, a line each."""
    lines = [f"{each.key} = {short(each.value)}  ({comment(each.why)})" for each in guess.keys]
    for each in guess.requests:
        lines.append(f"request {each.method} {each.path}  ({comment(each.why)})")
    if not any(each.key in ("command", "dockerfile", "local_command") for each in guess.keys):
        lines.append("no command was found: write the one that serves the app on $HOST:$PORT")
    return lines


def short(value: Any) -> str:
    """A value on one line; a long list is cut off, variables by their names."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(value)} }}"
    if isinstance(value, list) and len(value) > 8:
        first = ", ".join(map(toml_value, value[:5]))
        return f"[{first}, ... {len(value) - 5} more]"
    return toml_value(value).replace("\n", " ")
