"""A stated shell line as steps of words, and back."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

RUNNERS = (
    ("poetry", "run"),
    ("uv", "run"),
    ("pipenv", "run"),
    ("pdm", "run"),
    ("hatch", "run"),
    ("exec",),
    ("dumb-init",),
    ("tini", "--"),
    ("/usr/bin/env",),
)
"""What stands before a command and is not there, or not needed, in the app's environment."""
RUNNER_OPTIONS = ("--no-sync", "--no-dev", "--frozen", "--locked", "-s", "-g", "--")
MOST_VARIABLES, MOST_ROUNDS = 50, 4
"""Variables that are made of others need a round more for each."""
PLAIN = re.compile(r"[\w@%+=:,./${}~-]+")


@dataclass(frozen=True, slots=True)
class ShellStep:
    """One command of a line: the variables that are set for it, and its words."""

    variables: tuple[str, ...]
    words: tuple[str, ...]

    def line(self, words: Sequence[str] | None = None) -> str:
        env = ("env", *self.variables) if self.variables else ()
        return " ".join(map(quoted, (*env, *(self.words if words is None else words))))


def quoted(word: str) -> str:
    """The word quoted for a shell that fills in variables; all else stands for itself."""
    if PLAIN.fullmatch(word):
        return word
    if "$" not in word:
        return shlex.quote(word)
    return '"' + re.sub(r'(["\\`])', r"\\\1", word) + '"'


DEFAULT = re.compile(r"\$\{(\w+):?-([\"']?)([^{}\"'`]*)\2\}")
"""`${NAME:-value}`: what stands there when nothing is set."""
ASSIGNED = re.compile(
    r"^[ \t]*(?:export[ \t]+)?([A-Z][A-Z0-9_]*)=[\"']?([^\s$\"'`;&|()]+)[\"']?[ \t\r]*$",
    re.MULTILINE,
)
MOST_SHELL_CHARACTERS = 50_000
"""The longest line that is split, which takes the square of a word's length."""
GIVEN = frozenset({"HOST", "PORT"})
"""What the lab sets."""


def with_variables_filled(script: str) -> str:
    """A script with its own plain values in the place of its variables."""
    text = DEFAULT.sub(lambda m: f"${m[1]}" if m[1] in GIVEN else m[3], script)
    done = set(GIVEN)
    for _ in range(MOST_ROUNDS):
        found = [pair for pair in ASSIGNED.findall(text)[:MOST_VARIABLES] if pair[0] not in done]
        for name, value in found:
            if name not in done:
                text = with_value(text, name, value)
                done.add(name)
    return text


def with_value(text: str, name: str, value: str) -> str:
    return re.sub(rf"\$(?:\{{{name}\}}|{name}\b)", lambda _: value, text)


def steps(line: str) -> list[ShellStep]:
    """The commands that a line runs one after the other; empty where it cannot be read."""
    if len(line) > MOST_SHELL_CHARACTERS:
        return []
    joined = re.sub(r"\\\s*\n", " ", line)
    lexer = shlex.shlex(joined, posix=True, punctuation_chars=";&|\n")
    lexer.whitespace, lexer.whitespace_split = " \t\r", True
    lexer.commenters = "#"
    try:
        tokens = list(lexer)
    except ValueError:
        return []
    commands: list[list[str]] = [[]]
    for token in tokens:
        if set(token) <= set(";&|\n"):
            commands.append([])
        else:
            commands[-1].append(token)
    return [step for words in commands if words for step in unwrapped(words)]


def unwrapped(words: list[str]) -> list[ShellStep]:
    """The words without what only leads to the command: `sh -c`, `poetry run`, `exec`."""
    variables: list[str] = []
    while words:
        if re.match(r"[A-Za-z_]\w*=", words[0]):
            variables.append(words.pop(0))
        elif words[0].rpartition("/")[2] in ("sh", "bash") and "-c" in words[1:3]:
            return steps(words[words.index("-c") + 1]) if len(words) > 2 else []
        elif runner := next((r for r in RUNNERS if tuple(words[: len(r)]) == r), None):
            del words[: len(runner)]
            while words and words[0] in RUNNER_OPTIONS:
                del words[0]
        else:
            break
    return [ShellStep(tuple(variables), tuple(words))] if words else []
