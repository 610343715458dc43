"""The commands that may serve an app, best first: what is stated, else what its code offers."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lab.app.guess.folder import Folder, joined, parent_of
from lab.app.guess.frameworks import FRAMEWORKS, Framework, Interface
from lab.app.guess.importers import with_importers
from lab.app.guess.layout import import_name, import_root, module_at
from lab.app.guess.paste import paste_commands
from lab.app.guess.readme import readme_commands
from lab.app.guess.serving import BIND, within
from lab.app.guess.source import (
    AppObject,
    Module,
    is_main_guard,
    is_serving,
    is_serving_line,
    last_name,
)
from lab.app.guess.stated_commands import ServeCommand, stated_commands

UVICORN = "--host $HOST --port $PORT"
ASIDE = re.compile(
    r"(^|/)(migrations|alembic|scripts?|examples?|samples?|benchmarks?|tools?|tutorials?)/"
    r"|(^|/)(conftest|setup|env|tasks|celery\w*|worker\w*|test_\w+|\w+_test|locustfile|noxfile)\.py$"
)
"""Folders whose files seldom are the program that serves."""
STEMS = ("main", "app", "asgi", "wsgi", "server", "run", "api", "web", "application", "__init__")
NAMES = ("app", "application", "api", "server")
CHANNELS = "ProtocolTypeRouter"
"""What makes an application of Django Channels', which serves websockets beside Django."""
REGISTERING = frozenset(
    {
        *("register_blueprint", "add_url_rule", "add_resource", "add_namespace", "add_view"),
        *("include_router", "mount", "add_api", "add_routes", "add_api_route"),
    }
)
"""Calls that give an app routes."""
GUNICORN_FILES = r"gunicorn[._-]?conf(ig)?\.py|gunicorn\.py"


def commands(folder: Folder, required: frozenset[str]) -> list[ServeCommand]:
    """All commands that may serve the app, each once, the likeliest first.

    An app object goes before the program that serves it by a development server; aiohttp's are
    meant to be run as programs.
    """
    stated = list(stated_commands(folder))
    objects: list[tuple[str, ServeCommand]] = []
    aiohttp: list[tuple[str, ServeCommand]] = []
    for module, app in served_objects(folder):
        last = aiohttp if app.framework == "aiohttp" else objects
        if completes(module, app):
            last.append((module.path, as_program(folder, module)))
        last += [(module.path, each) for each in of_object(folder, module, app, required)]
    served = {path for path, _ in objects}
    first = [each for each in stated if each.program not in served]
    ordered = [*first, *django_commands(folder, required), *(each for _, each in objects), *stated]
    ordered += [
        *paste_commands(folder),
        *readme_commands(folder),
        *programs(folder),
        *(each for _, each in aiohttp),
    ]
    unique: dict[str, ServeCommand] = {}
    for each in ordered:
        unique.setdefault(each.line, each)
    return list(unique.values())


def django_commands(folder: Folder, required: frozenset[str]) -> Iterator[ServeCommand]:
    for manage in folder.named(r"manage\.py"):
        where = parent_of(manage)
        if "DJANGO_SETTINGS_MODULE" in folder.text(manage) or "django" in folder.text(manage):
            yield from of_django(folder, where, required)
            line = within(where, f"python manage.py runserver --noreload {BIND}")
            yield ServeCommand(line, f"{manage}, with Django's own server", "Django")


def of_django(folder: Folder, where: str, required: frozenset[str]) -> Iterator[ServeCommand]:
    """Commands for the project's applications, the one of its settings' package first."""
    named = re.search(
        r"DJANGO_SETTINGS_MODULE['\"], *['\"](\w+)", folder.text(joined(where, "manage.py"))
    )
    package = joined(where, named[1]) if named else where
    for call in (CHANNELS, "get_wsgi_application", "get_asgi_application"):
        modules = [m for m in folder.modules if call in m.text and m.path.startswith(where)]
        modules.sort(key=lambda m: (not m.path.startswith(f"{package}/"), m.path.count("/")))
        for module in modules[:1]:
            made = [app for app in module.apps if not app.is_factory]
            name = next((app.name for app in made if app.made_by.endswith(call)), "application")
            line, server = django_line(call, f"{import_name(module, where)}:{name}", required)
            if server == "gunicorn":
                line = f"gunicorn {config(folder, where)}{line}"
            yield ServeCommand(
                within(where, line), f"Django's application of {module.path}", server
            )


def django_line(call: str, target: str, required: frozenset[str]) -> tuple[str, str]:
    """What serves an application of Django's, by what makes it, and the server's distribution."""
    if call == "get_wsgi_application":
        return f"--bind {BIND} {target}", "gunicorn"
    if call == CHANNELS and not ("uvicorn" in required and "daphne" not in required):
        return f"python -m daphne -b $HOST -p $PORT {target}", "daphne"
    return f"python -m uvicorn {target} {UVICORN}", "uvicorn"


def config(folder: Folder, root: str) -> str:
    """gunicorn's own file, where there is one that it finds from that folder."""
    files = folder.inside(root, GUNICORN_FILES)
    return f"--config {files[0].rpartition('/')[2]} " if files else ""


def served_objects(folder: Folder) -> list[tuple[Module, AppObject]]:
    """Every app object with its framework known, the likeliest first."""
    objects = []
    for module in folder.modules:
        for app in module.apps:
            framework = app.framework or made_elsewhere(folder, module, app)
            if framework and framework in FRAMEWORKS and not framework.startswith("django"):
                objects.append(
                    (module, AppObject(app.name, framework, app.is_factory, app.made_by))
                )
    ordered = sorted(objects, key=lambda pair: likelihood(*pair))
    return with_importers(folder, ordered)


def likelihood(module: Module, app: AppObject) -> tuple[object, ...]:
    """The sort key of an app object: the likeliest comes first."""
    stem = module.path.rpartition("/")[2].removesuffix(".py")
    return (
        bool(ASIDE.search(module.path)),
        app.is_factory and stem not in STEMS[:4],
        module.path.count("/"),
        app.is_factory,
        STEMS.index(stem) if stem in STEMS else len(STEMS),
        NAMES.index(app.name) if app.name in NAMES else len(NAMES),
        module.path,
    )


def made_elsewhere(folder: Folder, module: Module, app: AppObject, depth: int = 0) -> str | None:
    """The framework of an object that an imported function makes, or a function that is like it."""
    if app.is_factory:
        return next((name for name in imported_frameworks(module)), None)
    where, _, last = app.made_by.rpartition(".")
    other = module_at(folder, where, module.path) if where else None
    other = other or module_at(folder, app.made_by, module.path)
    if other is None or other is module or depth > 4:
        return None
    for each in other.apps:
        if each.name == last or last not in {a.name for a in other.apps}:
            framework = each.framework or made_elsewhere(folder, other, each, depth + 1)
            if framework:
                return framework
    return next((name for name in imported_frameworks(other)), None)


def imported_frameworks(module: Module) -> Iterator[str]:
    yield from (name for name in FRAMEWORKS if name in module.imports)


@dataclass(frozen=True, slots=True)
class ServedObject:
    """An app object as a server's command names it."""

    root: str
    """The folder from which it is imported."""
    target: str
    """`module:name`, from there."""
    app: AppObject
    framework: Framework
    why: str


def of_object(
    folder: Folder, module: Module, app: AppObject, required: frozenset[str]
) -> Iterator[ServeCommand]:
    framework = FRAMEWORKS[app.framework or ""]
    root = import_root(folder, module)
    target = f"{import_name(module, root)}:{app.name}"
    what = "factory" if app.is_factory else "object"
    why = f"the {framework.name} {what} {app.name} of {module.path}"
    blocked = any(is_serving_line(node, module.names) for node in module.tree.body)
    if blocked or framework.interface is Interface.OWN:
        return
    if framework.interface is Interface.AIOHTTP:
        if not (module.runs and module.serves):
            worker = "--worker-class aiohttp.GunicornWebWorker"
            line = f"gunicorn {worker} --bind {BIND} {target}"
            yield ServeCommand(within(root, line), why, "gunicorn")
        return
    served = ServedObject(root, target, app, framework, why)
    if framework.interface is Interface.WSGI:
        yield from of_wsgi(folder, served, required)
    else:
        yield from of_asgi(folder, served)


def of_wsgi(
    folder: Folder, served: ServedObject, required: frozenset[str]
) -> Iterator[ServeCommand]:
    root, why = served.root, served.why
    called = f"'{served.target}()'" if served.app.is_factory else served.target
    flask = served.framework.name == "flask"
    gunicorn = f"gunicorn {config(folder, root)}--bind {BIND} {called}"
    if not flask or "gunicorn" in required or config(folder, root):
        yield ServeCommand(within(root, gunicorn), why, "gunicorn")
    if flask:
        line = f"env FLASK_APP={called} python -m flask run {UVICORN}"
        yield ServeCommand(
            within(root, line), f"{why}, with Flask's own server: name yours", "Flask"
        )


def of_asgi(folder: Folder, served: ServedObject) -> Iterator[ServeCommand]:
    root, target, app, why = served.root, served.target, served.app, served.why
    factory = " --factory" if app.is_factory else ""
    if served.framework.name == "sanic":
        line = f"python -m sanic {target}{factory} {UVICORN} --single-process"
        yield ServeCommand(within(root, line), why, "sanic")
    if served.framework.name == "quart" and not app.is_factory:
        yield ServeCommand(
            within(root, f"python -m hypercorn --bind {BIND} {target}"), why, "hypercorn"
        )
    file = config(folder, root)
    if file and not app.is_factory:
        named = "worker_class" in folder.text(joined(root, file.split()[1]))
        kind = "" if named else "--worker-class uvicorn.workers.UvicornWorker "
        line = f"gunicorn {file}{kind}--bind {BIND} {target}"
        yield ServeCommand(within(root, line), why, "gunicorn")
    line = f"python -m uvicorn {target}{factory} {UVICORN}"
    yield ServeCommand(within(root, line), why, "uvicorn")


def programs(folder: Folder) -> Iterator[ServeCommand]:
    """What serves when it is run: packages with `__main__`, then files."""
    serving = [m for m in folder.modules if m.runs and m.serves]
    serving.sort(key=lambda m: (bool(ASIDE.search(m.path)), m.path.count("/"), stem_rank(m)))
    for module in package_mains(folder):
        root = import_root(folder, module)
        package = import_name(module, root).removesuffix(".__main__")
        if package != "__main__":
            line = within(root, f"python -m {package}")
            yield ServeCommand(line, f"{module.path} runs as a program", program=module.path)
    yield from (as_program(folder, m) for m in serving if not m.path.endswith("__main__.py"))


def as_program(folder: Folder, module: Module) -> ServeCommand:
    root = import_root(folder, module)
    if module.is_relative or parent_of(module.path) != root:
        line = f"python -m {import_name(module, root)}"
    else:
        line = f"python {module.path.rpartition('/')[2]}"
    why = f"{module.path} serves when it is run"
    return ServeCommand(within(root, line), why, program=module.path)


def completes(module: Module, app: AppObject) -> bool:
    """Whether the file completes its app only when it is run as a program, and then serves it."""
    if not (module.runs and module.serves) or app.is_factory:
        return False
    guarded = (node for node in module.tree.body if is_main_guard(node))
    calls = (each for node in guarded for each in ast.walk(node) if isinstance(each, ast.Call))
    return any(
        is_registering(call, app.name) for call in calls if not is_serving(call, module.names)
    )


def is_registering(call: ast.Call, app: str) -> bool:
    """Whether a call hands the app on, or gives it routes."""
    names = [each.id for each in call.args if isinstance(each, ast.Name)]
    return app in names or last_name(call.func) in REGISTERING


def package_mains(folder: Folder) -> list[Module]:
    """`__main__` files of packages that have to do with a server or a framework."""
    mains = [m for m in folder.modules if m.path.rpartition("/")[2] == "__main__.py"]
    return [m for m in mains if serves_somehow(folder, m)]


def serves_somehow(folder: Folder, main: Module) -> bool:
    """Whether it, or a module that it imports, serves or makes an app."""
    if main.serves or main.apps:
        return True
    others = (module_at(folder, name.rpartition(".")[0], main.path) for name in main.names.values())
    named = (module_at(folder, name, main.path) for name in main.names.values())
    return any(m is not None and (m.serves or m.apps) for m in (*others, *named))


def stem_rank(module: Module) -> int:
    stem = module.path.rpartition("/")[2].removesuffix(".py")
    return STEMS.index(stem) if stem in STEMS else len(STEMS)
