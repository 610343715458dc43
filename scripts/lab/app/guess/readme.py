"""Lines of a shell that a project's README shows: how its authors start it."""

import re
from collections.abc import Iterator

from lab.app.guess.folder import Folder, parent_of
from lab.app.guess.layout import import_root
from lab.app.guess.serving import program, served_command
from lab.app.guess.shell import ShellStep, steps
from lab.app.guess.stated_commands import ServeCommand

READMES = r"readme(\.(md|rst|txt))?"
PROMPT = re.compile(r"(\([\w.-]+\)\s*)?[$>%]\s+")
FENCE = re.compile(r"\s*(```|~~~)")
CODE = re.compile(r"(?: {4,}|\t)(\S.*)|\s*((?:\([\w.-]+\)\s*)?\$ \S.*)")
"""A line that is set apart as code by its indentation or by a shell's prompt."""
MOST_CODE_LINES = 200


def shown_steps(folder: Folder) -> Iterator[tuple[ShellStep, str, str]]:
    """Each command that a README shows, the folder of that README, and its name."""
    for name in folder.named(READMES):
        for line in list(code_lines(folder.text(name)))[:MOST_CODE_LINES]:
            for step in steps(line):
                yield step, parent_of(name), name


def code_lines(text: str) -> Iterator[str]:
    """The lines of a README's blocks of code, without prompts."""
    is_fenced = False
    for line in text.splitlines():
        if FENCE.match(line):
            is_fenced = not is_fenced
        elif is_fenced:
            yield PROMPT.sub("", line.strip(), count=1)
        elif match := CODE.fullmatch(line.rstrip()):
            yield PROMPT.sub("", (match[1] or match[2]).strip(), count=1)


def readme_commands(folder: Folder) -> Iterator[ServeCommand]:
    """Servers and serving programs with the arguments that a README gives them."""
    serving = {module.path for module in folder.modules if module.runs and module.serves}
    for step, where, name in shown_steps(folder):
        if server := served_command(folder, step, where):
            yield ServeCommand(server[0], f"a line of {name}", server[1])
        elif (ran := program(folder, step, where)) and ran[1] in serving:
            line = as_module(folder, ran[0], ran[1])
            yield ServeCommand(line, f"a line of {name}", program=ran[1])


def as_module(folder: Folder, line: str, path: str) -> str:
    """A program that imports its own package, which the project's installation would put there."""
    root = next((import_root(folder, m) for m in folder.modules if m.path == path), "")
    name = path.removeprefix(f"{root}/") if root else path
    dotted = name.removesuffix(".py").replace("/", ".")
    return line.replace(f"python {name}", f"python -m {dotted}", 1) if "/" in name else line


def readme_program(folder: Folder, path: str) -> str | None:
    """How a README runs a program of the project, with its arguments; None where it does not."""
    for step, where, _ in shown_steps(folder):
        ran = program(folder, step, where)
        if ran is not None and ran[1] == path and not ran[0].endswith(".py"):
            return ran[0]
    return None
