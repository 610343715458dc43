"""The environment that an app asks for: by its example file, its image, or its own words."""

import re
from collections.abc import Mapping
from typing import Any

from lab.app.env_file import parse_env
from lab.app.guess.dockerfile import read_final_stage
from lab.app.guess.folder import Folder, upwards
from lab.app.guess.guess_records import Guessed
from lab.app.guess.stated_commands import COMPOSE_FILES, WORKER, compose_services, inner

DOCKERFILE = r"(.*[._-])?dockerfile"
EXAMPLES = (
    r"\.?env[._-](example|sample|dist|template|default)|\.env\.\w+\.(example|sample|dist|template)"
    r"|(example|sample|template)\.env"
)
ENV_FILES = (r"\.env\.(dev|development|local|test|docker)", r"\.env")
RESERVED = re.compile(r"LAB_.*|PORT|HOST|PATH|PYTHONPATH|HOME|PYTHON\w*|LD_\w+|UID|GID|COMPOSE_.*")
SECRET = "lab-placeholder-0123456789abcdef0123456789abcdef"
VALUES = (
    (r".*DATABASE.*(URL|URI|DSN).*|(DB|SQL\w*)_(URL|URI|DSN).*|DSN", "sqlite:///./lab.db"),
    (r".*MONGO.*(URL|URI|DSN|HOST|CONN).*", "mongodb://127.0.0.1:27017/lab"),
    (r".*(AMQP|RABBIT).*(URL|URI|DSN).*", "amqp://guest:guest@127.0.0.1:5672/"),
    (r".*(REDIS|CACHE|BROKER|CELERY|RESULT).*(URL|URI).*", "redis://127.0.0.1:6379/0"),
    (r".*(ALGORITHM|ALGO)", "HS256"),
    (r".*PORT", "8000"),
    (r".*HOSTS", "*"),
    (r".*(HOST|SERVER|ADDRESS)", "127.0.0.1"),
    (r"(.*_)?SERVER_NAME", "localhost"),
    (r".*DEBUG|.*ENABLED?|USE_.*|.*_SSL|.*_TLS", "1"),
    (r".*(MINUTES|SECONDS|HOURS|DAYS|TTL|EXPIRE\w*|SIZE|LIMIT|COUNT|TIMEOUT|_MAX|_MIN)", "30"),
    (r".*(EMAIL|MAIL_FROM|SENDER|FROM)", "lab@example.com"),
    (r".*(URL|URI|ORIGIN|DOMAIN)S?", "http://127.0.0.1:8000"),
    (r".*(ENV|ENVIRONMENT|MODE|STAGE)", "development"),
    (r".*(DIR|PATH|FOLDER)", "."),
)
"""What stands for a value by its name, the first that fits; else a text that is not a secret."""


def value_for(name: str) -> str:
    """A harmless value for a variable that an app cannot start without."""
    fits = (value for pattern, value in VALUES if re.fullmatch(pattern, name.upper()))
    return next(fits, SECRET)


def environment(folder: Folder, project: str) -> tuple[dict[str, str], str]:
    """The variables that the project gives as examples, and where they stand."""
    variables: dict[str, str] = {}
    sources = []
    for name in [folder.beside(project, DOCKERFILE) or ""]:
        if stated := read_final_stage(folder.text(name)).environment:
            variables.update(stated)
            sources.append(name)
    composed, where = compose_environment(folder, project)
    if composed:
        variables.update(composed)
        sources.append(where)
    file = next((f[0] for up in upwards(project) if (f := folder.inside(up, EXAMPLES))), None)
    if file:
        variables.update(filled_examples(parse_env(folder.text(file))))
        sources.append(file)
    kept = {k: v for k, v in variables.items() if not RESERVED.fullmatch(k) and "\0" not in v}
    return (kept if len(kept) <= 200 else {}), " and ".join(sources)


def env_file(folder: Folder, project: str) -> Guessed | None:
    """The file of variables for development, where the project gives no example of one."""
    for up in upwards(project):
        for pattern in ENV_FILES:
            for name in folder.inside(up, pattern):
                if parse_env(folder.text(name)):
                    return Guessed("env_file", name, "the project's own variables")
    return None


ASKED = re.compile(
    r"(?:environ\[|getenv\(|environ\.get\(|\bconfig\(|\benv(?:\.\w+)?\()\s*['\"]([A-Z][A-Z0-9_]*)['\"]\s*[\])]"
    r"(?!\s*=[^=])"
)
"""A variable that is read without a value in its place."""


NEEDED = re.compile(
    r"(?:environ\[|\bconfig\(|\benv(?:\.\w+)?\()\s*['\"]([A-Z][A-Z0-9_]*)['\"]\s*[\])]"
    r"(?!\s*=[^=])"
)
"""One that the code reads and cannot do without."""


def asked_variables(folder: Folder, *, needed: bool = False) -> list[str]:
    """The variables that the code reads and has no default for.

    Args:
        needed: without those that may be missing: they are often switches.
    """
    pattern = NEEDED if needed else ASKED
    names = (name for module in folder.modules for name in pattern.findall(module.text))
    return [name for name in dict.fromkeys(names) if not RESERVED.fullmatch(name)][:60]


def compose_environment(folder: Folder, project: str) -> tuple[dict[str, str], str]:
    """What the nearest Compose file gives the service that is built from the project."""
    for up in upwards(project):
        for name in folder.inside(up, COMPOSE_FILES):
            for service in served_services(folder, name):
                where = inner(folder, up, context_of(service))
                variables = pairs_of(service.get("environment"))
                if variables and (where in (project, up) or project.startswith(f"{where}/")):
                    return variables, name
    return {}, ""


def served_services(folder: Folder, name: str) -> list[Mapping[str, Any]]:
    services = compose_services(folder.text(name))
    kept = [v for k, v in services.items() if "build" in v and not WORKER.search(k)]
    return sorted(kept, key=lambda service: "ports" not in service)


def context_of(service: Mapping[str, Any]) -> str:
    build = service.get("build")
    return str(build.get("context", ".") if isinstance(build, Mapping) else build)


def pairs_of(value: Any) -> dict[str, str]:
    """A Compose file's environment in either of its forms; variables of the host are left out."""
    if isinstance(value, list):
        value = dict(each.split("=", 1) for each in map(str, value) if "=" in each)
    if not isinstance(value, Mapping):
        return {}
    plain = {str(k): str(v) for k, v in value.items() if isinstance(v, str | int | float)}
    return {name: each for name, each in plain.items() if "${" not in each}


def filled_examples(values: Mapping[str, str]) -> dict[str, str]:
    """Examples with something in the place of what is to be filled in."""
    blank = re.compile(
        r"<.*>|\[[a-z][^\"',]*\]|your[-_ ].*|change.?me.*|x{3,}|\.\.\.", re.IGNORECASE
    )
    return {
        name: value_for(name) if blank.fullmatch(value) else value
        for name, value in values.items()
        if value
    }
