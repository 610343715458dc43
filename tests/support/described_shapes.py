"""Ten shapes of projects of `tests/apps`, each with the lab.toml that `make init` writes for it."""

from pathlib import Path

from lab.app.guess.folder import read_folder
from lab.app.guess.guess import guess
from lab.app.guess.render import render

APPS = Path(__file__).parents[1] / "apps"
SHAPES = {
    "poetry_src": "Poetry with `src/`, routers with prefixes",
    "uv_package": "a package of `[project]`, installed itself",
    "factory_blueprints": "Flask's factory with blueprints, beside a program that fills a database",
    "django_migrations": "Django with migrations and folders of requirements",
    "procfile_release": "a Procfile with `release`",
    "docker_entrypoint": "a Dockerfile with `ENTRYPOINT` and `CMD`",
    "nested_services": "services in folders of a Compose file",
    "env_required": "settings that `.env.example` names",
    "aiohttp_package": "`python -m` of an aiohttp package with a port of its own",
    "postgres_and_redis": "a Compose file with PostgreSQL and Redis",
}


def written(name: str) -> str:
    """What `make init` writes, without its comments."""
    lines = render(guess(read_folder(APPS / name))).splitlines()
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def sections() -> str:
    """The page's part about them."""
    parts = [
        f"## {what[0].upper()}{what[1:]}\n\n```toml\n{written(name)}\n```\n"
        for name, what in SHAPES.items()
    ]
    return "\n".join(parts)
