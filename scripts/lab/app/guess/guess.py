"""A description of an app from what lies in its folder; pure, and each part says why."""

import re

from lab.app.env_file import parse_env
from lab.app.guess import pythons
from lab.app.guess.commands import GUNICORN_FILES, commands
from lab.app.guess.compose_keys import compose_keys
from lab.app.guess.dependencies import (
    required_lines,
    required_names,
    requirements,
    with_added,
)
from lab.app.guess.django_urls import django_routes
from lab.app.guess.dockerfile import image_command
from lab.app.guess.folder import Folder
from lab.app.guess.graphql import graphql_requests
from lab.app.guess.guess_records import Guess, Guessed, GuessedRequest
from lab.app.guess.layout import local_names, project_root
from lab.app.guess.locks import name_in, normal
from lab.app.guess.paste import with_project
from lab.app.guess.pins import newest_minor
from lab.app.guess.preparation import prepare
from lab.app.guess.routes import Route, read_routes
from lab.app.guess.server_needs import services
from lab.app.guess.settings import env_file, environment
from lab.app.guess.stated_commands import ServeCommand
from lab.app.guess.tables import read_toml
from lab.app.guess.websockets import websocket_requests

MAX_GUESSED_REQUESTS = 4
HEALTH = ("/health", "/healthz", "/ping", "/status", "/api/health", "/live", "/ready")
WEBSOCKET_PARTS = frozenset({"websockets", "wsproto", "standard"})
"""What uvicorn needs for websockets, one of them; `standard` brings the first."""
HOSTS = re.compile(r"\ballowed_hosts\b[^\n\[]{0,80}\[([^\]]{0,500})\]", re.IGNORECASE)
NAME = re.compile(r"['\"]([\w.*-]+\.[a-z]{2,})['\"]", re.IGNORECASE)
"""A name in a list of hosts; addresses and names of this machine are asked anyway."""
SERVER_NAME = re.compile(
    r"\bSERVER_NAME['\"]?\]?[ \t]*[:=][ \t]*['\"]([A-Za-z0-9][\w.-]{0,200}(?::\d{1,5})?)['\"]"
)
"""The only name by which Flask and Quart have routes, where it is set."""
OLD_GUNICORN = re.compile(r"\s*gunicorn\s*(\[\w+\])?\s*==\s*(19|20\.0)\b", re.IGNORECASE)
"""Releases that import pkg_resources, and do not ask for what has it."""
USUAL_PORTS = {
    "flask": 5000,
    "quart": 5000,
    "aiohttp": 8080,
    "bottle": 8080,
    "sanic": 8000,
    "uvicorn": 8000,
}
"""The port that a program of each framework listens on when it names none."""


def guess(folder: Folder) -> Guess:
    """The likeliest description; what may stand in its place comes with it."""
    toml = read_toml(folder)
    project = project_folder(folder)
    needs = requirements(folder, project, toml)
    candidates = commands(folder, required_names(folder, needs))
    best = candidates[0] if candidates else None
    needs = with_project(folder, needs, best)
    pyproject = toml(f"{project}/pyproject.toml" if project else "pyproject.toml")
    python = pythons.python(folder, project, pyproject, newest_minor(required_lines(folder, needs)))
    values, where = environment(folder, project)
    variables = env_file(folder, project) if not values else None
    all_values = {**(parse_env(folder.text(variables.value)) if variables else {}), **values}
    image = dockerfile(folder)
    keys: list[Guessed | None] = [
        python,
        needs_of(folder, needs, best),
        *image,
        command_key(best, has_image=bool(image)),
        port(folder, best),
        prepare(folder, best),
        services(folder, project, all_values),
        *compose_keys(folder, project),
        variables,
        Guessed("environment", values, f"values of {where}") if values else None,
        *workers(folder, best),
    ]
    return Guess(
        keys=tuple(each for each in keys if each is not None),
        requests=requests(folder),
        filled=filled_requests(folder),
        commands=tuple(command_keys(candidates[1:], has_image=bool(image))),
        pythons=tuple(pythons.other_pythons(python.value if python else None, pyproject)),
        local=local_names(folder),
        hosts=allowed_hosts(folder),
    )


def project_folder(folder: Folder) -> str:
    """The folder of the project that serves: where its likeliest command is run, or above it."""
    best = next(iter(commands(folder, frozenset())), None)
    if best is None:
        return ""
    match = re.match(r"cd (\S+) && ", best.line)
    return project_root(folder, match[1] if match else "")


def needs_of(folder: Folder, needs: Guessed | None, best: ServeCommand | None) -> Guessed | None:
    """The requirements, with the command's own server and what its worker class needs."""
    if best is None or best.distribution is None:
        return needs
    there = required_names(folder, needs)
    wanted = [best.distribution]
    if "uvicorn.workers" in best.line or re.search(r"-k[ =]?uvicorn", best.line):
        wanted.append("uvicorn")
    if "uvicorn" in best.line and not there & WEBSOCKET_PARTS and websocket_requests(folder):
        wanted.append("websockets")
    if best.distribution == "gunicorn" and any(
        map(OLD_GUNICORN.match, required_lines(folder, needs))
    ):
        wanted.append("setuptools<81")
    if best.distribution == "fastapi[standard]" and there & {"fastapi-cli", "standard"}:
        wanted = []
    missing = [each for each in wanted if normal(name_in(each)) not in there or "[" in each]
    if not missing:
        return needs
    return with_added(needs, missing, f"{' and '.join(missing)} for the command")


def dockerfile(folder: Folder) -> list[Guessed]:
    """The folder's own recipe for Docker, and its command where it fixes a port."""
    if "Dockerfile" not in folder.files:
        return []
    keys = [Guessed("dockerfile", "Dockerfile", "the folder has one: its image is used on Docker")]
    return [*keys, *image_command(folder.text("Dockerfile"))]


def command_key(command: ServeCommand | None, *, has_image: bool) -> Guessed | None:
    if command is None:
        return None
    return Guessed("local_command" if has_image else "command", command.line, command.why)


def command_keys(commands: list[ServeCommand], *, has_image: bool) -> list[Guessed]:
    keys = (command_key(each, has_image=has_image) for each in commands)
    return [each for each in keys if each is not None]


def port(folder: Folder, command: ServeCommand | None) -> Guessed | None:
    """The key `port` of a program that fixes its port, which is led to $PORT."""
    if command is None or command.program is None or "$PORT" in command.line:
        return None
    text = folder.text(command.program)
    return fixed_port(command.program, text)


def fixed_port(name: str, text: str) -> Guessed | None:
    if re.search(r"environ.{0,40}['\"]PORT['\"]|getenv\(\s*['\"]PORT['\"]", text):
        return None
    patterns = (
        r"\bport\s*[=:]\s*(?:int\()?['\"]?(\d{2,5})",
        r"\blisten\(\s*(\d{2,5})",
        r"\bmake_server\([^,]+,\s*(\d{2,5})",
        r"['\"]port['\"]\s*[,:]\s*(?:default\s*=\s*)?['\"]?(\d{2,5})",
        r"\bPORT\s*=\s*(\d{2,5})",
        r"\bbind\s*=\s*\[?\s*['\"][\d.a-z]*:(\d{2,5})['\"]",
    )
    for pattern in patterns:
        if match := re.search(pattern, text):
            return Guessed("port", int(match[1]), f"fixed in {name}")
    for framework, usual in USUAL_PORTS.items():
        if re.search(rf"^[ \t]*(?:from|import) {framework}\b", text, re.MULTILINE):
            return Guessed("port", usual, f"{framework}'s own, as {name} names none")
    return None


def allowed_hosts(folder: Folder) -> tuple[str, ...]:
    """The names by which its code lets itself be asked, and no other."""
    lists = (match[1] for module in folder.modules for match in HOSTS.finditer(module.text))
    names = (name.removeprefix("*").lstrip(".") for text in lists for name in NAME.findall(text))
    stated = (match[1] for module in folder.modules for match in SERVER_NAME.finditer(module.text))
    return tuple(dict.fromkeys(name for name in (*names, *stated) if name))


def workers(folder: Folder, command: ServeCommand | None) -> list[Guessed]:
    """The key `workers`, where the command or gunicorn's file fixes their number."""
    line = command.line if command else ""
    if stated := re.search(r"(?:--workers|(?<=\s)-w)[ =](\d{1,3})\b", line):
        return [Guessed("workers", int(stated[1]), "the command's own number")]
    if "gunicorn" in line and re.search(r"(-c|--config)[ =]", line):
        fixed = re.compile(r"^workers[ \t]*=[ \t]*(\d{1,3})[ \t\r]*$", re.MULTILINE)
        for name in folder.named(GUNICORN_FILES):
            if stated := fixed.search(folder.text(name)):
                return [Guessed("workers", int(stated[1]), name)]
    return []


def requests(folder: Folder) -> tuple[GuessedRequest, ...]:
    """Requests for the routes that a GET can ask for; the check keeps those that are answered."""
    django = django_routes(folder)
    routes: list[Route] = django or read_routes(folder)
    bare = [route for route in routes if not route.is_filled]
    telling = [route for route in bare if route.path not in HEALTH]
    plain = (
        GuessedRequest({"path": route.path}, f"a route of {route.where} that needs no value")
        for route in (telling or bare)[:MAX_GUESSED_REQUESTS]
    )
    return (*plain, *graphql_requests(folder), *websocket_requests(folder))


def filled_requests(folder: Folder) -> tuple[GuessedRequest, ...]:
    """Requests with a 1 for each value of a route, for where nothing else is answered."""
    filled = [route for route in read_routes(folder) if route.is_filled]
    return tuple(
        GuessedRequest({"path": route.path}, f"a route of {route.where} with 1 for its values")
        for route in filled[:MAX_GUESSED_REQUESTS]
    )
