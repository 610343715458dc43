"""Commands that a project states."""

import pytest
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.stated_commands import stated_commands


def test_scripts_that_run_each_other_come_to_an_end() -> None:
    text = "./run.sh\n./other.sh\npython -m gunicorn shop:app\n"
    files = {"run.sh": text, "other.sh": "./run.sh\n", "shop.py": "app = 1"}
    lines = [each.line for each in stated_commands(Folder(files))]
    assert "gunicorn --bind $HOST:$PORT shop:app" in lines


def test_what_installs_is_no_preparation() -> None:
    script = "pip install --upgrade pip\nflask db upgrade\ngunicorn shop:app\n"
    (command,) = stated_commands(Folder({"start.sh": script, "shop.py": "app = 1"}))
    assert command.prepare == ("python -m flask db upgrade",)


def test_a_scripts_own_variables_are_filled_in() -> None:
    script = (
        "export APP=${APP-web.main:app}\nexport PORT=${PORT:-80}\ngunicorn -b $HOST:$PORT $APP\n"
    )
    (command,) = stated_commands(Folder({"run.sh": script, "web/main.py": "app = 1"}))
    assert command.line == "gunicorn --bind $HOST:$PORT web.main:app"
    script = (
        "DEFAULT=web.main\nMODULE=${MODULE:-$DEFAULT}\nNAME=${NAME:-'app'}\n"
        'export APP=${APP:-"$MODULE:$NAME"}\ngunicorn -k "${KIND:-"a.B"}" "$APP"\n'
    )
    (command,) = stated_commands(Folder({"run.sh": script, "web/main.py": "app = 1"}))
    assert command.line == "gunicorn --bind $HOST:$PORT -k a.B web.main:app"


def test_a_recipe_in_a_folder_without_code_is_run_above_it() -> None:
    recipe = 'CMD ["litestar", "run", "--host", "0.0.0.0"]\n'
    served = "python -m litestar run --host $HOST --port $PORT"
    files = {"tools/docker/Dockerfile": recipe, "app.py": "import litestar"}
    (command,) = stated_commands(Folder(files))
    assert command.line == served
    (command,) = stated_commands(Folder({**files, "tools/docker/app.py": "import litestar"}))
    assert command.line == f"cd tools/docker && exec {served}"


@pytest.mark.parametrize("project", ["setup.py", "setup.cfg", "pyproject.toml"])
def test_an_ini_file_that_describes_an_app_is_served_with_the_project_installed(
    project: str,
) -> None:
    ini = "[app:main]\nuse = egg:shop\n[server:main]\nuse = egg:waitress#main\n"
    files = {"development.ini": ini, "shop/__init__.py": "", project: "", "production.ini": ini}
    found = guess(Folder(files))
    assert found.value("command") == "gunicorn --paste production.ini --bind $HOST:$PORT"
    assert found.value("requirements") == [".", "gunicorn"]
    assert [each.value for each in found.commands] == [
        "gunicorn --paste development.ini --bind $HOST:$PORT"
    ]


def test_what_an_entry_point_hands_on_to_is_the_command() -> None:
    recipe = (
        'ENTRYPOINT ["/app/bin/docker-entrypoint-web"]\nCMD ["gunicorn", "shop:create_app()"]\n'
    )
    files = {"Dockerfile": recipe, "shop.py": "", "db/env.py": "from flask import Flask\n"}
    (command,) = stated_commands(Folder(files))
    assert command.line == "gunicorn --bind $HOST:$PORT 'shop:create_app()'"
    entry = 'python manage.py migrate\nexec "$@"\n'
    files = {**files, "bin/docker-entrypoint-web.sh": entry, "manage.py": "django"}
    files["Dockerfile"] = recipe.replace("web", "web.sh")
    (command,) = list(stated_commands(Folder(files)))[:1]
    assert command.prepare == ("python manage.py migrate",)


def test_a_program_that_waits_before_the_server_is_not_taken_for_it() -> None:
    script = (
        'set -e\nif [ "$SKIP" == "no" ]; then\n  python ping.py\nfi\nflask db upgrade\n'
        "exec gunicorn 'shop:create_app()' --bind '0.0.0.0:8000'\n"
    )
    recipe = 'ENTRYPOINT ["/opt/entry.sh"]\n'
    files = {"ping.py": "", "shop/__init__.py": "def create_app(): 0", "entry.sh": script}
    command = next(stated_commands(Folder({**files, "Dockerfile": recipe})))
    assert command.line == "gunicorn --bind $HOST:$PORT 'shop:create_app()'"
    assert command.prepare == ("python -m flask db upgrade",)


def test_of_programs_alone_the_last_one_serves() -> None:
    recipe = "CMD python wait.py && python serve.py\n"
    (command,) = stated_commands(Folder({"Dockerfile": recipe, "wait.py": "", "serve.py": ""}))
    assert command.program == "serve.py"
    recipe = 'ENTRYPOINT ["/entrypoint.sh"]\nCMD ["python", "serve.py"]\n'
    script = 'python wait.py\nexec "$@"\n'
    files = {"Dockerfile": recipe, "entrypoint.sh": script, "wait.py": "", "serve.py": ""}
    assert next(stated_commands(Folder(files))).program == "serve.py"
