"""Which object a command serves, and how it is called without a server."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from lab.app.guess.frameworks import FRAMEWORKS, Interface
from lab.app.guess.source import Module, read_module
from lab.errors import LabError
from lab.reproducer.functions import interface_by_shape
from lab.text.phrases import clipped

TARGET = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*(?:\(\))?)")
FOLDER = re.compile(r"\s*cd\s+([\w./-]+)\s*&&\s*(?:exec\s+)?(.*)", re.DOTALL)
BY_SERVER = (
    (re.compile(r"aiohttp\.\w*Worker"), Interface.AIOHTTP),
    (re.compile(r"\buvicorn\b|\bhypercorn\b|\bdaphne\b"), Interface.ASGI),
    (
        re.compile(r"\bgunicorn\b|\bwaitress\b|\bflask\b|\buwsgi\b|interface[ =]wsgi"),
        Interface.WSGI,
    ),
    (re.compile(r"\bgranian\b"), Interface.ASGI),
)
MOST_COMMAND_NAMED = 80


class NotReproduced(LabError):
    """No script is shipped; the message says why."""


@dataclass(frozen=True, slots=True)
class Served:
    """The object that a server calls."""

    file: str
    """In the app's folder."""
    folder: str
    """The folder that its imports begin at, in the app's; empty: the app's own."""
    name: str
    """Such as `app`, or `create_app()`."""
    interface: Interface
    module: Module

    @property
    def dotted(self) -> str:
        """The module's name for an import."""
        inside = PurePosixPath(self.file).relative_to(self.folder or ".")
        parts = inside.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def served_by(command: str, texts: Mapping[str, str]) -> Served:
    """What the command serves.

    Args:
        texts: every Python file of the app, by its name in the app's folder.

    Raises:
        NotReproduced: it serves nothing that can be called without a server.
    """
    folder, line = folder_of(command)
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    for match in filter(None, map(TARGET.fullmatch, words)):
        if (file := file_of(folder, match[1], texts)) is not None:
            return of_target(line, (file, folder, match[2]), texts[file])
    for word in words:
        file = str(PurePosixPath(folder) / word)
        if word.endswith(".py") and file in texts:
            return of_program(file, folder, texts[file])
    raise NotReproduced(
        f"`{clipped(command, MOST_COMMAND_NAMED)}` names no object of the app that can be called "
        "without its server"
    )


def file_served(command: str, texts: Mapping[str, str]) -> tuple[str, str] | None:
    """The file that a command names, and the folder that its imports begin at; None: no file."""
    folder, line = folder_of(command)
    for word in line.split():
        match = TARGET.fullmatch(word)
        file = file_of(folder, match[1], texts) if match else str(PurePosixPath(folder) / word)
        if file in texts and file is not None:
            return file, folder
    return None


def folder_of(command: str) -> tuple[str, str]:
    """The folder that a command changes to, and what it runs there."""
    match = FOLDER.fullmatch(command)
    return (str(PurePosixPath(match[1])), match[2]) if match else ("", command)


def file_of(folder: str, dotted: str, texts: Mapping[str, str]) -> str | None:
    base = PurePosixPath(folder) / dotted.replace(".", "/")
    names = (f"{base}.py", f"{base}/__init__.py")
    return next((name for name in names if name in texts), None)


def read(file: str, text: str) -> Module:
    module = read_module(file, text)
    if module is None:
        raise NotReproduced(f"{file} cannot be read as Python of this interpreter")
    return module


def of_target(line: str, target: tuple[str, str, str], text: str) -> Served:
    """The object that a server is told by `module:name`."""
    file, folder, name = target
    module = read(file, text)
    is_factory = "--factory" in line and not name.endswith("()")
    by_server = next((each for pattern, each in BY_SERVER if pattern.search(line)), None)
    interface = by_server or interface_of(module, name.removesuffix("()"))
    if interface is None or interface is Interface.OWN:
        raise NotReproduced(f"{file}: {name} is neither WSGI nor ASGI, as far as its command says")
    return Served(file, folder, f"{name}()" if is_factory else name, interface, module)


def of_program(file: str, folder: str, text: str) -> Served:
    """The object of a program that serves by itself."""
    module = read(file, text)
    shaped = interface_by_shape(module.tree)
    names = [each.name for each in module.apps if each.framework and not each.is_factory]
    for name in (*names, *shaped):
        interface = interface_of(module, name)
        if interface is not None and interface is not Interface.OWN:
            return Served(file, folder, name, interface, module)
    raise NotReproduced(
        f"{file} has neither a WSGI nor an ASGI app at its top, so that nothing can be called "
        "without its server"
    )


def interface_of(module: Module, name: str) -> Interface | None:
    for each in module.apps:
        framework = FRAMEWORKS.get(each.framework or "")
        if each.name == name and framework is not None:
            return framework.interface
    return interface_by_shape(module.tree).get(name)
