"""The guess after those that failed is one for both engines, and so is what is said of it."""

from pathlib import Path

import pytest
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.history import telling_failure
from lab.commands.checks.texts import MAX_ATTEMPTS
from lab.commands.tries.next_guess import next_guess
from lab.errors import LabError, UsageError

WHERE = Path("/somewhere")
FLASK = Folder({"app.py": "from flask import Flask\napp = Flask(__name__)\n"})
NEEDS_YAML = Failure(FailureKind.DIED, "No module named 'yaml'")
BOOM = Failure(FailureKind.DIED, "ValueError: boom")
NO_REDIS = Failure(FailureKind.DIED, "redis.exceptions.ConnectionError: Error 111 redis:6379")
NO_SEARCH = Failure(FailureKind.DIED, "elasticsearch.ConnectionError: connection refused :9200")


def test_the_first_guess_is_told_and_then_what_changed() -> None:
    said: list[str] = []
    next_guess(FLASK, [], WHERE, said.append, has_docker=False)
    assert said[0] == "/somewhere holds no lab.toml; guessed:"

    guess = next_guess(FLASK, [NEEDS_YAML], WHERE, said.append, has_docker=False)

    assert guess.value("requirements") == ["flask", "PyYAML"]
    assert said[-1].startswith("died: No module named 'yaml'; next: ")


def test_what_could_not_be_mended_is_told_at_the_end() -> None:
    assert telling_failure(FLASK, [NEEDS_YAML, BOOM]) == BOOM
    assert telling_failure(FLASK, [NEEDS_YAML]) == NEEDS_YAML
    with pytest.raises(LabError, match=r"/somewhere: .*boom; `make init APP=/somewhere`"):
        next_guess(FLASK, [NEEDS_YAML] + [BOOM] * MAX_ATTEMPTS, WHERE, print, has_docker=False)


def test_what_the_last_guess_failed_of_is_said_too() -> None:
    said: list[str] = []
    other = Failure(FailureKind.DIED, "TypeError: late")
    with pytest.raises(LabError, match="boom"):
        next_guess(FLASK, [BOOM, BOOM, other], WHERE, said.append, has_docker=False)
    assert said == [
        "died: TypeError: late; no guess is left: what the likeliest failed of comes last"
    ]


def test_a_missing_service_is_told_whatever_came_later_unless_the_lab_starts_it() -> None:
    assert telling_failure(FLASK, [NEEDS_YAML, NO_SEARCH, BOOM]) == NO_SEARCH
    assert telling_failure(FLASK, [NEEDS_YAML, NO_REDIS, BOOM]) == BOOM


@pytest.mark.parametrize("has_docker", [True, False])
def test_a_dockerfile_alone_serves_where_there_is_docker(has_docker: bool) -> None:
    folder = Folder({"Dockerfile": 'FROM x\nCMD ["serve"]\n'})
    if has_docker:
        assert next_guess(folder, [], WHERE, print, has_docker=True).value("dockerfile")
    else:
        with pytest.raises(UsageError, match="holds no Python"):
            next_guess(folder, [], WHERE, print, has_docker=False)
