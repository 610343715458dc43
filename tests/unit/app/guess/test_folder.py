"""A folder that a stranger filled: bounded, nothing is followed, nothing waits."""

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from lab.app.guess import folder as module
from lab.app.guess.folder import read_folder
from lab.app.guess.guess import guess


def test_symlinks_pipes_and_giants_are_passed_over(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (tmp_path / "secret.py").write_text("secret = 1\n", encoding="utf-8")
    (app / "linked.py").symlink_to(tmp_path / "secret.py")
    (app / "out").symlink_to(tmp_path)
    os.mkfifo(app / "pipe.py")
    (app / "giant.py").write_bytes(b"#" * (module.MAX_SOURCE_BYTES + 1))
    (app / "latin.py").write_bytes(b"x = '\xe9'\n")
    (app / "main.py").write_text("x = 1\n", encoding="utf-8")
    (app / ".git").mkdir()
    (app / ".git" / "hook.py").write_text("y = 1\n", encoding="utf-8")

    assert set(read_folder(app).files) == {"main.py"}


def test_what_is_near_the_top_comes_before_what_lies_deep(tmp_path: Path) -> None:
    deep = tmp_path
    for name in "abcdefgh":
        deep = deep / name
        deep.mkdir()
        (deep / "x.py").write_text("", encoding="utf-8")

    assert max(name.count("/") for name in read_folder(tmp_path).files) < module.MAX_FOLDER_DEPTH


def test_python_that_is_none_or_without_end_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (", encoding="utf-8")
    (tmp_path / "nested.py").write_text("(" * 5000 + ")" * 5000, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project\n", encoding="utf-8")
    (tmp_path / "setup.cfg").write_text("no section\n", encoding="utf-8")
    (tmp_path / "Procfile").write_text("web: 'unclosed\n", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text("services: [&a [*a]]\n: {", encoding="utf-8")

    assert guess(read_folder(tmp_path)).value("requirements") is None


DEEP = 100_000
HOSTILE = {
    "pyproject.toml": "a = " + "[" * DEEP,
    "Pipfile": "a = " + "[" * DEEP,
    "uv.lock": "a = " + "{a=" * DEEP,
    "compose.yaml": "[" * DEEP,
    "docker-compose.yml": "services:\n  a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"  {b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghijklm"))
    + "  web: {build: *m, command: [*m]}\n",
    "main.py": "x = " + "(" * DEEP,
    "web.py": "x = " + "-" * DEEP + "1",
    "Dockerfile": "FROM x\nCMD " + "[" * DEEP,
    "requirements.txt": "-r requirements.txt\n" * 1000 + "a" * DEEP,
    "setup.cfg": "[" * DEEP,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_a_guess_and_no_more(tmp_path: Path, name: str) -> None:
    (tmp_path / "app.py").write_text(
        "import flask\napp = flask.Flask(__name__)\n", encoding="utf-8"
    )
    (tmp_path / name).write_text(HOSTILE[name], encoding="utf-8")
    before = time.process_time()

    assert guess(read_folder(tmp_path)) is not None

    assert time.process_time() - before < 5
