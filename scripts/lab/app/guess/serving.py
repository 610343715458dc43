"""A stated server's command as the lab runs it: on $HOST:$PORT, without reloading."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.app.guess.folder import Folder, joined, parent_of
from lab.app.guess.shell import ShellStep

BIND = "$HOST:$PORT"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a server's command line names its address and what else the lab replaces."""

    takes_value: frozenset[str]
    """Options with a value that are dropped."""
    flags: frozenset[str]
    """Options without one that are dropped."""
    address: tuple[str, ...]
    """What is put in their place."""
    module: str
    """What `python -m` runs; of gunicorn older releases have a script alone."""
    distribution: str


HOST_PORT = ("--host", "$HOST", "--port", "$PORT")
COMMON = frozenset({"--host", "--port", "-h", "-p"})
RELOAD = frozenset({"--reload", "--debug", "--debugger", "--auto-reload"})
SERVERS: Mapping[str, ServerOptions] = {
    "gunicorn": ServerOptions(
        frozenset({"-b", "--bind", "--chdir", "--log-file", "--access-logfile", "--error-logfile"})
        | {"--worker-tmp-dir", "--certfile", "--keyfile", "--user", "--group", "-u", "-g", "--pid"},
        RELOAD | {"--daemon", "-D"},
        ("--bind", BIND),
        "gunicorn",
        "gunicorn",
    ),
    "uvicorn": ServerOptions(
        COMMON | {"--reload-dir", "--app-dir", "--uds", "--ssl-keyfile", "--ssl-certfile"},
        RELOAD,
        HOST_PORT,
        "uvicorn",
        "uvicorn",
    ),
    "hypercorn": ServerOptions(
        frozenset({"-b", "--bind"}), RELOAD, ("--bind", BIND), "hypercorn", "hypercorn"
    ),
    "daphne": ServerOptions(
        frozenset({"-b", "-p", "--bind", "--port", "-e", "-u"}),
        frozenset(),
        ("-b", "$HOST", "-p", "$PORT"),
        "daphne",
        "daphne",
    ),
    "granian": ServerOptions(COMMON, RELOAD, HOST_PORT, "granian", "granian"),
    "flask": ServerOptions(COMMON, RELOAD, HOST_PORT, "flask", "Flask"),
    "quart": ServerOptions(COMMON, RELOAD, HOST_PORT, "quart", "quart"),
    "sanic": ServerOptions(
        COMMON | {"-H"},
        RELOAD | {"--dev", "-d", "-r"},
        (*HOST_PORT, "--single-process"),
        "sanic",
        "sanic",
    ),
    "litestar": ServerOptions(
        COMMON | {"-H"}, RELOAD | {"-r", "-d"}, HOST_PORT, "litestar", "litestar"
    ),
    "waitress-serve": ServerOptions(
        frozenset({"--host", "--port", "--listen"}),
        frozenset(),
        ("--listen=$HOST:$PORT",),
        "waitress",
        "waitress",
    ),
    "fastapi": ServerOptions(
        COMMON, RELOAD | {"--no-reload"}, HOST_PORT, "fastapi", "fastapi[standard]"
    ),
}


def server_of(step: ShellStep) -> tuple[str, list[str]] | None:
    """The server's name and its arguments; None for a command that is none."""
    words = list(step.words)
    if re.fullmatch(r"(.*/)?python[\d.]*", words[0]) and words[1:2] == ["-m"]:
        words = words[2:]
    elif "-m" in words[1:3] and "python" in words[0]:
        words = words[words.index("-m") + 1 :]
    if not words:
        return None
    name = words[0].rpartition("/")[2]
    name = "waitress-serve" if name == "waitress" else name
    return (name, words[1:]) if name in SERVERS else None


def without_replaced(options: ServerOptions, words: Sequence[str]) -> list[str]:
    """The arguments without those that the lab replaces."""
    arguments, skip = [], False
    for word in words:
        name, has_value, _ = word.partition("=")
        if skip:
            skip = False
        elif name in options.takes_value:
            skip = not has_value
        elif name not in options.flags and not is_glued(word, options):
            arguments.append(word)
    return arguments


def is_glued(word: str, options: ServerOptions) -> bool:
    """`-b0.0.0.0:80`: a short option and its value in one word."""
    return word[:2] in options.takes_value and re.match(r"-[a-zA-Z][\d.:]", word) is not None


def value_of(words: Sequence[str], *names: str) -> str | None:
    for at, word in enumerate(words):
        name, given, value = word.partition("=")
        if name in names:
            return value if given else next(iter(words[at + 1 : at + 2]), None)
    return None


def target_in(words: Sequence[str]) -> str | None:
    """The `module:app` among a server's arguments."""
    targets = (w for w in words if re.fullmatch(r"[A-Za-z_][\w.]*(:[A-Za-z_][\w.]*(\(.*\))?)?", w))
    with_app = [word for word in targets if ":" in word or "." in word]
    return with_app[-1] if with_app else None


def served_command(folder: Folder, step: ShellStep, where: str) -> tuple[str, str] | None:
    """A server's command as the lab runs it, and its distribution; None where it is not a server.

    Args:
        where: the folder in which the project states it.
    """
    server = server_of(step)
    if server is None:
        return None
    name, words = server
    options = SERVERS[name]
    root = root_of(folder, words, where)
    arguments = [relative(folder, word, root) for word in without_replaced(options, words)]
    if name == "fastapi":
        arguments = ["run", *(word for word in arguments if word not in ("run", "dev"))]
    subcommand = name in ("flask", "quart", "litestar", "fastapi")
    if subcommand and "run" not in arguments:
        return None
    start = ["gunicorn"] if name == "gunicorn" else ["python", "-m", options.module]
    ordered = (arguments, options.address) if subcommand else (options.address, arguments)
    line = [*start, *ordered[0], *ordered[1]]
    return within(root, step.line(line)), options.distribution


def root_of(folder: Folder, words: Sequence[str], where: str) -> str:
    """The folder from which the target's module is imported."""
    chdir = value_of(words, "--chdir", "--app-dir")
    target = target_in(words)
    if target is None:
        script = next((w for w in words if w.endswith(".py") and "=" not in w), None)
        file = script and ending_with(folder, script, where)
        return file.removesuffix(script or "").rstrip("/") if file else where
    path = target.partition(":")[0].replace(".", "/")
    near = joined(where, chdir.strip("./")) if chdir and not chdir.startswith("/") else where
    for name in (f"{path}.py", f"{path}/__init__.py"):
        if file := ending_with(folder, name, near):
            return file.removesuffix(name).rstrip("/")
    return where


def ending_with(folder: Folder, name: str, near: str) -> str | None:
    """The file of that relative name, in the near folder if it is there, else anywhere."""
    name = name.removeprefix("./")
    if joined(near, name) in folder.files:
        return joined(near, name)
    files = [each for each in folder.files if f"/{each}".endswith(f"/{name.lstrip('/')}")]
    return min(files, key=lambda each: (each.count("/"), each), default=None)


def relative(folder: Folder, word: str, root: str) -> str:
    """A file of the project that is named from elsewhere, as it is reached from the root."""
    option, given, value = word.rpartition("=")
    if not re.search(r"\.(py|ini|ya?ml|toml|json)$", value) or ":" in value:
        return word
    name = value.removeprefix("python:").lstrip("/")
    while name:
        if file := ending_with(folder, name, root):
            path = posixpath.relpath(file, root or ".")
            return f"{option}{given}{path}"
        name = name.partition("/")[2]
    return word


def within(root: str, line: str) -> str:
    """A line that is run in a folder of the app's."""
    return f"cd {root} && exec {line}" if root else line


def program(folder: Folder, step: ShellStep, where: str) -> tuple[str, str] | None:
    """`python app.py` and `manage.py runserver` as the lab runs them, and the program's file."""
    words = list(step.words)
    if re.fullmatch(r"(.*/)?python[\d.]*", words[0]):
        words = words[1:]
    while words and words[0] in ("-u", "-O", "-B"):
        words = words[1:]
    if not words:
        return None
    if words[0] == "-m" and len(words) > 1:
        return run_module(folder, step, words[1:], where)
    script = words[0]
    file = ending_with(folder, script.lstrip("/"), where) or ending_with(
        folder, script.rpartition("/")[2], where
    )
    if not script.endswith(".py") or file is None:
        return None
    root = where if file.startswith(where) else parent_of(file)
    name = posixpath.relpath(file, root or ".")
    arguments = ["runserver", "--noreload", BIND] if "runserver" in words else words[1:]
    if name.rpartition("/")[2] == "manage.py":
        root, name = parent_of(file), "manage.py"
        if "runserver" not in words:
            return None
    return within(root, step.line(["python", name, *arguments])), file


def run_module(
    folder: Folder, step: ShellStep, words: Sequence[str], where: str
) -> tuple[str, str] | None:
    path = words[0].replace(".", "/")
    for name in (f"{path}/__main__.py", f"{path}.py"):
        if file := ending_with(folder, name, where):
            root = file.removesuffix(name).rstrip("/")
            return within(root, step.line(["python", "-m", *words])), file
    return None
