"""A guess for containers, and the one after those that failed."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from lab.app.guess.compose_image import with_composed_image
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder, read_folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.history import add_failure, after, read_failures
from lab.app.guess.mend import mended
from lab.app.spec_file import read_spec
from lab.commands.tries.container_guess import (
    build_failure,
    completing_failure,
    guess_failed,
    guessed_description,
    is_guess,
    no_server_here,
)
from lab.errors import LabError, UsageError

APP = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    copy = tmp_path / "app"
    copy.mkdir()
    (copy / "app.py").write_text(APP, encoding="utf-8")
    (copy / "Dockerfile").write_text('FROM python:3.12\nCMD ["python", "app.py"]\n', "utf-8")
    return tmp_path


def test_an_image_that_cannot_be_built_gives_way_to_its_python_and_packages(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not is_guess(work)
    first = guessed_description(work, work / "app" / "lab.toml")
    guess_failed(work, build_failure("no such host", is_own=True))
    second = guessed_description(work, work / "app" / "lab.toml")

    assert is_guess(work)
    assert (first.has_own_image, second.has_own_image) == (True, False)
    assert second.command == "env FLASK_APP=app:app python -m flask run --host $HOST --port $PORT"
    assert read_spec(work / "app") == second
    assert "the Dockerfile, which cannot be built" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (
            'RUN ["/bin/sh", "-c", "exec env HOME=/tmp PYTHONUSERBASE=/lab/user A=b sh -c m"]',
            FailureKind.PREPARE,
        ),
        ('RUN ["/bin/sh", "-c", "set -e; chown"]', FailureKind.INSTALL),
    ],
)
def test_what_completes_an_image_tells_its_data_from_the_rest(step: str, kind: FailureKind) -> None:
    failure = completing_failure(f"Step 8/9 : USER 1:1\nok\nStep 9/9 : {step}\nno such table\n")

    assert (failure.kind, failure.said, failure.in_image) == (kind, "no such table\n", True)


def test_after_the_last_guess_comes_one_line(work: Path) -> None:
    def fail_on() -> None:
        for _ in range(30):
            guess_failed(work, build_failure("boom", is_own=False))
            guessed_description(work, work / "app" / "lab.toml")

    guessed_description(work, work / "app" / "lab.toml")
    with pytest.raises(LabError, match="boom") as caught:
        fail_on()
    assert f"`make init APP={work / 'app'}` writes the guess" in str(caught.value)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with pytest.raises(UsageError, match="holds no Python"):
        guessed_description(tmp_path, tmp_path / "app" / "lab.toml")


def test_the_failures_alone_say_which_guess_it_is(tmp_path: Path) -> None:
    folder, file = Folder({"app.py": APP}), tmp_path / "failures.jsonl"
    failure = Failure(FailureKind.DIED, "No module named 'yaml'", (80,), in_image=True)
    add_failure(file, failure)

    assert read_failures(file) == [failure]
    guess = after(folder, read_failures(file))
    assert guess is not None
    assert guess.value("requirements") == ["flask", "PyYAML"]
    assert len(json.loads(file.read_text(encoding="utf-8"))) == 5


def test_a_step_that_makes_data_ready_is_told_from_an_installation() -> None:
    install = "Step 4/9 : RUN PIP_ROOT_USER_ACTION=ignore python3 -m pip install\nERROR: no\n"
    prepare = 'Step 7/9 : RUN ["sh", "-c", "env sh -c seed"]\nKeyError: \'A\'\n'

    assert build_failure(install, is_own=False).kind is FailureKind.INSTALL
    assert build_failure(install + prepare, is_own=False).kind is FailureKind.PREPARE
    assert build_failure(prepare, is_own=True).kind is FailureKind.INSTALL


def test_a_server_without_an_image_is_left_out_and_told() -> None:
    failure = no_server_here("redis: no registry answers")
    assert failure.reason == "redis: no registry answers"
    given = Guess((Guessed("services", ["redis", "postgres"], ""),))
    guess = mended(given, failure, Folder({}))
    assert guess is not None
    assert guess.value("services") == ["postgres"]


COMPOSED = (
    "services: {web: {build: {context: web, target: run}, command: serve --reload -p 80,"
    " ports: ['8080:80'], volumes: ['./web:/code', 'd:/data']%s}}"
)


def composed(work: Path, more: str = "") -> None:
    (work / "app" / "Dockerfile").unlink()
    (work / "app" / "web").mkdir()
    (work / "app" / "app.py").rename(work / "app" / "web" / "app.py")
    recipe = "FROM python:3.12 AS run\nCMD serve\nFROM run AS tools\nCMD bash\n"
    (work / "app" / "web" / "Dockerfile").write_text(recipe)
    (work / "app" / "compose.yaml").write_text(COMPOSED % more)


def test_the_image_that_its_compose_file_builds_is_tried_first(work: Path) -> None:
    composed(work)
    file = work / "app" / "lab.toml"

    first = guessed_description(work, file)
    guess_failed(work, Failure(FailureKind.DIED, "can't open file", in_image=True))
    second = guessed_description(work, file)

    assert first.build is not None
    assert (first.build.context, first.build.target) == (work / "app" / "web", "run")
    assert (first.command, first.is_after_entry, first.port) == ("serve -p 80", True, 80)
    assert list(first.mounts.files) == ["/code"]
    assert first.without_docker().command == second.command
    assert not second.has_own_image
    assert "flask run" in (second.command or "")


def test_what_is_wrong_with_its_compose_file_does_not_end_the_guess(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    composed(work, more=", privileged: true")

    spec = guessed_description(work, work / "app" / "lab.toml")

    assert not spec.has_own_image
    assert "privileged" in capsys.readouterr().err


def test_its_preparation_begins_in_the_folder_and_in_the_image(work: Path) -> None:
    composed(work)
    (work / "app" / "web" / "Dockerfile").write_text(
        "FROM python:3.12 AS run\nCMD python seed.py && gunicorn app:app\nFROM run AS tools\n"
    )
    (work / "app" / "web" / "seed.py").write_text("print('filled')\n")
    image = work / "image"
    shutil.copytree(work / "app" / "web", image)

    guess = with_composed_image(
        Guess(
            (
                Guessed("command", "serve", ""),
                Guessed("prepare", "cd web && python3 seed.py", ""),
            )
        ),
        read_folder(work / "app"),
    )

    line = ["sh", "-c", guess.value("prepare")]
    for folder in (work / "app", image):
        assert subprocess.run(line, cwd=folder, capture_output=True, check=True).stdout


def test_another_programs_image_is_not_the_apps(work: Path) -> None:
    composed(work)
    (work / "app" / "page").mkdir()
    (work / "app" / "page" / "Dockerfile").write_text("FROM node:20\n")
    file = work / "app" / "compose.yaml"
    file.write_text(file.read_text().replace("services: {", "services: {page: {build: page}, "))

    spec = guessed_description(work, work / "app" / "lab.toml")

    assert spec.build is not None
    assert spec.build.context == work / "app" / "web"


def test_a_dockerfile_at_the_top_needs_no_compose_file(work: Path) -> None:
    (work / "app" / "compose.yaml").write_text("services: {web: {build: .}}")

    spec = guessed_description(work, work / "app" / "lab.toml")

    assert spec.has_own_image
    assert spec.build is None


def test_what_an_earlier_step_of_a_build_printed_is_not_why_it_failed() -> None:
    noise = "debconf: delaying, since apt-utils is not installed\n"
    classic = f'Step 1/2 : RUN x\n{noise}Step 2/2 : RUN ["sh", "-c", "env sh -c seed"]\nboom\n'
    kit = f"#5 {noise}------\n > [3/4] RUN pip install x:\n0.5 ERROR: no x\n------\n"

    assert build_failure(classic, is_own=False) == Failure(FailureKind.PREPARE, "boom\n")
    assert build_failure(kit, is_own=False).said == "ERROR: no x"
    assert build_failure("no such host", is_own=False).said == "no such host"


KIT = """#5 [2/3] RUN ["sh", "-c", "seed"]
#5 0.331 KeyError: 'A'
#5 ERROR: executor failed running [sh -c seed]: exit code: 1
------
 > [2/3] RUN ["sh", "-c", "seed"]:
0.330 Traceback (most recent call last):
0.331 KeyError: 'A'
------
ERROR: failed to build: failed to solve: executor failed running [sh -c seed]: exit code: 1
"""


def test_what_a_step_said_is_read_without_what_buildkit_writes_around_it() -> None:
    """Else the exception was not seen, and the guess went on without the data."""
    failure = build_failure(KIT, is_own=False)

    assert failure.kind is FailureKind.PREPARE
    assert failure.said == "Traceback (most recent call last):\nKeyError: 'A'"
