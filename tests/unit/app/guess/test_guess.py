"""`make init`: a description that can be read, from what lies in the folder."""

from pathlib import Path

import pytest
from builders.guesses import described, guessed
from lab.__main__ import main
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.render import render, sentences
from lab.app.guess.settings import filled_examples
from lab.app.spec_file import parse, read_spec
from lab.commands.setup.init import write_first
from lab.errors import UsageError

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/hi')\ndef hi(): return 1\n"
FLASK = "from flask import Flask\nsite = Flask(__name__)\n@site.route('/<x>')\ndef x(x): pass\n"
AIOHTTP = (
    "from aiohttp import web\napp = web.Application()\n"
    "if __name__ == '__main__': web.run_app(app)\n"
)
WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
MANAGE = (
    "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nimport django\n"
)


def test_fastapi_is_served_by_uvicorn_and_asked_for_its_first_route() -> None:
    assert guessed({"main.py": FASTAPI}) == {
        "requirements": ["fastapi", "uvicorn"],
        "command": "python -m uvicorn main:app --host $HOST --port $PORT",
        "requests": [{"path": "/hi"}],
    }


def test_flask_is_served_by_gunicorn_where_it_is_required() -> None:
    files = {"web/site.py": FLASK, "web/__init__.py": "", "requirements.txt": "flask\ngunicorn\n"}
    assert guessed(files) == {
        "requirements": "requirements.txt",
        "command": "gunicorn --bind $HOST:$PORT web.site:site",
    }
    assert "env FLASK_APP=site:site python -m flask run" in guessed({"site.py": FLASK})["command"]


def test_an_app_is_served_by_the_module_that_imports_its_routes() -> None:
    files = {
        "hello/__init__.py": "from flask import Flask\napp = Flask(__name__)\n",
        "hello/views.py": "from . import app\n@app.route('/hi')\ndef hi(): return ''\n",
        "hello/webapp.py": "from . import app\nfrom . import views\n",
        "startup.py": "from hello.webapp import app\n",
    }
    command = "env FLASK_APP=hello.webapp:app python -m flask run --host $HOST --port $PORT"
    assert guessed(files)["command"] == command
    files["hello/__init__.py"] += "from . import views\n"
    assert "FLASK_APP=hello:app" in guessed(files)["command"]


def test_an_old_gunicorn_gets_what_it_imports() -> None:
    files = {"site.py": FLASK, "requirements.txt": "flask==1.0\nGunicorn==19.9.0\n"}
    assert guessed(files)["requirements"] == ["-r requirements.txt", "setuptools<81"]
    files["requirements.txt"] = "flask==1.0\ngunicorn==21.2.0\n"
    assert guessed(files)["requirements"] == "requirements.txt"


def test_gunicorns_settings_give_the_workers_and_asgi_its_class() -> None:
    found = guessed({"main.py": FASTAPI, "gunicorn.conf.py": "workers = 3\n"})

    assert found["workers"] == 3
    assert "--worker-class uvicorn.workers.UvicornWorker" in found["command"]
    assert {"gunicorn", "uvicorn"} <= {*found["requirements"]}


def test_aiohttp_runs_as_a_program_whose_port_is_led_to_the_labs() -> None:
    found = guessed({"app.py": AIOHTTP})

    assert found["command"] == "python app.py"
    assert found["port"] == 8080


def test_django_without_a_server_in_its_requirements_is_given_one() -> None:
    files = {"manage.py": MANAGE, "shop/wsgi.py": WSGI, "requirements.txt": "Django\n"}
    found = guessed(files)

    assert found["command"].endswith("gunicorn --bind $HOST:$PORT shop.wsgi:application")
    assert found["requirements"] == ["-r requirements.txt", "gunicorn"]
    assert found["prepare"] == "python manage.py migrate --noinput"


def test_a_folder_that_is_named_like_a_standard_module_is_still_the_projects() -> None:
    assert guessed({"site/wsgi.py": WSGI, "site/__init__.py": "", "manage.py": MANAGE})[
        "requirements"
    ] == ["django", "gunicorn"]


def test_a_factory_is_called() -> None:
    files = {
        "shop/__init__.py": "from flask import Flask\ndef create_app(): return Flask(__name__)\n"
    }
    assert "FLASK_APP='shop:create_app()' python -m flask run" in guessed(files)["command"]
    asgi = {"shop/web.py": "from fastapi import FastAPI\ndef build() -> FastAPI: ...\n"}
    assert "web:build --factory" in guessed(asgi)["command"]


def test_a_factory_is_known_by_the_file_that_it_comes_from() -> None:
    files = {
        "shop/__init__.py": "from flask import Flask\ndef create_app(x): return Flask(__name__)\n",
        "wsgi.py": "from shop import create_app\napp = create_app('production')\n",
    }
    assert "FLASK_APP=wsgi:app python -m flask run" in guessed(files)["command"]


def test_a_package_with_a_main_is_run_by_its_name() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/__main__.py": "from shop.main import main\nmain()\n",
        "shop/main.py": "import shop.web\nfrom aiohttp import web\ndef main(): web.run_app(1)\n",
        "shop/web.py": "",
    }
    assert guessed(files)["command"] == "python -m shop"


def test_a_program_that_fills_a_database_is_no_server() -> None:
    files = {
        "fill_db.py": "from flask import g\nif __name__ == '__main__': g.run()\n",
        "serve.py": "from bottle import run, get\n@get('/')\ndef x(): 1\nrun(port=8081)\n",
    }
    found = guessed(files)
    assert (found["command"], found["port"]) == ("python serve.py", 8081)


def test_what_would_end_the_app_is_never_asked() -> None:
    text = "from flask import Flask\napp = Flask(__name__)\n"
    for path in ("/shutdown", "/admin/kill", "/skills", "/api/quit"):
        text += f"@app.get({path!r})\ndef view(): ...\n"
    assert [each.path for each in guess(Folder({"app.py": text})).requests] == ["/skills"]


def test_the_examples_of_an_environment_are_its_values() -> None:
    files = {"main.py": FASTAPI, ".env.example": "SECRET_KEY=change-me\nMODE='a b' # why\nPORT=1\n"}

    found = guessed(files)["environment"]

    assert found["MODE"] == "a b"
    assert found["SECRET_KEY"] != "change-me"
    assert "PORT" not in found


def test_without_a_command_it_says_so() -> None:
    assert sentences(guess(Folder({"notes.py": "x = 1\n"}))) == [
        "no command was found: write the one that serves the app on $HOST:$PORT"
    ]


def test_every_key_stands_in_the_file_and_it_is_toml() -> None:
    text = render(guess(Folder({"main.py": FASTAPI})))

    assert parse(text, Path("lab.toml"))["requests"] == [{"path": "/hi"}]
    assert "# multipart = " in text


def test_what_is_written_is_what_was_guessed_whatever_the_files_hold() -> None:
    files = {"main.py": FASTAPI, ".env.example": 'A_KEY=x"y\\z\nB=\x7f\u2028é\n'}
    found = guess(Folder(files))

    assert parse(render(found), Path("lab.toml")) == described(found)


def test_the_file_is_written_once_and_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FASTAPI, encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "a.py").write_text(FLASK, encoding="utf-8")

    file, _ = write_first(tmp_path)

    assert read_spec(tmp_path).requests[0].path == "/hi"
    before = file.read_text(encoding="utf-8")
    with pytest.raises(UsageError, match=r"lab\.toml exists, and nothing is written over it"):
        write_first(tmp_path)
    assert file.read_text(encoding="utf-8") == before


def test_an_app_whose_only_routes_take_values_gets_them_in_its_first_description(
    tmp_path: Path,
) -> None:
    (tmp_path / "app.py").write_text(
        "from aiohttp import web\napp = web.Application()\n"
        'app.router.add_get("/orders/{n}", orders)\nweb.run_app(app)\n',
        encoding="utf-8",
    )

    write_first(tmp_path)

    assert [request.path for request in read_spec(tmp_path).requests] == ["/orders/1"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gone is not there"):
        write_first(tmp_path / "gone")


def test_the_command_says_what_it_guessed_and_ends_with_a_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.py").write_text(FASTAPI, encoding="utf-8")

    monkeypatch.delenv("APP", raising=False)
    words = (["init", str(tmp_path)], ["init", str(tmp_path)], ["init"])
    assert [main(each) for each in words] == [0, 64, 64]

    said = capsys.readouterr()
    assert 'requirements = ["fastapi", "uvicorn"]  (imports, without versions' in said.out
    assert "make init needs APP=" in said.err


def test_the_next_command_is_quoted_as_one_would_type_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = tmp_path / "my app; $x"
    app.mkdir()

    assert main(["init", str(app)]) == 0
    assert capsys.readouterr().out.endswith(f"make try APP='{app}'\n")


def test_a_folder_of_requirements_marks_the_project_below_the_top() -> None:
    files = {
        "backend/app/__init__.py": "",
        "backend/app/main.py": FASTAPI,
        "backend/requirements/base.txt": "fastapi==0.111.0\n",
    }

    assert guessed(files)["requirements"] == ["-r backend/requirements/base.txt", "uvicorn"]


def test_a_graphql_endpoint_is_asked_for_what_each_one_answers() -> None:
    made = "import strawberry\nrouter = GraphQLRouter(schema)\n"
    files = {"main.py": FASTAPI + made + "app.include_router(router, prefix='/api/graphql')\n"}
    request = guess(Folder(files)).requests[-1]

    assert (request.method, request.path) == ("POST", "/api/graphql")
    assert request.values["body"] == '{"query": "{ __typename }"}'
    assert not [r for r in guess(Folder({"main.py": FASTAPI + "x = '/graphql'\n"})).requests[1:]]


@pytest.mark.parametrize(
    ("line", "hosts"),
    [
        ("ALLOWED_HOSTS = ['.shop.example.com', 'localhost', '*']", ("shop.example.com",)),
        ('env.list("ALLOWED_HOSTS", default=["a.example.org"])', ("a.example.org",)),
        (
            'app.add_middleware(TrustedHostMiddleware, allowed_hosts=["x.io", "*.y.io"])',
            ("x.io", "y.io"),
        ),
        ("ALLOWED_HOSTS = ['*']", ()),
        ("app.config['SERVER_NAME'] = 'shop.test:5000'", ("shop.test:5000",)),
        ("SERVER_NAME = os.environ['SERVER_NAME']", ()),
    ],
)
def test_the_names_by_which_an_app_lets_itself_be_asked(line: str, hosts: tuple[str, ...]) -> None:
    assert guess(Folder({"main.py": FASTAPI + line + "\n"})).hosts == hosts


@pytest.mark.parametrize(
    ("guarded", "program"),
    [
        ("Admin(app, name='x').add_view(V())", True),
        ("app.register_blueprint(shop)", True),
        ("db.create_all()", False),
        ("app.config['X'] = 1", False),
    ],
)
def test_an_app_that_its_program_completes_is_run_as_a_program(guarded: str, program: bool) -> None:
    text = "from flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef at(): ...\n"
    text += f"if __name__ == '__main__':\n    {guarded}\n    app.run(debug=True)\n"
    found = guess(Folder({"main.py": text}))
    assert (found.value("command") == "python main.py") is program


@pytest.mark.parametrize(
    ("example", "kept"), [('["*"]', True), ("[]", True), ("[your key]", False), ("<key>", False)]
)
def test_a_list_of_an_example_is_a_value_and_a_note_in_brackets_none(
    example: str, kept: bool
) -> None:
    assert (filled_examples({"CORS": example})["CORS"] == example) is kept
