"""What a project states of its start: a Procfile, a program of its own, a Dockerfile."""

import pytest
from builders.guesses import guessed

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/hi')\ndef hi(): return 1\n"
FLASK = "from flask import Flask\nsite = Flask(__name__)\n@site.route('/<x>')\ndef x(x): pass\n"
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
MANAGE = (
    "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nimport django\n"
)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("gunicorn shop:app", "gunicorn --bind $HOST:$PORT shop:app"),
        (
            "gunicorn -b0.0.0.0:80 -w 3 shop:app --log-file -",
            "gunicorn --bind $HOST:$PORT -w 3 shop:app",
        ),
        (
            "poetry run uvicorn --reload --host 0.0.0.0 --port=80 shop:app",
            "python -m uvicorn --host $HOST --port $PORT shop:app",
        ),
        ("serve -w 2 --port $PORT", "serve -w 2 --port $PORT"),
    ],
)
def test_a_procfiles_server_is_told_where_to_listen(line: str, command: str) -> None:
    files = {"shop.py": FASTAPI.replace("app.get", "app.get"), "Procfile": f"web: {line}\n"}

    assert guessed(files)["command"] == command


@pytest.mark.parametrize(
    ("group", "line"),
    [
        ("FlaskGroup(site)", "cd web && python manage.py create_db"),
        ("site.cli", "cd web && env FLASK_APP=manage:site python -m flask create_db"),
    ],
)
def test_a_command_of_a_programs_own_group_is_run_by_that_program(group: str, line: str) -> None:
    manage = (
        "from flask.cli import FlaskGroup\nfrom project import site\n"
        f"cli = {group}\n@cli.command('create_db')\ndef create_db(): pass\n"
        "if __name__ == '__main__': cli()\n"
    )
    files = {
        "web/manage.py": manage,
        "web/project/__init__.py": FLASK,
        "Procfile": "web: cd web && gunicorn manage:site\n",
    }
    assert guessed(files)["prepare"] == line


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("", "{migrate} && ({collect} || true)"),
        ("web/", "(cd web && {migrate}) && (cd web && {collect} || true)"),
    ],
)
def test_static_files_that_pages_look_up_in_a_list_are_collected(where: str, line: str) -> None:
    storage = "STATICFILES_STORAGE = 'whitenoise.storage.CompressedManifestStaticFilesStorage'\n"
    files = {f"{where}manage.py": MANAGE, f"{where}shop/wsgi.py": WSGI}
    found = guessed({**files, f"{where}shop/settings.py": storage})["prepare"]

    migrate, collect = (
        f"python manage.py {each} --noinput" for each in ("migrate", "collectstatic")
    )
    assert found == line.format(migrate=migrate, collect=collect)
    assert "collectstatic" not in guessed(files)["prepare"]


def test_what_a_procfile_releases_and_what_runs_before_its_server_is_prepared_once() -> None:
    line = "web: python manage.py migrate && gunicorn shop.wsgi\nrelease: python manage.py seed\n"
    files = {"Procfile": line, "manage.py": MANAGE, "shop/wsgi.py": WSGI}

    assert guessed(files)["prepare"] == "python manage.py seed && python manage.py migrate"


def test_a_dockerfile_is_used_with_its_port_named_and_shuts_nothing_out() -> None:
    files = {
        "Dockerfile": 'FROM python:3.11-slim\nCMD ["serve", "--port", "8080"]\n',
        "main.py": FASTAPI,
    }
    assert guessed(files) == {
        "python": "3.11",
        "requirements": ["fastapi", "uvicorn"],
        "dockerfile": "Dockerfile",
        "command": "serve --port $PORT",
        "local_command": "python -m uvicorn main:app --host $HOST --port $PORT",
        "requests": [{"path": "/hi"}],
    }


@pytest.mark.parametrize(
    ("recipe", "command"),
    [
        (
            'CMD ["gunicorn","-b","0.0.0.0:80","shop:app"]',
            "gunicorn -b 0.0.0.0:$PORT shop:app",
        ),
        (
            'ENTRYPOINT ["python3"]\nCMD ["manage.py","runserver","0.0.0.0:8000"]',
            "python3 manage.py runserver 0.0.0.0:$PORT",
        ),
        (
            'CMD ["uvicorn", "shop:app", \\\n  "--host", "0.0.0.0", \\\n  "--port", "80"]',
            "uvicorn shop:app --host 0.0.0.0 --port $PORT",
        ),
        (
            'CMD ["gunicorn", "shop:app", "-b localhost:5000"]',
            'gunicorn shop:app "-b 0.0.0.0:$PORT"',
        ),
        (
            'CMD ["bash", "-c", "init && gunicorn -b :5000 \'a:b()\'"]',
            "bash -c 'init && gunicorn -b :$PORT '\"'\"'a:b()'\"'\"''",
        ),
    ],
)
def test_the_command_of_a_recipe_in_all_its_forms(recipe: str, command: str) -> None:
    assert guessed({"Dockerfile": f"FROM x\n{recipe}\n"})["command"] == command


def test_a_script_that_is_an_entry_point_is_read() -> None:
    files = {
        "Dockerfile": 'FROM python:3.12\nENV MODE=shop\nENTRYPOINT ["./boot.sh"]\n',
        "boot.sh": "#!/bin/sh\nflask db upgrade\nexec gunicorn -b :5000 shop:app\n",
        "shop.py": FLASK.replace("site", "app"),
    }
    found = guessed(files)

    assert found["local_command"] == "gunicorn --bind $HOST:$PORT shop:app"
    assert found["prepare"] == "python -m flask db upgrade"
    assert found["environment"] == {"MODE": "shop"}
