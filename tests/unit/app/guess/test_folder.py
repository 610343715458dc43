"""A folder that a stranger filled: bounded, nothing is followed, nothing waits."""

import os
from pathlib import Path

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
    (app / "giant.py").write_bytes(b"#" * (module.MAX_BYTES + 1))
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

    assert max(name.count("/") for name in read_folder(tmp_path).files) < module.MAX_DEPTH


def test_python_that_is_none_or_without_end_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (", encoding="utf-8")
    (tmp_path / "nested.py").write_text("(" * 5000 + ")" * 5000, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[project\n", encoding="utf-8")
    (tmp_path / "setup.cfg").write_text("no section\n", encoding="utf-8")
    (tmp_path / "Procfile").write_text("web: 'unclosed\n", encoding="utf-8")
    (tmp_path / "compose.yaml").write_text("services: [&a [*a]]\n: {", encoding="utf-8")

    assert guess(read_folder(tmp_path)).value("requirements") is None
