"""Numbers in an app's files with more digits than Python reads: they say nothing."""

import pytest
from lab.app.compose_reader import port_of
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.pins import limit_of
from lab.app.guess.poetry import release
from lab.app.guess.pythons import is_admitted
from lab.report.group_names import version_key

DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("runtime.txt", f"python-3.{DIGITS}\n"),
        (".python-version", f"3.{DIGITS}\n"),
        ("Dockerfile", f"FROM python:3.{DIGITS}\nCMD python app.py\n"),
        ("Pipfile", f'[requires]\npython_version = "3.{DIGITS}"\n'),
        ("setup.cfg", f"[options]\npython_requires = >=3.{DIGITS}\n"),
        ("pyproject.toml", f'[project]\nname = "x"\nrequires-python = ">=3.{DIGITS}"\n'),
        ("Procfile", f"web: gunicorn --workers {DIGITS} app:app\n"),
        ("gunicorn.conf.py", f"workers = {DIGITS}\n"),
        ("requirements.txt", f"flask=={DIGITS}\ngunicorn\n"),
        ("docker-compose.yml", f'services:\n  web:\n    build: .\n    ports: ["{DIGITS}"]\n'),
        ("poetry.lock", f'[[package]]\nname = "flask"\nversion = "{DIGITS}"\n'),
    ],
)
def test_a_guess_is_made_all_the_same(name: str, text: str) -> None:
    app = "import flask\napp = flask.Flask(__name__)\n"
    files = {"app.py": app, "requirements.txt": "flask\ngunicorn\n", name: text}

    assert guess(Folder(files)).keys


def test_each_reader_of_numbers_stops_somewhere() -> None:
    assert limit_of(f"pydantic-core=={DIGITS}") is None
    assert len(release(DIGITS)) > 1
    assert not is_admitted(f"==3.{DIGITS}", 12)
    assert version_key(f"py{DIGITS}")
    assert [port_of({"ports": [each]}) for each in (DIGITS, "²", "٣", "80")] == [*[None] * 3, 80]
