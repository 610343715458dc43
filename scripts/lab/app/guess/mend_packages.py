"""The next guess with packages that a start asked for, or older ones."""

import re
from collections.abc import Iterator

from lab.app.guess.dependencies import required_files, required_names, with_added
from lab.app.guess.distributions import REMOVED, distribution_of, is_standard
from lab.app.guess.failures import Failure, install_hint, missing_module
from lab.app.guess.folder import REQUIREMENT_FOLDERS, Folder, parent_of
from lab.app.guess.guess_records import Guess
from lab.app.guess.locks import name_in, normal
from lab.app.guess.mend_installs import ON_NO_INDEX
from lab.app.guess.mend_pythons import before_python
from lab.app.guess.namespaces import SHARED, packages_of
from lab.app.guess.reached_modules import reached_packages

OUTGROWN = (
    (r"No module named 'flask\.ext'", "flask<1"),
    (r"No module named 'flask\._compat'", "flask<2"),
    (r"'MigrateCommand' from 'flask_migrate'", "flask-migrate<3"),
    (
        r"'(BaseQuery|get_debug_queries|SignallingSession)' from 'flask_sqlalchemy",
        "flask-sqlalchemy<3",
    ),
    (r"'(TextField|Required)' from 'wtforms|No module named 'wtforms\.\w", "wtforms<3"),
    (r"No module named 'werkzeug\.contrib|'\w+' from 'werkzeug' ", "werkzeug<1"),
    (r"No module named 'django\.core\.urlresolvers|argument: 'on_delete'", "django<2"),
    (r"'render_to_response' from 'django|'(staticfiles|admin_static)' is not a reg", "django<3"),
    (r"module 'numpy' has no attribute '(float|int|bool|object)'", "numpy<1.24"),
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
    (r"'flask_patch' from 'quart'|root_path /[\s\S]*for /: 'str' and 'str'", "quart<0.19"),
    (r"'bcrypt' has no attribute '__about__'|longer than 72 bytes", "bcrypt<4.1"),
    (r"cannot import name '\w+' from 'fastapi\._compat", "fastapi<0.117"),
    (r"TemplateResponse[\s\S]*unhashable type: 'dict'", "starlette<1"),
    (r"Router.__init__\(\) got an unexpected keyword argument 'on_startup'", "starlette<1"),
)
"""What newer releases have dropped, and the releases that still have it."""

OF_PROJECTS = frozenset(
    (
        *("api", "app", "application", "asgi", "backend", "common", "conf", "config", "configs"),
        *("core", "database", "db", "main", "models", "routers", "routes", "run", "schemas"),
        *("server", "services", "settings", "site", "src", "tests", "utils", "views", "web"),
        *("website", "wsgi"),
    )
)
"""Names of modules that projects have: what an index has under them is a stranger's."""
ASKED = "a start asked for it"
FOR_TESTS = re.compile(r"test|dev|lint|doc|ci\b", re.IGNORECASE)
"""Names of files with what serving does not need."""


def older_packages(guess: Guess, failure: Failure) -> Iterator[Guess]:
    """The guess with a limit for a package that dropped a name which is still imported."""
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


def more_packages(guess: Guess, failure: Failure, folder: Folder) -> Iterator[Guess]:
    """The guess with the package that a start did not find, or its file; after a second one, with
    all that is used."""
    module = missing_module(failure.said)
    if re.search(r"No module named '[\w.]*\bsix\.moves", failure.said):
        yield from before_python(guess, 12, "newer ones cannot import the project's six.moves")
        return
    if module in REMOVED:
        yield from before_python(guess, 12, f"newer ones have no {module}")
        return
    names = []
    if module and module not in guess.local | OF_PROJECTS and not is_standard(module):
        shared = packages_of(module, folder.modules) if module in SHARED else []
        names += shared or stated_by(guess, folder, module)
    elif hint := install_hint(failure.said):
        names.append(hint)
    missing = [name for name in names if may_be_added(guess, name)]
    if missing:
        missing += [
            name for name in others_used(guess, folder) if normal(name) != normal(module or "")
        ]
        listed = " and ".join(dict.fromkeys(missing))
        why = f"{listed}, which a start asked for"
        note = f"requirements and {listed}: {ASKED}"
        added = with_added(guess.key("requirements"), list(dict.fromkeys(missing)), why)
        yield guess.having(added).noting(note)


def stated_by(guess: Guess, folder: Folder, module: str) -> list[str]:
    """Another file of requirements that names a module's package; else the package's own name."""
    there = required_files(folder, guess.key("requirements"))
    required = required_names(folder, guess.key("requirements"))
    for name in requirement_files(folder):
        lines = folder.text(name).splitlines()
        named = {name_in(line) for line in lines} - {""}
        wanted = {normal(module), name_in(distribution_of(module))}
        is_there = name in there or 2 * len(named & required) > len(named)
        if not is_there and not FOR_TESTS.search(name) and named & wanted:
            return [f"-r {name}"]
    return [stated_name(folder, module) or distribution_of(module)]


def requirement_files(folder: Folder) -> list[str]:
    """Files with requirements, those nearest to the top first."""
    beside = folder.named(r".*requirement.*\.(txt|in)")
    inside = folder.named(r".*\.(txt|in)")
    return beside + [n for n in inside if parent_of(n).rpartition("/")[2] in REQUIREMENT_FOLDERS]


def stated_name(folder: Folder, module: str) -> str | None:
    """A distribution that the project names somewhere, in a group of its own for instance."""
    word = re.escape(module).replace("_", "[-_.]")
    spelled = re.compile(rf"(?<![\w.-])((?:[\w.]+-)?{word}(?:-[\w.]+)?)(?![\w.-])", re.IGNORECASE)
    for name in (*folder.named(r"pyproject\.toml|pipfile"), *requirement_files(folder)):
        for line in folder.text(name).splitlines():
            if (match := spelled.match(line.strip().strip("\"'"))) and module not in folder.files:
                return match[1]
    return None


def others_used(guess: Guess, folder: Folder) -> list[str]:
    """All that the served program imports and nothing asks for, where a start lacked one before."""
    if not any(note.endswith(ASKED) for note in guess.notes):
        return []
    line = str(guess.value("command") or guess.value("local_command") or "")
    there = required_names(folder, guess.key("requirements"))
    used = reached_packages(folder, line, guess.local)
    return [n for n in used if name_in(n) not in there and may_be_added(guess, n)]


def may_be_added(guess: Guess, name: str) -> bool:
    """Whether a list of requirements lacks a name, and it was not left out of it before."""
    value = guess.value("requirements")
    lines = value if isinstance(value, list) else []
    if name in lines or any(f"{normal(name)}, {ON_NO_INDEX}" in note for note in guess.notes):
        return False
    return not name_in(name) or all(name_in(line) != name_in(name) for line in lines)
