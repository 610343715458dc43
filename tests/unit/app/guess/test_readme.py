"""Commands of a README."""

from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.readme import readme_commands, readme_program

SERVES = """
from aiohttp import web
from blog.settings import load


def main(path):
    web.run_app(web.Application())


if __name__ == "__main__":
    main("x")
"""
FILES = {
    "blog/__init__.py": "",
    "blog/settings.py": "load = 1",
    "blog/main.py": SERVES,
    "db_helpers.py": "print('CREATE TABLE')",
}


def with_readme(text: str, name: str = "README.md") -> Folder:
    return Folder({**FILES, name: text})


def test_a_program_has_the_arguments_that_the_readme_gives_it() -> None:
    text = "Run it:\n\n```\n$ python blog/main.py -c config/a.toml\n```\n"
    found = guess(with_readme(text))
    assert found.value("command") == "python -m blog.main -c config/a.toml"
    assert found.key("command").why == "a line of README.md"  # type: ignore[union-attr]


def test_lines_that_are_set_apart_are_code_and_prose_is_none() -> None:
    text = "uvicorn prose:app\n\n    $ uvicorn blog.main:app\n\n(venv) $ hypercorn blog.main:app\n"
    lines = [each.line for each in readme_commands(with_readme(text, "README.rst"))]
    assert lines == [
        "python -m uvicorn --host $HOST --port $PORT blog.main:app",
        "python -m hypercorn --bind $HOST:$PORT blog.main:app",
    ]


def test_a_program_of_the_readme_that_does_not_serve_is_no_command() -> None:
    folder = with_readme("```\npython db_helpers.py -a\n```\n")
    assert list(readme_commands(folder)) == []
    assert readme_program(folder, "db_helpers.py") == "python db_helpers.py -a"
    assert readme_program(folder, "blog/main.py") is None
