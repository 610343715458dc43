"""The commands that a project states: Procfile, Compose file, Dockerfile, scripts of a shell."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.app.compose_text import NoReader, parsed
from lab.app.guess.dockerfile import read_final_stage
from lab.app.guess.folder import Folder, joined, parent_of
from lab.app.guess.serving import program, served_command, within
from lab.app.guess.shell import ShellStep, steps, with_variables_filled

DOCKERFILES = r"dockerfile|dockerfile\..*|(.*[._-])dockerfile"
COMPOSE_FILES = r"(docker-)?compose(\..*)?\.ya?ml"
SCRIPTS = r".*\.sh"
PREPARING = re.compile(
    r"\b(migrate|upgrade|init-?_?db|create-?_?(db|tables|all)|seed|loaddata|collectstatic"
    r"|\w*pre_?start|initial_data|createcachetable|deploy|setup-?_?db|initialize_db|bootstrap)\b"
)
"""Words of a command that makes a database ready and ends."""
INSTALLING = re.compile(r"\b(pip3?|apt(-get)?|apk|npm|yarn|poetry|uv|pipenv) ")
"""Commands that install, which the environment of the lab has done."""
MAX_SCRIPTS = 4
"""How many scripts that run each other are followed from one line."""
WORKER = re.compile(r"\b(celery|rq|dramatiq|arq|huey|worker|beat|flower|scheduler)\b")


@dataclass(frozen=True, slots=True)
class ServeCommand:
    """A command that serves, as the lab runs it."""

    line: str
    why: str
    distribution: str | None = None
    """What its server is installed by."""
    program: str | None = None
    """The file that is run, where it is a program of the project's."""
    prepare: tuple[str, ...] = ()
    """What ran before it, once."""


def stated_commands(folder: Folder) -> Iterator[ServeCommand]:
    """The commands that the project's own files state, the most telling first."""
    for name in folder.named("procfile"):
        yield from from_procfile(folder, name)
    for name in folder.named(DOCKERFILES):
        line = read_final_stage(folder.text(name)).line
        yield from from_line(folder, line, code_above(folder, name), f"the command of {name}")
    for name in folder.named(COMPOSE_FILES):
        yield from from_compose(folder, name)
    for name in folder.named(SCRIPTS):
        text = folder.text(name)
        if not WORKER.search(name):
            where = code_above(folder, name)
            yield from from_line(folder, text, where, name, only_servers=True)


def code_above(folder: Folder, name: str) -> str:
    """The nearest folder above a file that has Python in it: one of recipes alone is not a root."""
    where = parent_of(name)
    while where and not any(module.path.startswith(f"{where}/") for module in folder.modules):
        where = parent_of(where)
    return where


def from_procfile(folder: Folder, name: str) -> Iterator[ServeCommand]:
    lines = dict(re.findall(r"^([\w-]+):\s*(.+)$", folder.text(name), re.MULTILINE))
    where = parent_of(name)
    if "web" not in lines:
        return
    release = tuple(
        preparing_commands(folder, steps(lines.get("release", "")), where, anything=True)
    )
    commands = list(from_line(folder, lines["web"], where, f"the web line of {name}"))
    if not commands:
        commands = [ServeCommand(within(where, lines["web"]), f"the web line of {name}")]
    for each in commands:
        prepare = (*release, *each.prepare)
        yield ServeCommand(each.line, each.why, each.distribution, each.program, prepare)


def from_line(
    folder: Folder,
    line: str,
    where: str,
    why: str,
    *,
    only_servers: bool = False,
    followed: frozenset[str] = frozenset(),
) -> Iterator[ServeCommand]:
    """The server among the steps of a line, with what comes before it; each script once.

    Without a known server it is the last program that is run: those before it wait, or fill.
    """
    before: list[ShellStep] = []
    last: ServeCommand | None = None
    for step in serving_steps(line):
        if step.words[0] == "cd" and len(step.words) == 2:
            where = inner(folder, where, step.words[1])
            continue
        if server := served_command(folder, step, where):
            prepare = tuple(preparing_commands(folder, before, where))
            yield ServeCommand(server[0], why, server[1], prepare=prepare)
            return
        script = script_of(folder, step, where)
        if script and script not in followed and len(followed) < MAX_SCRIPTS:
            followed |= {script}
            text, near, by = folder.text(script), where or parent_of(script), f"{why}, by {script}"
            inside = next(from_line(folder, text, near, by, followed=followed), None)
            if inside and inside.program is None:
                yield inside
                return
            last = inside or last
        is_server = not only_servers and not PREPARING.search(" ".join(step.words))
        if is_server and not script and (ran := program(folder, step, where)):
            prepare = tuple(preparing_commands(folder, before, where))
            last = ServeCommand(ran[0], why, program=ran[1], prepare=prepare)
        before.append(step)
    if last is not None:
        yield last


def serving_steps(line: str) -> Iterator[ShellStep]:
    """The steps of a line with their values, but those that start a worker of a queue."""
    for step in (part for whole in steps(with_variables_filled(line)) for part in handed_on(whole)):
        if not WORKER.search(" ".join(step.words)):
            yield step


def handed_on(step: ShellStep) -> list[ShellStep]:
    """An image's entry point, and after it the command that it is given to run."""
    name = step.words[0].rpartition("/")[2]
    if "entrypoint" not in name or len(step.words) < 2 or step.words[1].startswith("-"):
        return [step]
    return [ShellStep(step.variables, step.words[:1]), ShellStep(step.variables, step.words[1:])]


def inner(folder: Folder, where: str, named: str) -> str:
    """A folder of the project that a line goes to; the image's own paths by their last part."""
    parts = [part for part in named.split("/") if part not in ("", ".", "..")]
    for at in range(len(parts)):
        for base in (where, ""):
            if (path := joined(base, *parts[at:])) in folder.python_folders:
                return path
    return where


def script_of(folder: Folder, step: ShellStep, where: str) -> str | None:
    """The project's shell script that a step runs or hands on to."""
    for word in step.words[:3]:
        name = word.rpartition("/")[2]
        if name.endswith(".sh") or (word is step.words[0] and "entrypoint" in name):
            near = joined(where, word.removeprefix("./"))
            if near in folder.files:
                return near
            scripts = [each for each in folder.files if each.rpartition("/")[2] == name]
            return min(scripts, key=lambda each: each.count("/"), default=None)
    return None


def preparing_commands(
    folder: Folder,
    before: Sequence[ShellStep],
    where: str,
    *,
    anything: bool = False,
    followed: frozenset[str] = frozenset(),
) -> Iterator[str]:
    """The commands that make data ready, of those that run before a server."""
    for step in before:
        words = list(step.words)
        if script := script_of(folder, step, where):
            if script not in followed and len(followed) < MAX_SCRIPTS:
                followed |= {script}  # scripts may name each other, and often
                inside = steps(folder.text(script))
                yield from preparing_commands(folder, inside, where, followed=followed)
            continue
        if INSTALLING.search(" ".join(words)):
            continue
        if not anything and not PREPARING.search(" ".join(words)):
            continue
        if words[0] in ("alembic", "flask", "django-admin", "aerich"):
            words = [
                "python",
                "-m",
                "django" if words[0] == "django-admin" else words[0],
                *words[1:],
            ]
        if words[0].startswith("python") and len(words) > 1:
            words[0] = "python"
            script_name = next((w for w in words[1:] if w.endswith(".py")), "")
            root = where_of(folder, script_name, where) if script_name else where
            if root is None or "$" in " ".join(words):
                continue
            yield within(root, step.line(words)).replace("&& exec ", "&& ")


def where_of(folder: Folder, script: str, where: str) -> str | None:
    """The folder from which a script can be run by that name."""
    for root in (where, ""):
        if joined(root, script.removeprefix("./")) in folder.files:
            return root
    scripts = [n for n in folder.files if f"/{n}".endswith(f"/{script.removeprefix('./')}")]
    nearest = min(scripts, key=lambda each: each.count("/"), default=None)
    return nearest.removesuffix(script.removeprefix("./")).rstrip("/") if nearest else None


def compose_services(text: str) -> Mapping[str, Mapping[str, Any]]:
    """The services of a Compose file; empty where it, or the reader of YAML, cannot be had."""
    with contextlib.suppress(NoReader, ValueError):
        services = parsed(text).get("services")
        if isinstance(services, Mapping):
            return {str(k): v for k, v in services.items() if isinstance(v, Mapping)}
    return {}


def from_compose(folder: Folder, name: str) -> Iterator[ServeCommand]:
    services = compose_services(folder.text(name))
    for service, values in services.items():
        if "build" not in values or WORKER.search(service):
            continue
        command = values.get("command")
        line = " ".join(map(str, command)) if isinstance(command, list) else command
        build = values["build"]
        context = build.get("context", ".") if isinstance(build, Mapping) else build
        where = inner(folder, parent_of(name), str(context))
        if isinstance(line, str):
            yield from from_line(folder, line, where, f"command of {service} in {name}")
