"""What is told of an app that does not come up, and of requests that are not served."""

from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest
from lab.app.guess.asking import A_USUAL_PATH, Answer, TriedRequests
from lab.app.guess.failures import Failure, FailureKind, last_words
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import GuessedRequest
from lab.app.spec import AppSpec, RequestSpec
from lab.commands.checks.described_check import check_requests
from lab.commands.checks.texts import (
    advice,
    advice_for_described,
    failure_line,
    lacks_server,
    no_command,
    tell,
)

SPEC = AppSpec(Path("/app/lab.toml"), "shop", command="serve", requests=(RequestSpec(path="/a"),))
TRACEBACK = """[INFO] booting
Traceback (most recent call last):
  File "shop.py", line 1, in <module>
    import nothing_here
ModuleNotFoundError: No module named 'nothing_here'
[ERROR] worker failed to boot
[INFO] shutting down
"""


class FailingApp:
    """Answers what it is told, and has a log."""

    def __init__(self, *answers: Answer, said: str = "") -> None:
        self.answers, self.said = list(answers), said
        self.numbers: list[int] = []

    def ask(self, _: Any, number: int = 1) -> Answer:
        self.numbers.append(number)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def log(self) -> str:
        return self.said


def refused(running: FailingApp) -> Failure | None:
    return check_requests(running, SPEC, lambda _: None)[1]  # type: ignore[arg-type]


def test_a_refusal_is_told_with_its_body_and_the_last_exception() -> None:
    failure = refused(FailingApp(Answer(500, b"Internal  Error"), said=TRACEBACK))
    assert failure is not None
    assert failure_line(failure).startswith(
        "refused: GET /a: 500 (it said: Internal Error): the app's own fault, its log says: "
        "ModuleNotFoundError: No module named 'nothing_here'"
    )


def test_a_folder_that_serves_nothing_is_told_what_to_give() -> None:
    assert no_command(Path("/a"), Folder({"index.html": "<p>"})) == (
        "/a holds no Python that serves: name the folder of a Python web app with APP=, "
        "or describe its image in /a/lab.toml (image, command)"
    )


def test_what_the_request_is_to_blame_for_is_told_without_the_log() -> None:
    failure = refused(FailingApp(Answer(422, b'{"detail": "q is missing"}'), said=TRACEBACK))
    assert failure is not None
    advice = advice_for_described(SPEC, failure)
    assert advice.startswith('/app/lab.toml: requests: refused: GET /a: 422 (it said: {"detail"')
    assert "a 4xx is the request's fault" in advice
    assert "ModuleNotFoundError" not in advice


def test_a_number_that_is_served_is_enough() -> None:
    running = FailingApp(Answer(404), Answer(200))
    assert refused(running) is None
    assert running.numbers == [1, 2]


def test_a_port_of_its_own_is_told_with_its_address() -> None:
    sentence = "it listens on 127.0.0.1:8080, not on $PORT (20000)"
    failure = Failure(FailureKind.ELSEWHERE, "", (8080,), sentence)
    assert (
        advice_for_described(SPEC, failure)
        == f"/app/lab.toml: {sentence} (command = 'serve')\n  | "[:-5]
    )


def test_the_last_words_are_those_of_the_exception() -> None:
    lines = last_words(TRACEBACK)
    assert lines[-1] == "ModuleNotFoundError: No module named 'nothing_here'"
    assert lines[0] == "[INFO] booting"


OWN, DOCS = GuessedRequest({"path": "/notes"}, "a route"), GuessedRequest({}, A_USUAL_PATH)


@pytest.mark.parametrize(
    ("kept", "answer", "log", "lacks"),
    [
        ([DOCS], Answer(None, fault="timed out"), "", True),
        ([DOCS], Answer(500), "pymongo.errors: localhost:27017: connection refused", True),
        ([DOCS], Answer(500), "KeyError: 'name'", False),
        ([DOCS], Answer(404), "", False),
        ([OWN], Answer(None, fault="timed out"), "", False),
    ],
)
def test_a_page_of_documents_does_not_stand_for_an_app_whose_server_is_missing(
    kept: list[GuessedRequest], answer: Answer, log: str, lacks: bool
) -> None:
    asked = TriedRequests(kept, [(OWN, answer)])
    assert lacks_server(FailingApp(answer, said=log), asked) is lacks  # type: ignore[arg-type]


def test_one_request_that_hangs_is_enough_where_nothing_own_is_served() -> None:
    hangs, fails = Answer(None, fault="timed out"), Answer(500)
    asked = TriedRequests([DOCS], [(OWN, hangs), (OWN, fails)])
    assert lacks_server(FailingApp(fails), asked)  # type: ignore[arg-type]


def test_a_request_without_an_answer_is_not_called_the_requests_fault() -> None:
    failure = refused(FailingApp(Answer(None, fault="timed out")))
    assert failure is not None
    assert failure_line(failure) == (
        "refused: GET /a: timed out: a request without an answer waits for something: does a "
        "server that it needs run?"
    )


def test_what_asks_for_a_login_is_left_out_with_the_key_that_describes_one() -> None:
    said: list[str] = []
    home, posts = (GuessedRequest({"path": path}, "a route") for path in ("/", "/posts"))
    tell(said.append, TriedRequests(kept=[home], others=[(posts, Answer(401))]))
    assert said == [
        "  answers: GET /  (a route)",
        "  left out: GET /posts is answered with 401: [login] describes a login",
    ]


LACKS = 'Traceback\nOSError: no library called "cairo-2" was found\nno library called "cairo"\n'


@pytest.mark.parametrize(
    ("said", "kind", "on_docker", "locally"),
    [
        (
            LACKS,
            FailureKind.NEVER_READY,
            "name Debian's package of it (libcairo2) in its `system_packages`",
            "install it (Debian: apt-get install libcairo2), or use ENGINE=docker, which adds it "
            "to the app's image",
        ),
        (
            "OSError: libown.so: cannot open shared object file: No such file",
            FailureKind.DIED,
            "name Debian's package of it in its `system_packages`",
            "install Debian's package of it, or `make init APP=/app` writes the guess for "
            "ENGINE=docker: `system_packages`",
        ),
        (
            "Error: pg_config executable not found.",
            FailureKind.INSTALL,
            "name Debian's package of it (libpq-dev, gcc, g++, libc6-dev) in its `system_packages`",
            "install it (Debian: apt-get install libpq-dev gcc g++ libc6-dev), or use "
            "ENGINE=docker, which adds it to the app's image",
        ),
        (
            "no such release",
            FailureKind.INSTALL,
            "writes the guess: correct its `requirements`",
            "writes the guess: correct its `requirements`",
        ),
    ],
)
def test_what_the_system_lacks_is_the_next_step(
    said: str, kind: FailureKind, on_docker: str, locally: str
) -> None:
    app, failure = Path("/app"), Failure(kind, said)
    lines = [advice(app, failure, has_docker=has_docker) for has_docker in (True, False)]

    assert lines[0].endswith(on_docker)
    assert lines[1].endswith(locally)
    assert not any("\n" in line or "`command`" in line for line in lines)


def test_a_described_app_is_told_the_key_for_a_missing_library() -> None:
    line = advice_for_described(SPEC, Failure(FailureKind.DIED, LACKS)).splitlines()[0]

    assert 'a library of the system: system_packages = ["libcairo2"] on Docker' in line


def test_what_an_own_image_lacks_is_for_its_recipe() -> None:
    failure = Failure(FailureKind.DIED, LACKS, in_image=True)
    spec = replace(SPEC, dockerfile=Path("/app/Dockerfile"))

    needed = "its own image must have it (Debian: libcairo2)"
    assert advice(Path("/app"), failure, has_docker=True).endswith(needed)
    assert needed in advice_for_described(spec, failure).splitlines()[0]


def test_a_server_that_cannot_be_had_names_the_key() -> None:
    failure = Failure(FailureKind.SERVICE, "redis: none", reason="redis: none")

    line = advice(Path("/app"), failure, has_docker=True)

    assert line.endswith(
        "redis: none; `make init APP=/app` writes the guess: correct its `services`"
    )


@pytest.mark.parametrize(
    "fault",
    [
        "FileNotFoundError: [Errno 2] No such file or directory",
        "PermissionError: [Errno 13] Permission denied",
    ],
)
def test_a_path_that_only_a_container_has_names_the_engine(fault: str) -> None:
    """A volume of a Compose file, mounted at /data."""
    failure = Failure(FailureKind.REFUSED, f"{fault}: '/data/visits.txt'\n", reason="GET /: 500")
    lines = [advice(Path("/app"), failure, has_docker=has_docker) for has_docker in (False, True)]

    assert lines[0].startswith("/app: refused: GET /: 500; /data/visits.txt is not in")
    assert "use ENGINE=docker" in lines[0]
    assert "ENGINE" not in lines[1]


@pytest.mark.parametrize("path", ["notes.txt", f"{gettempdir()}/copy/notes.txt"])
def test_a_file_of_the_apps_copy_is_no_such_path(path: str) -> None:
    said = f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'\n"
    failure = Failure(FailureKind.DIED, said)

    assert "ENGINE" not in advice(Path("/app"), failure, has_docker=False)
