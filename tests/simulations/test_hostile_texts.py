"""Files of an app that are one thing again and again: a guess is made of them in time."""

import pytest
from lab.app.guess.dockerfile import read_final_stage
from lab.app.guess.failures import install_hint, missing_variables, telling_line
from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess
from lab.app.guess.image_installs import installs
from lab.app.guess.pythons import from_versions
from lab.app.guess.server_needs import stated_names
from lab.records.app_services import ServiceKind
from support.time_limit import time_limit

PUMPED = ("\n", "\r\n", " \n", "\t", "A", "-a", "A=", "python", "--x ", "${A:-")
CHARACTERS = 45_000
SECONDS = 0.6
"""The most time of a core for one text: it takes 0.2 s at most, and a pattern that begins anew at
each character a second or more."""
BEGUN = {
    "Dockerfile": "FROM python:3.12\nCMD python app.py\nFROM ",
    "docker-compose.yml": "services:\n",
    "Procfile": "web: ",
    "requirements.txt": "flask\n",
    "README.md": "$ ",
    "Pipfile": "[packages]\n",
    "setup.cfg": "[options]\n",
    "gunicorn.conf.py": "workers",
    "start.sh": "export ",
    ".env.example": "A=",
}


@pytest.mark.parametrize("pumped", ["a", "=", "A=", "$A", "${", ":", "a:"])
def test_a_command_of_one_long_word_is_made_in_time(pumped: str) -> None:
    script = f"#!/bin/sh\nexec gunicorn app:app {pumped * (CHARACTERS // len(pumped))}"
    files = {"app.py": "import flask\napp = flask.Flask(__name__)\n", "start.sh": script}
    with time_limit(SECONDS):
        assert guess(Folder(files)).keys


@pytest.mark.parametrize("name", BEGUN)
def test_a_guess_is_made_in_time(name: str) -> None:
    for pumped in PUMPED:
        text = BEGUN[name] + pumped * (CHARACTERS // len(pumped))
        files = {"app.py": "import flask\napp = flask.Flask(__name__)\n", name: text}
        with time_limit(SECONDS):
            assert guess(Folder(files)).keys


@pytest.mark.parametrize("begun", ["ENV ", "RUN pip install ", "CMD ", "COPY ", "ENTRYPOINT ["])
def test_the_steps_of_a_dockerfile_are_read_in_time(begun: str) -> None:
    for pumped in (*PUMPED, "a", '"', "'", "a=b ", "$A", "\\\n", "&& "):
        text = f"FROM python:3.12\n{begun}{pumped * (CHARACTERS // len(pumped))}"
        with time_limit(SECONDS):
            read_final_stage(text)
            assert list(installs(text)) is not None


def test_variables_of_one_step_are_read_with_what_stands_before_them() -> None:
    assert read_final_stage('FROM x\nENV A=1 B="2 3" C_D=x\n').environment == {
        "A": "1",
        "B": "2 3",
        "C_D": "x",
    }


@pytest.mark.parametrize("name", ["a.py", "a.env", "a.yaml"])
@pytest.mark.parametrize(
    "pumped", [*PUMPED, "'", '"', "#", "# ", "(", "\\\n", "\0", "db_name=", "user: "]
)
def test_names_of_databases_are_looked_for_in_time(name: str, pumped: str) -> None:
    text = "import psycopg2\n" + pumped * (CHARACTERS // len(pumped))
    with time_limit(SECONDS):
        assert stated_names(Folder({name: text}), ServiceKind.POSTGRES) is not None


@pytest.mark.parametrize("pumped", ["a", "A", "-a", "A_", "Error", "'a", "\n", "a: "])
def test_what_a_program_said_is_understood_in_time(pumped: str) -> None:
    said = pumped * (CHARACTERS // len(pumped))

    with time_limit(SECONDS):
        assert telling_line(said)
        assert install_hint(said) is None
        assert missing_variables(said) == []


def test_the_versions_of_images_are_read_as_before() -> None:
    text = (
        "FROM --platform=linux/amd64 reg:5000/python:3.11-slim AS a\nfrom Python:3.9rc1\n"
        "FROM node:3.10\n  FROM my-python3:bookworm-3.8\nFROM python\nRUN x FROM python:3.7\n"
    )

    assert from_versions(text) == ["3.11", "3.9", "3.8"]
