"""What a Dockerfile says of how its image serves."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from lab.app.guess.guess_records import Guessed
from lab.app.guess.shell import MOST_SHELL_CHARACTERS, quoted

NOT_OURS = re.compile(
    r"PATH|HOME|PORT|HOST|PYTHON.*|PIP_.*|POETRY_.*|UV_.*|DEBIAN_FRONTEND|LANG|LC_.*|VIRTUAL_ENV"
    r"|LAB_.*|LD_.*|.*_VERSION|TZ|APP_HOME|PATH_.*",
)
"""Variables that speak of the image and not of the app."""


STAGE = re.compile(r"^[ \t]*FROM[ \t]+[^\n]*?(?:[ \t]AS[ \t]+(?P<name>\S+))?[ \t]*$", re.I | re.M)


@dataclass(frozen=True, slots=True)
class FinalStage:
    """The last stage of a Dockerfile."""

    words: tuple[str, ...]
    """The entry point with the command; empty where the file has neither."""
    is_shell: bool
    """Whether a shell reads it, which knows $PORT."""
    environment: Mapping[str, str]

    @property
    def line(self) -> str:
        """The words as one shell line."""
        return self.words[0] if self.is_shell and self.words else " ".join(map(quoted, self.words))


def instructions(text: str) -> list[tuple[str, str]]:
    """The file's instructions with their arguments; continued lines are joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\[ \t]*\n", " ", "\n".join(lines))
    pairs = (line.strip().split(None, 1) for line in whole.splitlines())
    return [(pair[0].upper(), pair[1].strip()) for pair in pairs if len(pair) == 2]


def read_final_stage(text: str) -> FinalStage:
    entry: list[str] | str | None = None
    command: list[str] | str | None = None
    environment: dict[str, str] = {}
    for name, given in instructions(text):
        if name == "FROM":
            entry, command = None, None
        elif name == "ENTRYPOINT":
            entry, command = words_of(given), None
        elif name == "CMD":
            command = words_of(given)
        elif name == "ENV":
            environment.update(variables(given))
    kept = {
        key: value
        for key, value in environment.items()
        if not NOT_OURS.fullmatch(key) and "$" not in value and "/" not in value
    }
    if isinstance(entry, str):
        return FinalStage((entry,), True, kept)
    if isinstance(command, str):
        if entry is None or entry[:2] in (["sh", "-c"], ["/bin/sh", "-c"]):
            return FinalStage((command,), True, kept)
        return FinalStage((*entry, "sh", "-c", command), False, kept)
    return FinalStage((*(entry or ()), *(command or ())), False, kept)


def words_of(given: str) -> list[str] | str:
    """A list for the form of JSON, the line itself for the shell's."""
    try:
        words = json.loads(given)
    except (ValueError, RecursionError):
        return given
    return [str(word) for word in words] if isinstance(words, list) else given


def variables(given: str) -> dict[str, str]:
    pairs = re.findall(r"(?<!\w)([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S*)", given)
    if not pairs or not re.match(r"[A-Za-z_]\w*=", given):
        name, _, value = given.partition(" ")
        return {name: value.strip().strip("\"'")} if re.fullmatch(r"[A-Za-z_]\w*", name) else {}
    return {name: value.strip("\"'") for name, value in pairs}


PORT_PLACES = (
    r"(?<=:)\d{2,5}(?=['\"\s]|$)",
    r"(?<=--port[ =])\d{2,5}\b",
    r"(?<=-p )\d{2,5}\b",
    r"(?<=--http-port[ =])\d{2,5}\b",
    r"(?<=runserver )\d{2,5}\b",
)


def with_port(line: str) -> str:
    """The line with $PORT in the place of the ports that it fixes."""
    for pattern in PORT_PLACES:
        line = re.sub(pattern, "$PORT", line)
    return re.sub(r"\b(127\.0\.0\.1|localhost):\$PORT", "0.0.0.0:$PORT", line)


def readable(line: str) -> str:
    """The line with each word quoted so that a shell fills in $PORT; what another shell is given to
    run stays whole.
    """
    words = shlex.split(line)
    before = ("", *words)
    return " ".join(
        shlex.quote(word) if last == "-c" else quoted(word)
        for last, word in zip(before, words, strict=False)
    )


def image_command(text: str) -> list[Guessed]:
    """The command of a Dockerfile on $PORT, where it fixes a port, or no shell reads it."""
    stage = read_final_stage(text)
    line = with_port(stage.line)
    if not stage.is_shell and len(line) <= MOST_SHELL_CHARACTERS:
        line = readable(line)
    if line == stage.line and ("PORT" not in line or stage.is_shell):
        return []
    why = "the Dockerfile's command, with $PORT in the place of its port"
    return [Guessed("command", line, why)]


def up_to(text: str, target: str | None) -> str:
    """A Dockerfile to the end of one of its stages; all of it where no stage has that name."""
    starts = list(STAGE.finditer(text))
    for stage, following in pairwise(starts):
        if target is not None and stage["name"] == target:
            return text[: following.start()]
    return text
