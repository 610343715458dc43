"""What must run once before an app serves: migrations, tables, seeds."""

import re
from collections.abc import Iterator

from lab.app.guess.folder import Folder, parent_of
from lab.app.guess.guess_records import Guessed
from lab.app.guess.serving import within
from lab.app.guess.source import Module
from lab.app.guess.stated_commands import ServeCommand


def prepare(folder: Folder, command: ServeCommand | None) -> Guessed | None:
    """The line that prepares the data: stated before the command, else of the project's tools."""
    if command and command.prepare:
        return Guessed("prepare", joined_lines(command.prepare), f"{command.why}: it comes first")
    preparations = list(usual(folder, command))
    if not preparations:
        return None
    return Guessed("prepare", joined_lines([line for line, _ in preparations]), preparations[0][1])


def joined_lines(lines: tuple[str, ...] | list[str]) -> str:
    """The lines joined into one that runs them one after the other, each in its own folder."""
    if len(lines) == 1:
        return lines[0]
    return " && ".join(f"({line})" if line.startswith("cd ") else line for line in lines)


def usual(folder: Folder, command: ServeCommand | None) -> Iterator[tuple[str, str]]:
    for manage in folder.named(r"manage\.py")[:1]:
        if "django" in folder.text(manage):
            line = within(parent_of(manage), "python manage.py migrate --noinput")
            yield line.replace("&& exec ", "&& "), f"{manage}: its database needs its tables"
            yield from static_files(folder, manage)
            return
    flask = any("flask_migrate" in module.imports for module in folder.modules)
    # Flask-Migrate's own file says no place of its scripts.
    files = [f for f in folder.named(r"alembic\.ini") if "script_location" in folder.text(f)]
    for name in files[: 0 if flask else 1]:
        line = within(parent_of(name), "python -m alembic upgrade head")
        yield line.replace("&& exec ", "&& "), f"{name}: its database needs its tables"
    yield from of_flask(folder, command, migrates=flask)


def static_files(folder: Folder, manage: str) -> Iterator[tuple[str, str]]:
    """Django's files in their place, where each page asks a list of them that this writes."""
    if any("ManifestStaticFilesStorage" in module.text for module in folder.modules):
        line = within(parent_of(manage), "python manage.py collectstatic --noinput || true")
        line = line.replace("&& exec ", "&& ")
        yield line if line.startswith("cd ") else f"({line})", "its storage of static files"


def of_flask(
    folder: Folder, command: ServeCommand | None, *, migrates: bool
) -> Iterator[tuple[str, str]]:
    """Flask's own commands of the app: `init-db` and its like, and its migrations.

    Args:
        migrates: whether migrations are run by the app's own commands.
    """
    target = flask_target(command)
    if target is None:
        return
    root, app = target
    cli = within(root, f"env FLASK_APP={app} python -m flask").replace("&& exec ", "&& ")
    if migrates and any(name.endswith("migrations/env.py") for name in folder.files):
        yield f"{cli} db upgrade", "migrations/: its database needs its tables"
    for module in folder.modules:
        if "flask" in module.imports or "click" in module.imports:
            names = re.findall(r"\.command\(\s*['\"]((?:init|create)[-_]?\w*)['\"]", module.text)
            for name in names[:1]:
                yield f"{own_cli(module) or cli} {name}", f"the command {name} of {module.path}"
                return


def own_cli(module: Module) -> str | None:
    """How a program is run whose group of commands Flask's own program does not know."""
    if "FlaskGroup(" not in module.text or "__main__" not in module.text:
        return None
    root = parent_of(module.path)
    file = module.path.removeprefix(f"{root}/")
    return within(root, f"python {file}").replace("&& exec ", "&& ")


def flask_target(command: ServeCommand | None) -> tuple[str, str] | None:
    """The folder and the app of a command that serves one of Flask's."""
    if command is None or not re.search(r"\bflask run|\bgunicorn\b", command.line):
        return None
    match = re.search(r"FLASK_APP=(\S+)|(?<!\S)(\S+:\w+(?:\(\))?'?)$", command.line)
    where = re.match(r"cd (\S+) && exec ", command.line)
    if match is None:
        return None
    return where[1] if where else "", match[1] or match[2]
