"""What fails names the next guess."""

import pytest
from builders.next_guesses import FOLDER, GUESS, next_guess
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
from lab.engines.protocol import ended_with


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
