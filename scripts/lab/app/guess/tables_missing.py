"""What makes the tables that a started app did not find."""

import ast
import re
from collections.abc import Iterator

from lab.app.guess.failures import Failure
from lab.app.guess.folder import Folder, joined, parent_of
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.layout import import_name, import_root
from lab.app.guess.readme import readme_program
from lab.app.guess.serving import within
from lab.app.guess.source import Module

MISSING = re.compile(
    r"relation \"[^\"]+\" does not exist|no such table|Table '[^']+' doesn't exist|UndefinedTable"
)
SCRIPT = re.compile(
    r"(init|create|setup|set_up|make|fill|populate|seed|bootstrap)_?-?(the_?)?(db|database|tables?|data)?"
    r"|(db|database|tables)_?(init|create|setup|seed|helpers?)|initial_data|seeds?"
)
CREATES = re.compile(r"create_all|create_tables|CREATE TABLE|generate_schemas")
FLASK_TABLES = (
    "import importlib, sys; sys.path.insert(0, '.'); m = importlib.import_module('{module}'); "
    "app = m.{app}; app.app_context().push(); s = app.extensions['sqlalchemy']; "
    "getattr(s, 'db', s).create_all()"
)
FUNCTION = re.compile(r"(init|create|setup|make)_?(db|database|tables?|schema|all)")
CALLED = (
    "import importlib, sys; sys.path.insert(0, '.'); m = importlib.import_module('{module}'); "
    "a = getattr(m, 'app', None); hasattr(a, 'app_context') and a.app_context().push(); "
    "m.{function}()"
)
BASES = ("declarative_base", "DeclarativeBase", "registry")
FILLS = re.compile(r"^[ \t]*['\"]?(init\w*_?\w*db|\w*initialize\w*|populate\w*)\s*=", re.MULTILINE)
"""A script of the project's that fills its database, by its name."""
PASTE_TABLES = (
    "import sys; sys.path.insert(0, '.'); {imports}; from {base} import {name} as B; "
    "from pyramid.paster import get_appsettings as s; from sqlalchemy import engine_from_config; "
    "B.metadata.create_all(engine_from_config(s('{file}'), 'sqlalchemy.'))"
)
BASE_TABLES = (
    "import sys; sys.path.insert(0, '.'); {imports}; from {base} import {name} as B; "
    "from {where} import {engine} as e; B.metadata.create_all(e)"
)


def with_tables(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """Guesses that make the tables, one way after the other, in place of the way that did not."""
    if not MISSING.search(failure.said):
        return
    for line, why in ways_to_make_tables(guess, folder):
        note = f"prepare = {line!r}: {why}"
        if note not in guess.notes:
            yield guess.having(Guessed("prepare", line, why)).noting(note)


def may_make_tables(guess: Guess, failure: Failure, folder: Folder) -> bool:
    """Whether a failure is of missing tables, and a way to make them is left."""
    return next(with_tables(guess, failure, folder), None) is not None


def ways_to_make_tables(guess: Guess, folder: Folder) -> Iterator[tuple[str, str]]:
    before = guess.value("prepare")
    stated = f"{before} && " if before else ""
    yield from scripts(folder)
    yield from functions(folder)
    yield from of_flask(guess, folder)
    for line, why in (*of_paste(guess, folder), *of_sqlalchemy(folder)):
        yield stated + line, why


def scripts(folder: Folder) -> Iterator[tuple[str, str]]:
    """The project's own programs that make them, by their names and words."""
    for module in folder.modules:
        name = module.path.rpartition("/")[2].removesuffix(".py")
        if SCRIPT.fullmatch(name) and CREATES.search(with_imports(folder, module)):
            if line := readme_program(folder, module.path):
                yield line.replace("&& exec ", "&& "), f"a README makes the tables by {module.path}"
            root = parent_of(module.path)
            dotted = module.path.removesuffix(".py").replace("/", ".")
            if f"{root}/__init__.py" in folder.files:
                yield f"python -m {dotted}", f"{module.path} makes the tables"
            else:
                line = within(root, f"python {name}.py").replace("&& exec ", "&& ")
                yield line, f"{module.path} makes the tables"


def functions(folder: Folder) -> Iterator[tuple[str, str]]:
    """The project's own functions that make them, by their names and words; called by nobody."""
    for module in folder.modules:
        for node in module.tree.body:
            if not isinstance(node, ast.FunctionDef) or not FUNCTION.fullmatch(node.name):
                continue
            needs_value = len(node.args.args) > len(node.args.defaults)
            words = ast.get_source_segment(module.text, node) or ""
            if not needs_value and re.search(rf"{CREATES.pattern}|executescript", words):
                root = import_root(folder, module)
                name = import_name(module, root)
                program = CALLED.format(module=name, function=node.name)
                line = within(root, f'python -c "{program}"').replace("&& exec ", "&& ")
                yield line, f"{node.name} of {module.path} makes the tables"


def with_imports(folder: Folder, module: Module) -> str:
    """A program with the modules of the project that it imports."""
    inside = [m.text for m in folder.modules if dotted_of(m) in module.names.values()]
    return "\n".join((module.text, *inside))


def dotted_of(module: Module) -> str:
    return module.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def of_flask(guess: Guess, folder: Folder) -> Iterator[tuple[str, str]]:
    """Flask-SQLAlchemy's tables, in the context of the app that is served."""
    line = str(guess.value("command") or guess.value("local_command") or "")
    target = re.search(r"(?:FLASK_APP=|--app[ =]|\s)'?([\w.]+):(\w+)(\(\))?'?", line)
    uses = any("flask_sqlalchemy" in module.imports for module in folder.modules)
    if target is None or not uses:
        return
    is_factory = target[3] or target[2].startswith(("create", "make", "get"))
    app = f"{target[2]}()" if is_factory else target[2]
    program = FLASK_TABLES.format(module=target[1], app=app)
    where = re.match(r"cd (\S+) && ", line)
    run = within(where[1] if where else "", f'python -c "{program}"').replace("&& exec ", "&& ")
    yield run, "Flask-SQLAlchemy makes the tables of its models"


def of_paste(guess: Guess, folder: Folder) -> Iterator[tuple[str, str]]:
    """The tables of a declarative base in the database of the Paste file that is served.

    A script of the project's own that fills them, by its name, runs after it.
    """
    line = str(guess.value("command") or guess.value("local_command") or "")
    match = re.search(r"--paste (\S+)", line)
    where = re.match(r"cd (\S+) && ", line)
    root = where[1] if where else ""
    if match is None or "sqlalchemy.url" not in folder.text(joined(root, match[1])):
        return
    models = models_of(folder, f"{root}/" if root else "")
    for base, name in list(assigned(folder, BASES))[:1]:
        base = base.removeprefix(f"{root}/".replace("/", ".") if root else "")
        program = PASTE_TABLES.format(imports=models, base=base, name=name, file=match[1])
        made = f'python -c "{program}"'
        texts = (folder.text(joined(root, each)) for each in ("pyproject.toml", "setup.py"))
        fills = [found[1] for text in texts for found in FILLS.finditer(text)]
        for script in (*fills[:1], ""):
            run = f"{made} && {script} {match[1]}" if script else made
            why = f"the tables of {base}.{name}" + (f", filled by {script}" if script else "")
            yield within(root, run).replace("&& exec ", "&& "), why


def models_of(folder: Folder, below: str = "") -> str:
    """The import of the modules that define tables."""
    models = [dotted_of(m) for m in folder.modules if "__tablename__" in m.text]
    dots = below.replace("/", ".")
    names = [each.removeprefix(dots) for each in models]
    return f"import {', '.join(names[:12])}" if names else "pass"


def of_sqlalchemy(folder: Folder) -> Iterator[tuple[str, str]]:
    """The tables of a declarative base, on the project's own engine."""
    bases = list(assigned(folder, BASES))
    engines = list(assigned(folder, ("create_engine",)))
    for base, name in bases[:1]:
        for where, engine in engines[:1]:
            program = BASE_TABLES.format(
                imports=models_of(folder), base=base, name=name, where=where, engine=engine
            )
            yield f'python -c "{program}"', f"the tables of {base}.{name}"


def assigned(folder: Folder, calls: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The module and the name of what is made by one of these, or derived from one."""
    for module in folder.modules:
        for node in module.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                function = node.value.func
                last = getattr(function, "attr", getattr(function, "id", ""))
                if last in calls and isinstance(node.targets[0], ast.Name):
                    yield dotted_of(module), node.targets[0].id
            elif isinstance(node, ast.ClassDef):
                names = [getattr(base, "attr", getattr(base, "id", "")) for base in node.bases]
                if set(names) & set(calls):
                    yield dotted_of(module), node.name
