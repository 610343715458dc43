"""What fails names the next guess."""

import pytest
from builders.guesses import described
from lab.app.guess.failures import (
    Failure,
    FailureKind,
    cannot_import,
    install_hint,
    missing_service,
    missing_variables,
    telling_line,
)
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.history import missing_python
from lab.app.guess.mend import mended
from lab.app.guess.mend_installs import looser
from lab.engines.protocol import ended_with

FOLDER = Folder(
    {"requirements.txt": "flask\npsycopg2==2.9 # why\n", "pyproject.toml": 'django-zeal = "*"\n'}
)
OTHER = Guessed("command", "python other.py", "other.py serves")
GUESS = Guess(
    keys=(Guessed("requirements", ["flask"], "x"), Guessed("command", "python app.py", "y")),
    commands=(OTHER,),
    pythons=("3.11", "3.8"),
    local=frozenset({"shop"}),
)


def next_guess(said: str, kind: FailureKind = FailureKind.DIED, found: Guess = GUESS) -> Guess:
    better = mended(found, Failure(kind, said, (8080,)), FOLDER)
    assert better is not None
    return better


@pytest.mark.parametrize(
    ("said", "added"),
    [
        ("ModuleNotFoundError: No module named 'yaml'", "PyYAML"),
        ("ModuleNotFoundError: No module named 'jwt.api'", "PyJWT"),
        ("ModuleNotFoundError: No module named 'zeal'", "django-zeal"),
        ("ModuleNotFoundError: No module named 'template_partials'", "django-template-partials"),
        ("/x/python: No module named gunicorn", "gunicorn"),
        ("sh: 1: exec: gunicorn: not found", "gunicorn"),
        ('Form data requires "python-multipart" to be installed.', "python-multipart"),
        ("AssertionError: jinja2 must be installed to use Jinja2Templates", "jinja2"),
        (
            "email-validator is not installed, run `pip install 'pydantic[email]'`",
            "pydantic[email]",
        ),
        ("ImportError: cannot import name 'escape' from 'jinja2' (/x)", "jinja2<3.1"),
        ("PydanticImportError: `BaseSettings` has been moved to", "pydantic<2"),
        ("cannot import name 'lenient_issubclass' from 'fastapi._compat' (/x)", "fastapi<0.117"),
        ("cannot import name 'TextField' from 'wtforms' (/x/__init__.py)", "wtforms<3"),
        ("ModuleNotFoundError: No module named 'wtforms.fields.html5'", "wtforms<3"),
        ("cannot import name 'secure_filename' from 'werkzeug' (/x)", "werkzeug<1"),
        ("cannot import name 'url_quote' from 'werkzeug.urls' (/x)", "werkzeug<3"),
        ("ModuleNotFoundError: No module named 'flask._compat'", "flask<2"),
        ("cannot import name 'flask_patch' from 'quart' (/x)", "quart<0.19"),
        (
            "app.root_path / 'b'\nTypeError: unsupported operand type(s) for /: 'str' and 'str'",
            "quart<0.19",
        ),
    ],
)
def test_a_package_that_a_start_asks_for_is_added(said: str, added: str) -> None:
    assert next_guess(said).value("requirements") == ["flask", added]


def test_what_is_the_projects_own_or_was_added_before_is_no_package() -> None:
    assert next_guess("No module named 'shop'").value("command") == "python other.py"
    again = next_guess("No module named 'yaml'", found=next_guess("No module named 'yaml'"))
    assert again.value("command") == "python other.py"


def test_a_module_that_python_dropped_asks_for_an_older_one() -> None:
    assert next_guess("No module named 'distutils'").value("python") == "3.11"


def test_variables_that_are_missing_are_given_values_that_fit_their_names() -> None:
    said = "KeyError: 'DATABASE_URL'\n"
    assert next_guess(said).value("environment") == {"DATABASE_URL": "sqlite:///./lab.db"}
    (value,) = next_guess("KeyError: 'MONGODB_URL'\n").value("environment").values()
    assert value.startswith("mongodb://")
    said = "2 validation errors for Settings\nsecret_key\n  Field required [type=missing]\n"
    assert list(next_guess(said).value("environment")) == ["SECRET_KEY"]


def test_a_switch_is_no_variable_that_is_missing() -> None:
    text = "import os\nA = os.environ['API_KEY']\nif os.environ.get('TRACE'): import coverage\n"
    text += "os.environ['SET_HERE'] = '1'\n"
    folder = Folder({"app.py": text})
    better = mended(GUESS, Failure(FailureKind.DIED, "KeyError: 'OTHER_KEY'"), folder)
    assert better is not None
    assert list(better.value("environment")) == ["OTHER_KEY", "API_KEY"]
    said = "TypeError: 'NoneType' object is not iterable"
    better = mended(GUESS, Failure(FailureKind.DIED, said), folder)
    assert better is not None
    assert list(better.value("environment")) == ["API_KEY", "TRACE"]


def test_another_port_is_led_to_the_labs() -> None:
    assert next_guess("", FailureKind.ELSEWHERE).value("port") == 8080


def test_a_preparation_that_fails_is_left_out_last() -> None:
    guess = GUESS.having(Guessed("prepare", "python seed.py", "z"))
    assert next_guess("boom", FailureKind.PREPARE, guess).value("prepare") is None


def test_packages_that_cannot_be_installed_ask_for_a_wheel_then_an_older_python() -> None:
    guess = GUESS.having(Guessed("requirements", "requirements.txt", "x"))
    wheel = next_guess("Failed to build `psycopg2==2.9`", FailureKind.INSTALL, guess)
    assert wheel.value("requirements") == ["flask", "psycopg2-binary==2.9"]
    older = next_guess("no wheels", FailureKind.INSTALL)
    assert (older.value("python"), older.pythons) == ("3.11", ("3.8",))


def test_files_that_name_each_other_are_mended_and_a_release_that_is_not_there_gives_way() -> None:
    folder = Folder(
        {
            "requirements.txt": "# for one host\n-r needs/host.txt\n",
            "needs/host.txt": "-r common.txt\npsycopg2==2.7.3\n",
            "needs/common.txt": "flask  # the framework\n",
        }
    )
    guess = GUESS.having(Guessed("requirements", ["-r requirements.txt", "gunicorn"], "x"))

    wheel = mended(guess, Failure(FailureKind.INSTALL, "Collecting psycopg2==2.7.3"), folder)
    assert wheel is not None
    said = "ERROR: No matching distribution found for psycopg2-binary==2.7.3"
    newer = mended(wheel, Failure(FailureKind.INSTALL, said), folder)

    assert wheel.value("requirements") == ["flask", "psycopg2-binary==2.7.3", "gunicorn"]
    assert newer is not None
    assert newer.value("requirements") == ["flask", "psycopg2-binary>=2.7.3,<3", "gunicorn"]


def test_a_server_of_databases_that_is_not_there_becomes_a_file() -> None:
    url = {"DATABASE_URL": "postgresql+asyncpg://u:p@db/x", "MODE": "a"}
    guess = GUESS.having(Guessed("environment", url, "z"))
    said = "asyncpg: could not translate host name db"
    better = next_guess(said, found=guess)
    assert better.value("services") == ["postgres://u:p@db/x"]
    cannot = next_guess("postgres: it needs postgres", FailureKind.SERVICE, better)
    assert cannot.value("services") is None
    assert next_guess(said, found=cannot).value("environment") == {
        "DATABASE_URL": "sqlite+aiosqlite:///./lab.db",
        "MODE": "a",
    }


def test_where_no_route_is_served_another_command_may() -> None:
    assert next_guess("", FailureKind.ABSENT).value("command") == "python other.py"
    assert mended(GUESS, Failure(FailureKind.REFUSED, ""), FOLDER) is None


@pytest.mark.parametrize(
    ("text", "given", "changed"),
    [
        ("config = {'development': 1, 'docker': 2}", "docker", "development"),
        ("class ProductionConfig: ...\nclass DevConfig: ...", "a.ProductionConfig", "a.DevConfig"),
    ],
)
def test_settings_for_development_take_the_place_of_a_set_that_does_not_serve(
    text: str, given: str, changed: str
) -> None:
    guess = GUESS.having(Guessed("environment", {"APP_CONFIG": given, "KEY": "docker"}, "z"))
    folder = Folder({"config.py": text})
    better = mended(guess, Failure(FailureKind.ABSENT, ""), folder)
    assert better is not None
    assert better.value("environment") == {"APP_CONFIG": changed, "KEY": "docker"}
    again = mended(better, Failure(FailureKind.ABSENT, ""), folder)
    assert again is not None
    assert again.value("command") == "python other.py"


def test_a_module_of_settings_is_known_by_its_file() -> None:
    name = "DJANGO_SETTINGS_MODULE"
    guess = GUESS.having(Guessed("environment", {name: "shop.settings.production"}, "z"))
    failed = Failure(FailureKind.DIED, "boom")
    better = mended(guess, failed, Folder({"shop/settings/local.py": "", "a.py": ""}))
    assert better is not None
    assert better.value("environment") == {name: "shop.settings.local"}
    other = mended(guess, failed, Folder({"shop/settings/base.py": "", "a.py": ""}))
    assert other is not None
    assert other.value("command") == "python other.py"


def test_flasks_debug_flag_chooses_settings_where_the_code_asks_for_it() -> None:
    folder = Folder({"a.py": "from flask.helpers import get_debug_flag\nC = get_debug_flag()\n"})
    better = mended(GUESS, Failure(FailureKind.REFUSED, "boom"), folder)
    assert better is not None
    assert better.value("environment") == {"FLASK_DEBUG": "1", "FLASK_ENV": "development"}
    assert mended(better, Failure(FailureKind.REFUSED, "boom"), folder) is None


def test_after_everything_comes_nothing() -> None:
    last = Guess(keys=GUESS.keys)
    assert mended(last, Failure(FailureKind.DIED, "boom"), FOLDER) is None
    assert mended(last, Failure(FailureKind.REFUSED, "boom"), FOLDER) is None


def test_the_exceptions_own_line_is_told_and_not_the_servers_last() -> None:
    said = (
        "Traceback (most recent call last):\nValueError: the app's own\n"
        "[ERROR] Worker (pid:7) exited with code 3\n[ERROR] Reason: Worker failed to boot.\n"
        "the server ended with status 3\n"
    )
    assert telling_line(said) == "ValueError: the app's own"
    assert telling_line("") == "it said nothing"
    ended = ended_with(1).reason
    said = f"pymongo.errors.InvalidURI: Invalid URI scheme\n  x\n{ended}"
    assert telling_line(said) == "pymongo.errors.InvalidURI: Invalid URI scheme"
    assert telling_line(f"no such option\n{ended}") == "no such option"
    assert telling_line("usage: x\nthe server ended with status 2") == "usage: x"


def test_services_are_known_by_their_clients_words() -> None:
    assert missing_service("redis.exceptions.ConnectionError: Error 111 connecting") == "Redis"
    assert missing_service("redis.exceptions.ResponseError: wrong type") is None
    assert missing_service("ValueError: connection refused") is None


def test_hints_and_variables_of_harmless_words_are_none() -> None:
    assert install_hint("the page was not found") is None
    assert install_hint("page: not found") == "page"  # a shell says it so; it is asked for once
    assert missing_variables("KeyError: 'name'") == []


def test_an_empty_file_of_variables_stands_in_for_one_that_is_not_there() -> None:
    said = "Exception: No local .env or CLOUD_PROJECT detected. No secrets found."
    better = next_guess(said)
    assert better.value("prepare") == "touch .env"
    assert next_guess(said, found=better).value("command") == "python other.py"


def test_both_halves_of_an_old_flask_are_held_back() -> None:
    first = next_guess("AttributeError: '_FakeStack' object has no attribute '__ident_func__'")
    said = "AttributeError: 'LocalStack' object has no attribute '__ident_func__'"
    assert next_guess(said, found=first).value("requirements") == [
        "flask",
        "flask<2.2",
        "werkzeug<2.1",
    ]


def test_a_name_that_many_packages_share_is_told_by_what_is_imported_of_it() -> None:
    text = "from azure.storage.blob import BlobClient\nimport azure.identity as i\n"
    better = mended(
        GUESS, Failure(FailureKind.DIED, "No module named 'azure'"), Folder({"a.py": text})
    )
    assert better is not None
    assert better.value("requirements") == ["flask", "azure-identity", "azure-storage-blob"]


def test_what_cannot_be_built_is_left_out_where_nothing_imports_it() -> None:
    file = "flask\nmeinheld==1.0.2\npyyaml @ git+https://example.com/pyyaml.git\n"
    folder = Folder({"requirements.txt": file, "app.py": "import flask\n"})
    keys = (Guessed("requirements", "requirements.txt", "x"),)
    guess = Guess(keys=keys, pythons=("3.11",))
    said = "Failed to build `meinheld==1.0.2`: Call to `setuptools` failed"
    better = mended(guess, Failure(FailureKind.INSTALL, said), folder)
    assert better is not None
    assert better.value("requirements") == ["flask", file.splitlines()[2]]
    said = "Git operation failed: git fetch ... exit code 128"
    better = mended(better, Failure(FailureKind.INSTALL, said), folder)
    assert better is not None
    assert better.value("requirements") == ["flask", "pyyaml"]
    imported = Folder({"requirements.txt": file, "app.py": "import meinheld\n"})
    said = "Failed to build `meinheld==1.0.2`: Call to `setuptools` failed"
    better = mended(guess, Failure(FailureKind.INSTALL, said), imported)
    assert better is not None
    assert better.value("requirements")[1] == "meinheld>=1.0.2,<2"
    better = mended(better, Failure(FailureKind.INSTALL, said), imported)
    assert better is not None
    assert better.value("requirements")[1] == "meinheld>=1.0.2"
    better = mended(better, Failure(FailureKind.INSTALL, said), imported)
    assert better is not None
    assert better.value("python") == "3.11"


@pytest.mark.parametrize(
    ("line", "first", "then"),
    [
        ("aiohttp==3.7.4 # why", "aiohttp>=3.7.4,<4 # why", "aiohttp>=3.7.4 # why"),
        (
            "a[x]==1.2.*; os_name != 'nt'",
            "a[x]>=1.2,<2; os_name != 'nt'",
            "a[x]>=1.2; os_name != 'nt'",
        ),
        ("greenlet==0.4.17", "greenlet>=0.4.17", "greenlet>=0.4.17"),
        ("day==2024.1", "day>=2024.1,<2025", "day>=2024.1"),
        ("flask", "flask", "flask"),
    ],
)
def test_a_pin_gives_way_to_its_own_major_version_first(line: str, first: str, then: str) -> None:
    assert (looser(line), looser(looser(line))) == (first, then)


@pytest.mark.parametrize("module", ["app", "config", "src.db"])
def test_a_projects_own_name_is_not_asked_of_an_index(module: str) -> None:
    assert next_guess(f"No module named '{module}'").value("command") == "python other.py"


def test_an_image_that_listens_elsewhere_is_kept_with_its_port() -> None:
    keys = (Guessed("dockerfile", "Dockerfile", "x"), Guessed("local_command", "python a.py", "x"))
    failed = Failure(FailureKind.ELSEWHERE, "", ports=(5000,), in_image=True)
    better = mended(Guess(keys=keys), failed, FOLDER)
    assert better is not None
    assert (better.value("dockerfile"), better.value("port")) == ("Dockerfile", 5000)
    other = mended(better, failed, FOLDER)
    assert other is not None
    assert (other.value("dockerfile"), other.value("port")) == (None, None)
    instead = "python and requirements in the place of the Dockerfile, which does not serve"
    assert other.notes[-1] == instead


def test_an_image_is_tried_without_what_prepares_it_before_it_is_given_up() -> None:
    folder = Folder({"manage.py": "import django\n", "a.py": ""})
    keys = (
        Guessed("dockerfile", "Dockerfile", "x"),
        Guessed("local_command", "python a.py", "x"),
        Guessed("prepare", "python manage.py migrate --noinput", "x"),
    )
    failed = Failure(FailureKind.PREPARE, "boom", in_image=True)
    better = mended(Guess(keys=keys), failed, folder)
    assert better is not None
    assert (better.value("dockerfile"), better.value("prepare")) == ("Dockerfile", None)
    other = mended(better, Failure(FailureKind.DIED, "boom", in_image=True), folder)
    assert other is not None
    assert (other.value("dockerfile"), other.value("prepare")) == (None, keys[2].value)


def test_what_djangos_settings_name_is_not_left_out() -> None:
    text = "INSTALLED_APPS = ['django.contrib.admin', 'allauth.account']\n"
    folder = Folder({"requirements.txt": "Django==2.2\ndjango-allauth==0.39.1\n", "s.py": text})
    guess = Guess(keys=(Guessed("requirements", "requirements.txt", "x"),))
    said = "Failed to build `django-allauth==0.39.1`"
    better = mended(guess, Failure(FailureKind.INSTALL, said), folder)
    assert better is not None
    assert better.value("requirements") == ["Django==2.2", "django-allauth>=0.39.1"]
    missing = Failure(FailureKind.DIED, "No module named 'other'")
    last = mended(better, missing, Folder({**folder.files, "requirements.txt": "other\n"}))
    assert last is not None
    assert last.value("requirements")[2:] == ["-r requirements.txt"]


@pytest.mark.parametrize(
    ("line", "loose"),
    [
        ("PyYAML==5.4.1", "PyYAML>=5.4.1,<6"),
        ("pyyaml == 5.*", "pyyaml >=5,<6"),
        ("PyYaml[c]==5.4.1 ; python_version > '3'", "PyYaml[c]>=5.4.1,<6 ; python_version > '3'"),
    ],
)
@pytest.mark.parametrize(
    "said",
    [
        "Failed to build `pyyaml==5.4.1`: Call to `setuptools.build_meta` failed",
        "Failed to download and build `pyyaml==5.4.1`",
        "Collecting flask\nCollecting PyYAML==5.4.1\n  error: subprocess-exited-with-error\n",
    ],
)
def test_a_pinned_release_that_cannot_be_built_gives_way_to_newer_ones(
    said: str, line: str, loose: str
) -> None:
    folder = Folder({"app.py": "import yaml\n"})
    guess = GUESS.having(Guessed("requirements", ["flask==1.0", line], "x"))
    better = mended(guess, Failure(FailureKind.INSTALL, said), folder)
    assert better is not None
    assert better.value("requirements") == ["flask==1.0", loose]


def test_a_name_that_no_index_has_is_left_out_and_stays_out() -> None:
    guess = GUESS.having(Guessed("requirements", ["flask", "own_thing"], "x"))
    said = "No solution found: Because own-thing was not found in the package registry and you"
    better = next_guess(said, FailureKind.INSTALL, guess)
    assert better.value("requirements") == ["flask"]
    again = next_guess("No module named 'own_thing'", found=better)
    assert again.value("requirements") == ["flask"]


def test_another_file_of_requirements_that_names_what_is_missing_is_taken_whole() -> None:
    folder = Folder(
        {
            "requirements.txt": "-r requirements/dev.txt\n",
            "requirements/dev.txt": "pylint\n",
            "requirements/test.txt": "falcon\n",
            "requirements/base.txt": "falcon==2.0.0\nPyYAML\n",
        }
    )
    guess = GUESS.having(Guessed("requirements", "requirements.txt", "x"))
    for module in ("falcon", "yaml"):
        failure = Failure(FailureKind.DIED, f"No module named '{module}'")
        better = mended(guess, failure, folder)
        assert better is not None
        assert better.value("requirements") == ["-r requirements.txt", "-r requirements/base.txt"]


def test_after_a_second_missing_package_all_that_is_served_imports_is_added() -> None:
    folder = Folder(
        {
            "shop/__init__.py": "",
            "shop/web.py": "import falcon\nfrom shop.db import session\n",
            "shop/db.py": "import sqlalchemy, jwt\n",
            "shop/load.py": "import pandas\n",
        }
    )
    guess = GUESS.having(Guessed("command", "gunicorn --bind $HOST:$PORT shop.web:app", "x"))
    first = mended(guess, Failure(FailureKind.DIED, "No module named 'falcon'"), folder)
    assert first is not None
    assert first.value("requirements") == ["flask", "falcon"]
    then = mended(first, Failure(FailureKind.DIED, "No module named 'jwt'"), folder)
    assert then is not None
    assert then.value("requirements") == ["flask", "falcon", "PyJWT", "sqlalchemy"]


def test_a_databases_file_in_a_folder_that_is_not_there_is_one_of_the_copy() -> None:
    url = {"DATABASE_URL": "sqlite:////data/db.sqlite", "MODE": "a"}
    guess = GUESS.having(Guessed("environment", url, "z"), Guessed("prepare", "x", "y"))
    said = "(sqlite3.OperationalError) unable to open database file"
    better = next_guess(said, FailureKind.PREPARE, guess)
    assert better.value("environment") == {"DATABASE_URL": "sqlite:///./lab.db", "MODE": "a"}
    assert next_guess(said, FailureKind.PREPARE, better).value("prepare") is None


def test_pythons_that_cannot_be_had_do_not_count_as_tried() -> None:
    said = "no CPython 3.14 is here"
    better = next_guess(said, FailureKind.INSTALL)
    assert better.value("python") == "3.11"
    assert better.notes == ("python = 3.11: the one before cannot be had",)
    only = Guess(keys=(Guessed("python", "3.14", "x"),))
    better = next_guess(said, FailureKind.INSTALL, only)
    assert better.value("python") == "3.13"
    assert mended(better, Failure(FailureKind.INSTALL, said), FOLDER) is None


def test_releases_for_an_old_python_that_lack_what_is_used_ask_for_a_newer_one() -> None:
    said = "AttributeError: module 'tornado' has no attribute 'web'"
    old = GUESS.having(Guessed("python", "3.7", "x"))
    better = next_guess(said, found=old)
    assert better.value("python") == "3.11"
    assert next_guess(said, found=better).value("command") == "python other.py"


def test_an_alembic_that_is_no_module_is_called() -> None:
    said = "python: No module named alembic.__main__; 'alembic' is a package"
    guess = GUESS.having(Guessed("prepare", "cd db && python -m alembic upgrade head", "x"))
    line = next_guess(said, FailureKind.PREPARE, guess).value("prepare")
    assert line == "cd db && python -c 'from alembic.config import main; main()' upgrade head"


def test_what_cannot_be_installed_is_tried_on_the_next_older_python() -> None:
    guess = Guess(
        keys=(Guessed("requirements", ["x==1"], "x"), Guessed("python", "3.12", "y")),
        pythons=("3.13", "3.11", "3.9"),
    )
    said = "no such release for this Python"
    assert next_guess(said, FailureKind.INSTALL, guess).value("python") == "3.11"


def test_an_example_of_a_library_has_the_library_installed() -> None:
    said = "ModuleNotFoundError: No module named 'shop'"
    folder = Folder({"pyproject.toml": "[project]", "example/app.py": "import shop"})
    below = GUESS.having(Guessed("command", "cd example && exec python app.py", "x"))
    better = mended(below, Failure(FailureKind.DIED, said), folder)
    assert better is not None
    assert better.value("requirements") == ["flask", "."]
    again = mended(better, Failure(FailureKind.DIED, said), folder)
    assert again is not None
    assert again.value("command") == "python other.py"


def test_its_compose_file_is_taken_where_it_reaches_one_of_its_other_services_not() -> None:
    composed = Folder(
        {
            "app.py": "from flask import Flask\napp = Flask(__name__)\n",
            "compose.yaml": "services:\n  web: {build: ., depends_on: [api, db]}\n"
            "  api: {build: ./api}\n  db: {image: postgres}\n",
        }
    )
    said = "HTTPConnectionPool(host='api', port=8000): Name or service not known"
    beside = mended(GUESS, Failure(FailureKind.REFUSED, said), composed)
    assert beside is not None
    assert (beside.value("compose"), beside.value("service")) == ("compose.yaml", "web")
    assert beside.value("services") is None
    assert beside.notes[-1].startswith("compose: web in compose.yaml depends on api")

    alone = mended(beside, Failure(FailureKind.SERVICE, "api: cannot be built"), composed)
    assert alone is not None
    assert alone.value("compose") is None
    assert alone.value("services") == ["postgres://db"]
    assert mended(alone, Failure(FailureKind.REFUSED, said), composed) is None


def test_a_database_that_stands_beside_it_is_not_replaced_by_a_file() -> None:
    url = Guessed("environment", {"DATABASE_URL": "postgresql://db/shop"}, "x")
    said = "requests: host='api': connection refused, after psycopg2.connect"
    alone = GUESS.having(url).noting("without postgres, which cannot be had here")
    beside = GUESS.having(url, Guessed("services", ["postgres"], "x"))

    better = mended(alone, Failure(FailureKind.REFUSED, said), Folder({"app.py": ""}))
    assert better is not None
    assert better.value("environment") == {"DATABASE_URL": "sqlite:///./lab.db"}
    assert mended(beside, Failure(FailureKind.REFUSED, said), Folder({"app.py": ""})) is None


USAGE = (
    "usage: server.py [-h] --port PORT [--host HOST]\nserver.py: error: the following arguments "
)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (USAGE + "are required: --port", "python app.py --port $PORT --host $HOST"),
        (USAGE + "are required: -p/--port, --host", "python app.py -p $PORT --host $HOST"),
        (USAGE + "are required: port", "python app.py $PORT --host $HOST"),
        ("Error: Missing option '--http-port'.", "python app.py --http-port $PORT"),
        ("Error: Missing argument 'PORT'.", "python app.py $PORT"),
    ],
)
def test_the_port_that_a_program_asks_for_is_given(said: str, line: str) -> None:
    assert next_guess(said).value("command") == line


@pytest.mark.parametrize(
    "said", [USAGE + "are required: --port, --license-key", "Error: Missing option '--config'."]
)
def test_what_else_a_program_asks_for_is_not_made_up(said: str) -> None:
    assert next_guess(said).value("command") == "python other.py"


@pytest.mark.parametrize(
    ("frame", "requirements", "python"),
    [
        ("/x/lib/python3.12/site-packages/pydantic/fields.py", "fastapi==0.78.0", "3.8"),
        ("/x/lib/python3.12/site-packages/pydantic/fields.py", "fastapi", None),
        ("/app/shop.py", "fastapi==0.78.0", None),
    ],
)
def test_pinned_packages_that_fail_on_import_ask_for_an_older_python(
    frame: str, requirements: str, python: str | None
) -> None:
    guess = GUESS.having(Guessed("requirements", [requirements], "x"))
    said = f'  File "/app/main.py", line 1\n  File "{frame}", line 9, in make\nValueError: no\n'
    assert next_guess(said, found=guess).value("python") == python
    told = guess.having(Guessed("python", "3.12", "runtime.txt"))
    assert next_guess(said, found=told).value("python") == "3.12"


def test_where_the_stated_python_is_not_here_and_others_cannot_read_the_files_it_is_told() -> None:
    missing = Failure(FailureKind.INSTALL, "no CPython 3.14 on this machine: install it")
    guess = next_guess(missing.said, FailureKind.INSTALL)
    assert guess.value("python") == "3.11"
    unread = Failure(FailureKind.DIED, "SyntaxError: multiple exception types must be ...")
    assert mended(guess, unread, FOLDER) is None
    assert mended(GUESS, unread, FOLDER) is not None
    assert missing_python([missing, unread]) is missing
    assert missing_python([unread]) is None
    assert missing_python([missing, Failure(FailureKind.DIED, "boom")]) is None


@pytest.mark.parametrize(
    ("said", "cannot"),
    [
        ("SyntaxError: invalid syntax\nx\nSyntaxError: invalid syntax\n", True),
        ("ModuleNotFoundError: No module named 'a'\n" * 4, True),
        ("SyntaxError: invalid syntax\n", False),
        ("ImportError: a\nImportError: b\n", False),
        ("ConnectionRefusedError: x\n" * 9, False),
    ],
)
def test_the_same_import_that_fails_again_and_again_is_no_slow_start(
    said: str, cannot: bool
) -> None:
    assert cannot_import(said) is cannot


def test_of_pins_that_contradict_the_dependencys_gives_way() -> None:
    guess = GUESS.having(
        Guessed("requirements", ["Flask==1.1.4", "Werkzeug==2.2.3", "six==1.16.0"], "x")
    )
    said = (
        "No solution found when resolving dependencies: Because flask==1.1.4 depends on\n"
        "werkzeug>=0.15,<2.0 and you require flask==1.1.4, we can conclude that you require ..."
    )
    of_pip = (
        "The user requested Werkzeug==2.2.3\n    flask 1.1.4 depends on Werkzeug<2.0 and >=0.15"
    )
    better = next_guess(said, FailureKind.INSTALL, guess)
    assert better.value("requirements") == ["Flask==1.1.4", "Werkzeug", "six==1.16.0"]
    assert described(next_guess(of_pip, FailureKind.INSTALL, guess)) == described(better)
    assert next_guess(said, FailureKind.INSTALL, better).value("python") == "3.11"
