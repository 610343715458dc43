"""Packages that a start asks for name the next guess."""

import pytest
from builders.next_guesses import GUESS, next_guess
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guessed
from lab.app.guess.mend import mended


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
