"""The environment that an app asks for: by its example file, its image, or its own words."""

import re
from collections.abc import Mapping

from lab.app.env_file import parse_env
from lab.app.guess.dockerfile import read_recipe
from lab.app.guess.folder import Folder, upwards

DOCKERFILE = r"(.*[._-])?dockerfile"
EXAMPLES = (
    r"\.?env[._-](example|sample|dist|template|default)|\.env\.\w+\.(example|sample|dist|template)"
    r"|(example|sample|template)\.env"
)
RESERVED = re.compile(r"LAB_.*|PORT|HOST|PATH|PYTHONPATH|HOME|PYTHON\w*|LD_\w+|UID|GID|COMPOSE_.*")
SECRET = "lab-placeholder-0123456789abcdef0123456789abcdef"
VALUES = (
    (r".*DATABASE.*(URL|URI|DSN).*|(DB|SQL\w*)_(URL|URI|DSN).*|DSN", "sqlite:///./lab.db"),
    (r".*(REDIS|CACHE|BROKER|CELERY|RESULT).*(URL|URI).*", "redis://127.0.0.1:6379/0"),
    (r".*(ALGORITHM|ALGO)", "HS256"),
    (r".*PORT", "8000"),
    (r".*HOSTS", "*"),
    (r".*(HOST|SERVER|ADDRESS)", "127.0.0.1"),
    (r".*DEBUG|.*ENABLED?|USE_.*|.*_SSL|.*_TLS", "1"),
    (r".*(MINUTES|SECONDS|HOURS|DAYS|TTL|EXPIRE\w*|SIZE|LIMIT|COUNT|TIMEOUT|_MAX|_MIN)", "30"),
    (r".*(EMAIL|MAIL_FROM|SENDER|FROM)", "lab@example.com"),
    (r".*(URL|URI|ORIGIN|DOMAIN)S?", "http://127.0.0.1:8000"),
    (r".*(ENV|ENVIRONMENT|MODE|STAGE)", "development"),
    (r".*(DIR|PATH|FOLDER)", "."),
)
"""What stands for a value by its name, the first that fits; else a text that is no secret."""


def value_for(name: str) -> str:
    """A harmless value for a variable that an app cannot start without."""
    fits = (value for pattern, value in VALUES if re.fullmatch(pattern, name.upper()))
    return next(fits, SECRET)


def environment(folder: Folder, project: str) -> tuple[dict[str, str], str]:
    """The variables that the project gives as examples, and where they stand."""
    found: dict[str, str] = {}
    sources = []
    for name in [folder.beside(project, DOCKERFILE) or ""]:
        if stated := read_recipe(folder.text(name)).environment:
            found.update(stated)
            sources.append(name)
    file = next((f[0] for up in upwards(project) if (f := folder.inside(up, EXAMPLES))), None)
    if file:
        found.update(filled(parse_env(folder.text(file))))
        sources.append(file)
    kept = {k: v for k, v in found.items() if not RESERVED.fullmatch(k) and "\0" not in v}
    return (kept if len(kept) <= 200 else {}), " and ".join(sources)


def filled(values: Mapping[str, str]) -> dict[str, str]:
    """Examples with something in the place of what is to be filled in."""
    blank = re.compile(r"<.*>|\[.*\]|your[-_ ].*|change.?me.*|x{3,}|\.\.\.", re.IGNORECASE)
    return {
        name: value_for(name) if blank.fullmatch(value) else value
        for name, value in values.items()
        if value
    }
