"""A lab.toml from what lies in an app's folder; pure, and each guess says where it came from."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.app.guess.source import FRAMEWORKS, Module, read_module
from lab.app.spec_keys import APP_KEYS, REQUEST_KEYS, Key

BIND = "$HOST:$PORT"
SERVERS = ("gunicorn", "uvicorn", "hypercorn")


@dataclass(frozen=True, slots=True)
class Guessed:
    """One key's value, and why."""

    key: str
    value: Any
    why: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The texts of an app's folder by their names there."""

    files: Mapping[str, str]

    def modules(self) -> list[Module]:
        """The Python files, those nearest to the top first."""
        python = [(n, t) for n, t in self.files.items() if n.endswith(".py")]
        ordered = sorted(python, key=lambda item: (item[0].count("/"), item[0]))
        return [module for name, text in ordered if (module := read_module(name, text))]

    def text(self, name: str) -> str:
        return self.files.get(name, "")


def guess(folder: Folder, pyproject: Mapping[str, Any]) -> tuple[Guessed, ...]:
    """
    Args:
        pyproject: the content of pyproject.toml; empty without one.
    """
    modules = folder.modules()
    serving = next((module for module in modules if module.app), None)
    if "Dockerfile" in folder.files:
        why = "the folder has a Dockerfile: its image is used, on Docker alone"
        found: list[Guessed | None] = [
            Guessed("dockerfile", "Dockerfile", why),
            *docker_command(folder),
        ]
    else:
        needs = requirements(folder, pyproject, modules)
        command = commands(folder, modules, serving, needs)
        found = [python(folder, pyproject), needs, command, *workers(folder, command)]
    return (*(each for each in found if each is not None), *request(modules))


def docker_command(folder: Folder) -> list[Guessed]:
    """The Dockerfile's own command serves, on a port that it may have fixed."""
    lines = re.findall(r"^\s*CMD\s+(.+)$", folder.text("Dockerfile"), re.MULTILINE | re.IGNORECASE)
    if not lines or "PORT" in lines[-1]:
        return []
    try:
        words = json.loads(lines[-1])
    except ValueError:
        words = lines[-1].split()
    line, changed = re.subn(r"(?<=[:= ])(\d{4,5})\b", "$PORT", " ".join(map(str, words)))
    why = "the Dockerfile's CMD, with $PORT in the place of its port"
    return [Guessed("command", line, why)] if changed else []


def python(folder: Folder, pyproject: Mapping[str, Any]) -> Guessed | None:
    if stated := re.match(r"\s*(3\.\d+)", folder.text(".python-version")):
        return Guessed("python", stated[1], ".python-version")
    needs = str(pyproject.get("project", {}).get("requires-python", ""))
    if stated := re.search(r"3\.\d+", needs):
        return Guessed("python", stated[0], f"requires-python of pyproject.toml ({needs})")
    return None


def requirements(
    folder: Folder, pyproject: Mapping[str, Any], modules: Sequence[Module]
) -> Guessed | None:
    if "requirements.txt" in folder.files:
        return Guessed("requirements", "requirements.txt", "the folder has one")
    listed = pyproject.get("project", {}).get("dependencies")
    if listed:
        return Guessed("requirements", list(listed), "dependencies of pyproject.toml")
    used = {name for module in modules for name in module.imports}
    names = [name for name in (*FRAMEWORKS, *SERVERS) if name in used]
    if names and not set(SERVERS) & set(names) and set(names) & {"fastapi", "starlette"}:
        names.append("uvicorn")
    why = "imports, without versions: pin them to what you run"
    return Guessed("requirements", names, why) if names else None


def commands(
    folder: Folder, modules: Sequence[Module], serving: Module | None, needs: Guessed | None
) -> Guessed | None:
    """The line that serves: the folder's own, else the framework's usual one."""
    if web := re.search(r"^web:\s*(.+)$", folder.text("Procfile"), re.MULTILINE):
        return Guessed("command", web[1].strip(), "the Procfile's web line")
    if serving is not None and "gunicorn.conf.py" in folder.files:
        line = f"python -m gunicorn --config gunicorn.conf.py --bind {BIND}"
        line += worker_class(folder, serving)
        why = f"gunicorn.conf.py, and the app object of {serving.path}"
        return Guessed("command", f"{line} {target(serving)}", why)
    if django := next((module for module in modules if module.makes_wsgi), None):
        line = f"python -m gunicorn --bind {BIND} {django.name}:application"
        return Guessed("command", line, f"Django's application of {django.path}")
    if serving is not None and serving.app is not None:
        return framework_command(folder, serving, serving.app[1], needs)
    if program := next((module for module in modules if module.runs), None):
        why = f"{program.path} runs as a program; it must listen on $HOST:$PORT"
        return Guessed("command", f"python {program.path}", why)
    return None


def worker_class(folder: Folder, module: Module) -> str:
    """gunicorn alone speaks WSGI: an ASGI app needs uvicorn's class, unless the file names one."""
    asgi = module.app is not None and module.app[1] in ("fastapi", "starlette")
    named = "worker_class" in folder.text("gunicorn.conf.py")
    return " --worker-class uvicorn.workers.UvicornWorker" if asgi and not named else ""


def target(module: Module) -> str:
    return f"{module.name}:{module.app[0] if module.app else 'app'}"


def framework_command(
    folder: Folder, module: Module, framework: str, needs: Guessed | None
) -> Guessed:
    where = f"the {framework} object of {module.path}"
    packages = f"{needs.value if needs else ''} {folder.text('requirements.txt')}".lower()
    if framework == "aiohttp":
        why = f"{where}; it must listen on $HOST:$PORT"
        return Guessed("command", f"python {module.path}", why)
    if framework == "flask" and "gunicorn" in packages:
        return Guessed("command", f"python -m gunicorn --bind {BIND} {target(module)}", where)
    if framework == "flask":
        line = f"python -m flask --app {target(module)} run --host $HOST --port $PORT"
        return Guessed("command", line, f"{where}, with Flask's own server: name yours")
    line = f"python -m uvicorn {target(module)} --host $HOST --port $PORT"
    return Guessed("command", line, where)


def workers(folder: Folder, command: Guessed | None) -> list[Guessed]:
    """What the command or gunicorn's file fixes as a number."""
    line = str(command.value) if command else ""
    if stated := re.search(r"(?:--workers|-w)[ =](\d+)", line):
        return [Guessed("workers", int(stated[1]), "the command's own number")]
    module = folder.text("gunicorn.conf.py") if "gunicorn.conf.py" in line else ""
    for node in parsed(module).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            named = isinstance(node.targets[0], ast.Name) and node.targets[0].id == "workers"
            if named and isinstance(node.value.value, int):
                return [Guessed("workers", node.value.value, "gunicorn.conf.py")]
    return []


def parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def request(modules: Sequence[Module]) -> tuple[Guessed, ...]:
    found = [(path, module.path) for module in modules for path in module.routes]
    if not found:
        return ()
    path, where = found[0]
    return (Guessed("path", path, f"the first route of {where} that takes no parameter"),)


def render(found: Sequence[Guessed]) -> str:
    """The commented lab.toml: what was guessed, and every other key as a comment."""
    known = {each.key: each for each in found}
    lines = [
        "# How the Worker Memory Lab runs this app. What is commented out has its default.",
        "",
    ]
    for key in APP_KEYS:
        lines += line_of(key, known.get(key.name))
    lines += ["", "# One table for each kind of request; {n} counts up.", "[[requests]]"]
    for key in REQUEST_KEYS:
        lines += line_of(key, known.get(key.name))
    return "\n".join(lines) + "\n"


def line_of(key: Key, guessed: Guessed | None) -> list[str]:
    if guessed is None:
        return [
            f"# {key.name} = {key.example}  # {plain(key.meaning)}; default: {plain(key.default)}"
        ]
    return [f"# guessed: {guessed.why}", f"{key.name} = {toml_value(guessed.value)}"]


def plain(text: str) -> str:
    return text.replace("`", "")


def toml_value(value: Any) -> str:
    """TOML's texts, numbers and lists of them are JSON's."""
    return json.dumps(value, ensure_ascii=False)


def sentences(found: Sequence[Guessed]) -> list[str]:
    """What was guessed, a line each."""
    if not any(each.key in ("command", "dockerfile") for each in found):
        missing = ["no command was found: say how the app is served on $HOST:$PORT"]
    else:
        missing = []
    return [f"{each.key} = {toml_value(each.value)}  ({each.why})" for each in found] + missing
