"""Apps that an ini file of PasteDeploy describes, as Pyramid's are."""

import re
from collections.abc import Iterator

from lab.app.guess.folder import Folder, joined, parent_of
from lab.app.guess.guess_records import Guessed
from lab.app.guess.serving import BIND, within
from lab.app.guess.stated_commands import ServeCommand

PROJECTS = r"pyproject\.toml|setup\.(py|cfg)"
"""What makes a folder a project that can be installed."""
FILES = r"(production|development)\.ini"
APP = re.compile(r"^\[(app|composite|pipeline):", re.MULTILINE)
EGG = re.compile(r"^use\s*=\s*egg:([\w.-]+)", re.MULTILINE)


def paste_commands(folder: Folder) -> Iterator[ServeCommand]:
    """Commands for the Paste files, production first; gunicorn serves on the lab's address."""
    for name in sorted(folder.named(FILES), key=lambda each: "production" not in each):
        if APP.search(folder.text(name)):
            line = f"gunicorn --paste {name.rpartition('/')[2]} --bind {BIND}"
            yield ServeCommand(within(parent_of(name), line), f"the app of {name}", "gunicorn")


def with_project(
    folder: Folder, needs: Guessed | None, command: ServeCommand | None
) -> Guessed | None:
    """The requirements with the project itself, which such a file finds by its installed name."""
    match = re.search(r"--paste (\S+)", command.line) if command else None
    where = re.match(r"cd (\S+) && ", command.line) if command else None
    root = where[1] if where else ""
    if match is None or not folder.inside(root, PROJECTS):
        return needs
    if not EGG.search(folder.text(joined(root, match[1]))):
        return needs
    why = f"the project itself, as {match[1]} names it"
    return Guessed("requirements", [f"./{root}" if root else "."], why)
