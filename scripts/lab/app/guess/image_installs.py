"""What a Dockerfile installs by name, beside the files of requirements."""

import re
import shlex
from collections.abc import Iterator, Sequence

from lab.app.guess.dockerfile import instructions
from lab.app.guess.folder import Folder
from lab.app.guess.locks import name_in

TOOLS = frozenset({"pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pdm", "virtualenv"})
"""What installs the app and is not part of it."""
WITH_VALUE = frozenset(
    (
        *("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t", "--target"),
        *("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host"),
        *("--prefix", "--root", "--cache-dir", "--python", "--timeout", "--retries"),
        *("--no-binary", "--only-binary", "--platform", "--python-version", "--proxy"),
        "--progress-bar",
    )
)
"""Options whose next word is theirs; those of a file with requirements are read elsewhere."""
NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:\[[\w,-]+\])?(?:(?:[=!<>~]=?=?)[\w.*+!,<>=~]+)?")
STEP = re.compile(r"&&|\|\||[;|]")
MOST_IMAGE_STEPS, MOST_STEP_CHARACTERS = 200, 20_000
"""The most steps of a file, and the longest of them: splitting takes the square of its length."""


def installed_by_name(folder: Folder, project: str) -> tuple[list[str], str]:
    """The requirements of its Dockerfile's own steps, and the file's name; none without one."""
    for name in folder.named(r"(.*[._-])?dockerfile|dockerfile\..*", project):
        if listed := list(dict.fromkeys(installs(folder.text(name)))):
            return listed, name
    return [], ""


def installs(text: str) -> Iterator[str]:
    """The packages that `pip install` of its steps names, with their versions."""
    steps = [
        step
        for name, given in instructions(text)
        if name == "RUN"
        for step in STEP.split(given)[:MOST_IMAGE_STEPS]
    ]
    for step in steps[:MOST_IMAGE_STEPS]:
        yield from installed_packages(words_of(step))


def words_of(step: str) -> list[str]:
    """The words of a step; none where a shell would not read it, or where it is too long."""
    if len(step) > MOST_STEP_CHARACTERS:
        return []
    try:
        return shlex.split(step)
    except ValueError:
        return []


def installed_packages(words: Sequence[str]) -> Iterator[str]:
    """The packages after `pip install`."""
    if "install" not in words or not re.fullmatch(r"(?:.*/)?pip[\d.]*", before_install(words)):
        return
    rest = iter(words[words.index("install") + 1 :])
    for word in rest:
        if word in WITH_VALUE:
            next(rest, None)
        elif NAME.fullmatch(word) and name_in(word) not in TOOLS:
            yield word


def before_install(words: Sequence[str]) -> str:
    """The word that `install` follows, past options: the program that installs."""
    before = words[: words.index("install")]
    return next((word for word in reversed(before) if not word.startswith("-")), "")
