"""Fields of single trackers' forms."""

from dataclasses import replace

import pytest
from builders.app_answers import app_answer, own_summary
from lab.records.app_answer import AppLine
from lab.records.holders import Package
from lab.share.issue import issue_text
from lab.share.issue_facts import IssueInput
from lab.share.issue_fields import NO_WORKER_CLASS, served_by, worker_class


def issue_in(project: str, command: str = "", *lines: str) -> str:
    summary = own_summary()
    versions = {"python": "3.12.1", project: "1.2.3"}
    variant = replace(summary.variants[0], versions=versions, load={"concurrency": 8})
    of_app = tuple(AppLine(line, 10, 1) for line in lines)
    package = Package(project, "1.2.3", f"https://github.com/x/{project}/issues")
    own = replace(app_answer(), package=package, lines=of_app)
    return issue_text(IssueInput(replace(summary, variants=(variant,), own=own), {}, command))


def field_of(text: str, heading: str) -> str:
    return text.partition(f"### {heading}\n\n")[2].partition("\n### ")[0].strip()


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("gunicorn app:app", "sync (default)"),
        ("gunicorn --workers 2 --threads 4 app:app", "gthread"),
        ("gunicorn --threads=1 app:app", "sync (default)"),
        ("gunicorn -k gevent app:app", "gevent"),
        (".venv/bin/gunicorn --worker-class=asgi app:app", "asgi (beta)"),
        ("python -m gunicorn -k sync -k tornado app:app", "tornado"),
        ("gunicorn -k uvicorn.workers.UvicornWorker app:app", "custom (`uvicorn.workers"),
        ("gunicorn -c gunicorn.conf.py app:app", NO_WORKER_CLASS),
        ("gunicorn -c gunicorn.conf.py -k gevent app:app", "gevent"),
        ("python app.py", NO_WORKER_CLASS),
        ("gunicorn 'app:app", NO_WORKER_CLASS),
        ("gunicorn app:app -k", "custom"),
        ("", NO_WORKER_CLASS),
    ],
)
def test_the_worker_class_of_gunicorn_is_that_of_the_command(command: str, named: str) -> None:
    assert worker_class(IssueInput(own_summary(), {}, command)).startswith(named)


def test_gunicorn_gets_its_command_and_one_line_on_the_system() -> None:
    text = issue_in("gunicorn", "gunicorn --workers 2 app:app")

    assert field_of(text, "Configuration") == "```bash\ngunicorn --workers 2 app:app\n```"
    assert field_of(text, "Operating System").count("\n") == 0
    assert field_of(issue_in("gunicorn"), "Configuration").startswith("In the bundle")


@pytest.mark.parametrize("project", ["fastapi", "starlette", "uvicorn", "flask", "ujson"])
def test_an_issue_says_by_which_command_the_app_was_served(project: str) -> None:
    line = "It was served by `uvicorn app:app`, 8 requests at a time."

    assert line in issue_in(project, "uvicorn app:app")
    assert "It was served by" not in issue_in(project)


def test_an_issue_says_which_requests_were_served() -> None:
    given = IssueInput(own_summary(), {}, "uvicorn app:app", ("GET /a`b", "POST /orders/{n}"))

    assert "at a time: `` GET /a`b `` and `POST /orders/{n}`." in served_by(given)


def test_a_command_can_close_no_block() -> None:
    text = issue_in("gunicorn", "gunicorn ```\n### Gunicorn Version")

    assert "````bash\n" in text


@pytest.mark.parametrize("project", ["fastapi", "uvicorn"])
def test_an_example_that_its_form_fences_is_alone_in_its_field(project: str) -> None:
    text = issue_in(project)

    assert "docker compose" not in field_of(text, "Example Code")
    assert "docker compose" in field_of(text, "Description")
    assert "paste the code without its fence" in text


def test_flask_gets_the_two_lines_of_its_template() -> None:
    environment = field_of(issue_in("flask"), "Environment")

    assert environment.startswith("- Python version: 3.12.1\n- Flask version: 1.2.3\n")


def test_uvicorn_gets_what_its_own_command_prints() -> None:
    field = field_of(issue_in("uvicorn"), "Python, Uvicorn & OS Version")

    assert field.startswith("Running uvicorn 1.2.3 with CPython 3.12.1 on Linux\n")


@pytest.mark.parametrize(
    ("line", "component"),
    [
        ("aiohttp/cookiejar.py:356, from app.py:12", "Client"),
        ("aiohttp/web_app.py:3", "Server"),
        ("app.py:3", "(please choose: Server or Client)"),
    ],
)
def test_the_component_of_aiohttp_is_that_of_its_lines(line: str, component: str) -> None:
    assert field_of(issue_in("aiohttp", "", line), "Related component") == component
