"""An app's packages come from its own index, and what completes its environment runs once."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lab.app.environment import (
    ReusedEnvironment,
    complete,
    ensured_environment,
    holds_most_of,
    index_line,
    needs,
)
from lab.app.spec import AppSpec
from lab.app.spec_file import describe
from lab.engines.process.environments import Installed
from lab.errors import LabError, UsageError

URL = "https://${INDEX_A}:${INDEX_B}@example.com/simple"


def spec(folder: Path, **more: Any) -> AppSpec:
    return AppSpec(folder / "lab.toml", "a", **more)


def test_an_index_gets_its_password_from_the_environment_alone(tmp_path: Path) -> None:
    described = describe({"command": "x", "index_url": URL}, tmp_path / "lab.toml")
    assert described.index_url == URL
    assert index_line(described, {"INDEX_A": "ann", "INDEX_B": "p@ss"}) == (
        "--index-url https://ann:p%40ss@example.com/simple\n"
    )
    with pytest.raises(UsageError, match="index_url names INDEX_B, which is not set"):
        index_line(described, {"INDEX_A": "ann"})
    assert index_line(spec(tmp_path)) == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://ann:secret@example.com/",
        "ftp://x",
        "https://x/$(id)",
        "https://x/\n--pre",
        "https://`x`",
        "https://${AWS_SECRET_ACCESS_KEY}@x.example/simple",
        "https://${GITHUB_TOKEN}:${INDEX_B}@x.example/simple",
        "https://${INDEX_A}:${HOME}@x.example/simple",
        "https://${INDEX_}@x.example/simple",
        "https://${INDEX_A:-$HOME}@x.example/simple",
        "https://x.example/${INDEX_A}",
        "https://${INDEX_A}.x.example/simple",
    ],
)
def test_an_index_with_a_password_or_more_than_a_url_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="index_url"):
        describe({"command": "x", "index_url": url}, tmp_path / "lab.toml")


def test_what_completes_an_environment_runs_once_in_a_copy(tmp_path: Path) -> None:
    app, python = tmp_path / "app", tmp_path / "env" / "bin" / "python3"
    app.mkdir()
    python.parent.mkdir(parents=True)
    line = f"echo x >> {tmp_path}/ran; touch here"
    for _ in range(2):
        complete(spec(app, install=line), Installed(python, ""), lambda _: None)
    assert (tmp_path / "ran").read_text() == "x\n"
    assert list(app.iterdir()) == []
    (python.parents[1] / "installed").unlink()
    with pytest.raises(LabError, match="install failed: boom"):
        complete(spec(app, install="echo boom; exit 1"), Installed(python, ""), lambda _: None)


@pytest.mark.parametrize(
    ("install", "is_linked"), [(None, True), ("true", False)], ids=["linked", "its own files"]
)
def test_what_completes_an_environment_writes_into_no_file_of_another(
    tmp_path: Path, install: str | None, is_linked: bool
) -> None:
    asked: list[tuple[Any, ...]] = []
    base, python = tmp_path / "base", tmp_path / "env" / "bin" / "python3"
    python.parent.mkdir(parents=True)

    def record(*words: Any) -> Installed:
        asked.append(words)
        return Installed(python, "")

    job: Any = SimpleNamespace(ensured=record, say=lambda _: None)
    interpreter: Any = SimpleNamespace(executable=python, version="3.12.1")
    described = spec(tmp_path, python="3.12", requirements=("flask",), install=install)

    ensured_environment(job, described, interpreter, base)

    ((_, _, wanted, _, grown_from),) = asked
    assert ("copy" in wanted) is not is_linked
    assert grown_from == (base if is_linked else None)


@pytest.mark.parametrize(
    ("python", "told"), [("3.7", ["setuptools<68.1", "wheel<0.43"]), ("3.12", [])]
)
def test_builds_on_an_old_python_are_told_the_newest_tools_that_run_on_it(
    tmp_path: Path, python: str, told: list[str]
) -> None:
    asked = spec(tmp_path, python=python, requirements=("flask==0.12",))
    with needs(asked) as words:
        limits = dict(zip(words[::2], words[1::2], strict=True))
        assert Path(limits["-c"]).read_text().splitlines() == told
        assert ("--build-constraints" in limits) is bool(told)
    locked = spec(tmp_path, python=python, requirements=("flask==0.12 --hash=sha256:1",))
    with needs(locked) as words:
        assert Path(words[3]).read_text() == ""


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        ({"requirements": ("flask", "redis")}, True),
        ({"requirements": ("redis",)}, False),
        ({"requirements": ("flask", "redis"), "python": "3.8"}, False),
        ({"requirements": ("flask", "redis"), "install": "make"}, False),
    ],
)
def test_an_environment_grows_where_lines_were_only_added(
    tmp_path: Path, changed: dict[str, Any], holds: bool
) -> None:
    base = ReusedEnvironment(spec(tmp_path, requirements=("flask",)), Installed(tmp_path, ""))
    assert holds_most_of(base, spec(tmp_path, **changed)) is holds
