"""`make init`: a description that can be read, from what lies in the folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lab.app.guess.guess import Folder, guess, render, sentences
from lab.app.guess.source import read_module
from lab.app.spec_file import parse, read_description
from lab.commands.init import main, write_first
from lab.errors import UsageError

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/hi')\ndef hi(): return 1\n"
FLASK = "from flask import Flask\nsite = Flask(__name__)\n@site.route('/<x>')\ndef x(x): pass\n"
AIOHTTP = "from aiohttp import web\napp = web.Application()\nif __name__ == '__main__': 1\n"


def guessed(files: Mapping[str, str], pyproject: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {each.key: each.value for each in guess(Folder(files), pyproject or {})}


def test_fastapi_is_served_by_uvicorn_and_asked_for_its_first_route() -> None:
    assert guessed({"main.py": FASTAPI}) == {
        "requirements": ["fastapi", "uvicorn"],
        "command": "python -m uvicorn main:app --host $HOST --port $PORT",
        "path": "/hi",
    }


def test_flask_is_served_by_gunicorn_where_it_is_required() -> None:
    files = {"web/site.py": FLASK, "requirements.txt": "flask\ngunicorn\n"}
    assert guessed(files) == {
        "requirements": "requirements.txt",
        "command": "python -m gunicorn --bind $HOST:$PORT web.site:site",
    }
    assert "flask --app site:site run" in guessed({"site.py": FLASK})["command"]


def test_gunicorns_settings_give_the_workers_and_asgi_its_class() -> None:
    found = guessed({"main.py": FASTAPI, "gunicorn.conf.py": "workers = 3\n"})

    assert found["workers"] == 3
    assert "--worker-class uvicorn.workers.UvicornWorker main:app" in found["command"]


def test_aiohttp_runs_as_a_program() -> None:
    assert guessed({"app.py": AIOHTTP})["command"] == "python app.py"


def test_django_is_found_by_its_wsgi_file() -> None:
    files = {"shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\n"}
    assert guessed(files)["command"].endswith("shop.wsgi:application")


def test_a_procfile_comes_before_a_framework() -> None:
    files = {"main.py": FASTAPI, "Procfile": "web: serve -w 2 --port $PORT\n"}
    assert (guessed(files)["command"], guessed(files)["workers"]) == ("serve -w 2 --port $PORT", 2)


def test_a_dockerfile_is_used_with_its_port_named() -> None:
    files = {"Dockerfile": 'FROM x\nCMD ["serve", "--port", "8080"]\n', "main.py": FASTAPI}
    assert guessed(files) == {
        "dockerfile": "Dockerfile",
        "command": "serve --port $PORT",
        "path": "/hi",
    }


@pytest.mark.parametrize(
    ("files", "pyproject", "version"),
    [
        ({".python-version": "3.9.18\n"}, {}, "3.9"),
        ({}, {"project": {"requires-python": ">=3.11"}}, "3.11"),
    ],
)
def test_the_python_is_the_one_that_is_stated(
    files: Mapping[str, str], pyproject: Mapping[str, Any], version: str
) -> None:
    assert guessed(files, pyproject)["python"] == version


def test_the_dependencies_of_pyproject_are_taken() -> None:
    project = {"project": {"dependencies": ["flask>=3"]}}
    assert guessed({"site.py": FLASK}, project)["requirements"] == ["flask>=3"]


def test_without_a_command_it_says_so() -> None:
    assert sentences(guess(Folder({"notes.py": "x = 1\n"}), {})) == [
        "no command was found: say how the app is served on $HOST:$PORT"
    ]


def test_a_file_that_is_no_python_is_passed_over() -> None:
    assert read_module("broken.py", "def (") is None


def test_every_key_stands_in_the_file_and_it_is_toml() -> None:
    text = render(guess(Folder({"main.py": FASTAPI}), {}))

    assert parse(text, Path("lab.toml"))["requests"] == [{"path": "/hi"}]
    assert "# multipart = " in text


def test_the_file_is_written_once_and_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FASTAPI, encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "a.py").write_text(FLASK, encoding="utf-8")

    file, _ = write_first(tmp_path)

    assert read_description(tmp_path).requests[0].path == "/hi"
    before = file.read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="is there already and stays as it is"):
        write_first(tmp_path)
    assert file.read_text(encoding="utf-8") == before


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        write_first(tmp_path / "gone")


def test_the_command_says_what_it_guessed_and_ends_with_a_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "main.py").write_text(FASTAPI, encoding="utf-8")

    assert [main([str(tmp_path)]), main([str(tmp_path)]), main([])] == [0, 64, 64]

    said = capsys.readouterr()
    assert 'requirements = ["fastapi", "uvicorn"]  (imports, without versions' in said.out
    assert "make init needs APP=" in said.err


def test_the_next_command_is_quoted_as_one_would_type_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = tmp_path / "my app; $x"
    app.mkdir()

    assert main([str(app)]) == 0
    assert capsys.readouterr().out.endswith(f"make try APP='{app}'\n")
