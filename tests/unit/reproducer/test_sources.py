"""What of an app goes into a script: the object that is served, and its source."""

import pytest
from lab.app.guess.frameworks import Interface
from lab.app.guess.source import read_module
from lab.reproducer.reduced import without_server
from lab.reproducer.script_results import ScriptRun, check_grows, check_stays
from lab.reproducer.served_object import NotReproduced, served_by
from lab.reproducer.sources import imported_app, inlined_app
from support.paths import ROOT

EXAMPLES = ROOT / "apps" / "examples"
ASGI = "async def app(scope, receive, send):\n    pass\n"
WSGI = "def app(environ, start_response):\n    return []\n"
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("command", "text", "interface"),
    [
        ("python -m uvicorn app:app --host $HOST --port $PORT", ASGI, Interface.ASGI),
        ("gunicorn --bind $HOST:$PORT app:app", WSGI, Interface.WSGI),
        ("gunicorn -k uvicorn.workers.UvicornWorker app:app", ASGI, Interface.ASGI),
        ("python -m flask --app app:app run --port $PORT", FLASK, Interface.WSGI),
        ("python app.py", FLASK, Interface.WSGI),
        ("python app.py", ASGI, Interface.ASGI),
        ("python app.py", "from aiohttp import web\napp = web.Application()", Interface.AIOHTTP),
    ],
)
def test_what_is_served_is_told_by_command_and_source(
    command: str, text: str, interface: Interface
) -> None:
    served = served_by(command, {"app.py": text})

    assert (served.name, served.interface, served.dotted) == ("app", interface, "app")


def test_a_factory_is_called_and_a_folder_is_where_imports_begin() -> None:
    served = served_by("cd src && exec uvicorn --factory a.b:make", {"src/a/b/__init__.py": ASGI})

    assert (served.name, served.folder, served.dotted) == ("make()", "src", "a.b")


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("./serve 'unbalanced", ASGI),
        ("python app.py", "import tornado.web\napp = tornado.web.Application()"),
        ("python app.py", "async def hello(reader, writer):\n    pass\n"),
        ("python app.py", "not Python ("),
        ("custom-server app:other", "other = 1"),
    ],
)
def test_what_cannot_be_called_without_its_server_is_refused(command: str, text: str) -> None:
    with pytest.raises(NotReproduced):
        served_by(command, {"app.py": text})


def test_an_example_is_left_with_what_is_called() -> None:
    module = read_module("app.py", (EXAMPLES / "ujson-failing" / "app.py").read_text())
    assert module is not None

    text = without_server(module, "app")

    assert text is not None
    assert text.startswith("import ujson\n\ndef work():\n")
    assert not any(word in text for word in ("SilentHandler", "serve_forever", "HOST", "wsgiref"))


def test_what_was_made_for_the_server_alone_goes_with_it() -> None:
    text = (
        "import os\nKEPT = []\nwhere = os.environ['HOST'], 1\nname = 'shop'\n"
        f"{WSGI}\nprint(name)\nserver = make_server(*where, app, name)\nserver.serve_forever()\n"
    )
    module = read_module("app.py", text)
    assert module is not None

    left = without_server(module, "app")

    assert left is not None
    assert "HOST" not in left
    assert "import os" not in left
    assert "KEPT = []" in left
    assert "name = 'shop'" in left


def test_a_long_app_and_one_with_files_of_its_own_do_not_go_into_a_script() -> None:
    long = served_by("uvicorn app:app", {"app.py": ASGI + "A = 1\n" * 30})
    assert inlined_app(long, {"app.py"}, {}) is None
    own = served_by("uvicorn app:app", {"app.py": f"import models\n{ASGI}"})
    assert inlined_app(own, {"app.py", "models.py"}, {}) is None
    assert inlined_app(own, {"app.py"}, {}) is not None


def test_a_name_of_the_script_itself_is_not_taken_over() -> None:
    served = served_by("uvicorn app:app", {"app.py": f"call = 1\n{ASGI}"})

    assert inlined_app(served, {"app.py"}, {}) is None


def test_an_app_that_serves_when_it_is_imported_is_not_imported() -> None:
    text = f"{WSGI}\nserver = make_server('', 1, app)\nserver.serve_forever()\n"
    served = served_by("python app.py", {"app.py": text})

    with pytest.raises(NotReproduced, match="serves as soon as it is imported"):
        imported_app(served, "shop", {})


def test_a_run_is_kept_when_it_grows_by_about_the_size_of_the_served_app() -> None:
    assert check_grows(ScriptRun(1, "0: 9 bytes\ngrows: 900 bytes a call\n"), 1000.0) == 900.0
    assert check_stays(ScriptRun(0, "does not grow: -3 bytes a call\n")) == -3.0


@pytest.mark.parametrize(
    ("ran", "reason"),
    [
        (ScriptRun(0, "does not grow: 4 bytes a call\n"), r"does not grow \(4 bytes a call\)"),
        (ScriptRun(1, "grows: 2100 bytes a call\n"), "grows by 2,100 bytes a call"),
        (ScriptRun(1, "grows: 400 bytes a call\n"), "grew by 1,000 a call"),
        (ScriptRun(2, "Traceback\nTypeError: \x1b[31mno\n"), "the script failed: TypeError: no"),
        (ScriptRun(1, ""), "it said nothing"),
        (ScriptRun(None, "", "it did not end"), "it did not end"),
    ],
)
def test_what_does_not_show_the_growth_says_why(ran: ScriptRun, reason: str) -> None:
    with pytest.raises(NotReproduced, match=reason):
        check_grows(ran, 1000.0)


def test_growth_with_the_mended_release_is_not_what_was_mended() -> None:
    said = r"^grows with the mended release, too \(900 bytes a call\)$"
    with pytest.raises(NotReproduced, match=said):
        check_stays(ScriptRun(1, "grows: 900 bytes a call\n"))
