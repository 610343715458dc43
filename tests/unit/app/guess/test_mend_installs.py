"""What cannot be installed or built names the next guess."""

import pytest
from builders.guesses import described
from builders.next_guesses import GUESS, next_guess
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.mend import mended
from lab.app.guess.mend_installs import looser


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


def test_what_cannot_be_installed_is_tried_on_the_next_older_python() -> None:
    guess = Guess(
        keys=(Guessed("requirements", ["x==1"], "x"), Guessed("python", "3.12", "y")),
        pythons=("3.13", "3.11", "3.9"),
    )
    said = "no such release for this Python"
    assert next_guess(said, FailureKind.INSTALL, guess).value("python") == "3.11"


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
