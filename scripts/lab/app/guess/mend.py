"""The next guess after one that failed: what its failure names, else what may replace it."""

import re
from collections.abc import Iterator
from dataclasses import replace

from lab.app.guess.dependencies import with_added
from lab.app.guess.distributions import REMOVED, distribution_of, is_standard
from lab.app.guess.failures import (
    Failure,
    FailureKind,
    install_hint,
    missing_module,
    missing_service,
    missing_variables,
)
from lab.app.guess.folder import Folder
from lab.app.guess.guessed import Guess, Guessed
from lab.app.guess.locks import name_in, normal
from lab.app.guess.mend_files import with_env_file, with_old_alembic
from lab.app.guess.mend_installs import other_packages, other_pins
from lab.app.guess.mend_project import with_project_itself
from lab.app.guess.mend_services import more_services, without_service
from lab.app.guess.namespaces import SHARED, packages_of
from lab.app.guess.pythons import minor_of
from lab.app.guess.settings import asked_variables, value_for
from lab.app.guess.tables_missing import with_tables
from lab.app.spec import PYTHON

OUTGROWN = (
    (
        r"'(escape|Markup|contextfunction|contextfilter|environmentfilter)' from 'jinja2'",
        "jinja2<3.1",
    ),
    (r"'soft_unicode' from 'markupsafe'", "markupsafe<2.1"),
    (r"'json' from 'itsdangerous'|'TimedJSONWeb\w+' from 'itsdangerous'", "itsdangerous<2.1"),
    (r"'BaseResponse' from 'werkzeug|'cached_property' from 'werkzeug'", "werkzeug<2.1"),
    (r"from 'werkzeug\.\w+'|'werkzeug' has no attribute '__version__'", "werkzeug<3"),
    (r"'(Markup|escape|_request_ctx_stack|_app_ctx_stack)' from 'flask", "flask<2.3"),
    (r"'Flask' object has no attribute 'before_first_request'", "flask<2.3"),
    (r"'(JSONEncoder|safe_join)' from 'flask", "flask<2.1"),
    (r"BaseSettings.{0,20}has been moved|pydantic\.errors\.PydanticImportError", "pydantic<2"),
    (r"PydanticUserError|pydantic:ConstrainedStr|'orm_mode' has been renamed", "pydantic<2"),
    (r"No module named 'django\.utils\.six|'python_2_unicode_compatible'", "django<3"),
    (r"'LocalStack' object has no attribute '__ident_func__'", "werkzeug<2.1"),
    (r"'_FakeStack' object has no attribute|'__ident_func__'", "flask<2.2"),
    (r"'(ugettext\w*|force_text|smart_text)' from 'django|'url' from 'django.conf", "django<4"),
    (r"module 'sqlalchemy' has no attribute|'_ColumnEntity'|from 'sqlalchemy\.\w+", "sqlalchemy<2"),
    (r"compiled using NumPy 1|numpy\.dtype size changed|_ARRAY_API not found", "numpy<2"),
    (r"unexpected keyword argument '(app|proxies)'", "httpx<0.28"),
    (r"'bcrypt' has no attribute '__about__'|longer than 72 bytes", "bcrypt<4.1"),
    (r"TemplateResponse[\s\S]*unhashable type: 'dict'", "starlette<1"),
    (r"Router.__init__\(\) got an unexpected keyword argument 'on_startup'", "starlette<1"),
)
"""What newer releases have dropped, and the releases that still have it."""
SERVER_URL = re.compile(r"(postgres\w*|mysql\w*|mariadb)(\+\w+)?://")
SQLITE = "sqlite:///./lab.db"
ASYNC_SQLITE = "sqlite+aiosqlite:///./lab.db"
MAX_PYTHONS = 3
NEW_MINOR = 10
"""Of the first Python for which packages still make releases."""


def mended(guess: Guess, failure: Failure, folder: Folder) -> Guess | None:
    """The first change that may help; None where there is none left."""
    return next(changes(guess, failure, folder), None)


def changes(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    if failure.in_image and guess.key("dockerfile") is not None:
        yield from more_variables(guess, failure, folder)
        yield from local_database(guess, failure)
        yield from without_image(guess, failure)
    if failure.kind is FailureKind.SERVICE:
        yield from without_service(guess, failure)
        return
    if failure.kind is FailureKind.INSTALL:
        yield from other_packages(guess, failure, folder)
        yield from other_python(guess, "its packages cannot be installed")
        return
    if failure.kind is FailureKind.ELSEWHERE and failure.ports and guess.key("port") is None:
        port = failure.ports[0]
        why = "it listens there and not on $PORT"
        yield guess.having(Guessed("port", port, why)).noting(f"port = {port}: {why}")
    yield from with_env_file(guess, failure)
    yield from with_old_alembic(guess, failure)
    yield from more_services(guess, failure, folder)
    yield from with_tables(guess, failure, folder)
    yield from with_project_itself(guess, failure, folder)
    yield from more_packages(guess, failure, folder)
    yield from older_packages(guess, failure)
    yield from other_pins(guess, failure, folder)
    yield from more_variables(guess, failure, folder)
    yield from local_database(guess, failure)
    yield from newer_python(guess, failure)
    if failure.kind is FailureKind.PREPARE:
        line = guess.value("prepare")
        yield guess.without("prepare").noting(f"without prepare ({line}), which fails")
    elif failure.kind is not FailureKind.REFUSED:
        yield from next_command(guess)


def older_packages(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """A limit for what has dropped a name that other packages, or the app, still import."""
    value = guess.value("requirements")
    for pattern, limit in OUTGROWN:
        if re.search(pattern, failure.said) and not (isinstance(value, list) and limit in value):
            why = f"{limit}, as newer releases have dropped what is imported"
            yield guess.having(with_added(guess.key("requirements"), [limit], why)).noting(
                f"requirements and {why}"
            )
    if re.search(r"from 'collections'|'collections' has no attribute", failure.said):
        yield from before_python(guess, 10, "from 3.10 on collections lacks what is imported")
    if re.search(r"'inspect' has no attribute '(getargspec|formatargspec)'", failure.said):
        yield from before_python(guess, 11, "from 3.11 on inspect lacks what is used")


def before_python(guess: Guess, minor: int, why: str) -> Iterator[Guess]:
    """The first of the other Pythons that is older than a minor version."""
    older = [each for each in guess.pythons if int(each.partition(".")[2]) < minor]
    if older:
        note = f"python = {older[0]}: {why}"
        changed = with_pythons(guess, tuple(older[1:]))
        yield changed.having(Guessed("python", older[0], note)).noting(note)


def newer_python(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """A Python that newer releases need, where the one that is stated has but older ones."""
    lacks = re.search(r"module '\w+' has no attribute|cannot import name", failure.said)
    minor = int(str(guess.value("python") or PYTHON).partition(".")[2])
    newer = [each for each in guess.pythons if int(each.partition(".")[2]) >= NEW_MINOR]
    if lacks and minor < NEW_MINOR and newer:
        note = f"python = {newer[0]}: the releases for 3.{minor} lack what is used"
        rest = tuple(each for each in guess.pythons if each != newer[0])
        yield with_pythons(guess, rest).having(Guessed("python", newer[0], note)).noting(note)


def stated_name(folder: Folder, module: str) -> str | None:
    """A distribution that the project names somewhere, in a group of its own for instance."""
    word = re.escape(module).replace("_", "[-_.]")
    spelled = re.compile(rf"(?<![\w.-])((?:[\w.]+-)?{word}(?:-[\w.]+)?)(?![\w.-])", re.IGNORECASE)
    for name in folder.named(
        r"pyproject\.toml|pipfile|.*requirement.*\.(txt|in)|.*/requirements/.*"
    ):
        for line in folder.text(name).splitlines():
            if (match := spelled.match(line.strip().strip("\"'"))) and module not in folder.files:
                return match[1]
    return None


def more_packages(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    module = missing_module(failure.said)
    if re.search(r"No module named '[\w.]*\bsix\.moves", failure.said):
        yield from before_python(guess, 12, "newer ones cannot import the project's six.moves")
        return
    if module in REMOVED:
        yield from before_python(guess, 12, f"newer ones have no {module}")
        return
    names = []
    if module and module not in guess.local and not is_standard(module):
        shared = packages_of(module, folder.modules) if module in SHARED else []
        names += shared or [stated_name(folder, module) or distribution_of(module)]
    elif hint := install_hint(failure.said):
        names.append(hint)
    missing = [name for name in names if not asks_for(guess, name)]
    if missing:
        listed = " and ".join(missing)
        why = f"{listed}, which a start asked for"
        note = f"requirements and {listed}: a start asked for it"
        yield guess.having(with_added(guess.key("requirements"), missing, why)).noting(note)


def without_image(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """Its Python and packages in an image of the lab's, where the project's own does not serve."""
    line = guess.key("local_command")
    if line is not None:
        what = "cannot be built" if failure.kind is FailureKind.INSTALL else "does not serve"
        changed = guess.without("dockerfile").without("local_command")
        commands = tuple(Guessed("command", each.value, each.why) for each in guess.commands)
        yield (
            replace(changed, commands=commands)
            .having(Guessed("command", line.value, line.why))
            .noting(f"python and requirements in the place of the Dockerfile, which {what}")
        )


def nearest_first(guess: Guess) -> list[str]:
    """The Pythons that are left, the next older one first: what cannot be built is mostly old."""
    now = minor_of(str(guess.value("python") or PYTHON))
    older = sorted((p for p in guess.pythons if minor_of(p) < now), key=minor_of, reverse=True)
    return [*older, *(p for p in guess.pythons if p not in older)]


def with_pythons(guess: Guess, rest: tuple[str, ...]) -> Guess:
    return replace(guess, pythons=rest)


def asks_for(guess: Guess, name: str) -> bool:
    """Whether a list of requirements names it already: a second time would not help."""
    value = guess.value("requirements")
    lines = value if isinstance(value, list) else []
    return any(normal(name_in(line)) == normal(name_in(name)) for line in lines)


def more_variables(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    environment = guess.value("environment") or {}
    missing = [name for name in missing_variables(failure.said) if name not in environment]
    asked = [name for name in asked_variables(folder) if name not in environment]
    if missing or "'NoneType'" in failure.said or "NoneType object" in failure.said:
        missing = list(dict.fromkeys((*missing, *asked)))
    if missing:
        values = {**environment, **{name: value_for(name) for name in missing}}
        why = f"placeholders for {', '.join(missing)}, without which it does not start"
        yield guess.having(Guessed("environment", values, why)).noting(f"environment: {why}")


def local_database(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """SQLite in a file, where a variable names a server that is not there."""
    service = missing_service(failure.said)
    environment = guess.value("environment") or {}
    named = {name: value for name, value in environment.items() if SERVER_URL.match(str(value))}
    if service in ("PostgreSQL", "MySQL or MariaDB") and named:
        replaced = {
            name: ASYNC_SQLITE if "+async" in value or "+aio" in value else SQLITE
            for name, value in named.items()
        }
        why = f"SQLite for {', '.join(named)}, as no {service} answers"
        yield guess.having(Guessed("environment", {**environment, **replaced}, why)).noting(why)


def next_command(guess: Guess) -> Iterator[Guess]:
    if not guess.commands:
        return
    first, *rest = guess.commands
    changed = guess.having(first).without("port")
    kept = replace(changed, commands=tuple(rest))
    yield kept.noting(f"{first.key} = {first.value!r}: {first.why}")


def other_python(guess: Guess, why: str) -> Iterator[Guess]:
    tried = sum(1 for note in guess.notes if note.startswith("python = "))
    if guess.pythons and tried < MAX_PYTHONS:
        first, *rest = nearest_first(guess)
        note = f"python = {first}: {why}"
        yield with_pythons(guess, tuple(rest)).having(Guessed("python", first, note)).noting(note)
