import os
import sys
import time
from pathlib import Path

import pytest
from lab.engines.process.interpreters import (
    Interpreter,
    check,
    find_fetched,
    find_interpreter,
    newest_first,
    on_path,
    printed_version,
    version_of_folder,
)


def fake(path: Path, body: str) -> Path:
    """An executable that is a line of shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def python(folder: Path, version: str, body: str = "") -> Path:
    """A fake interpreter that passes the check, unless `body` says otherwise."""
    minor = version.rpartition(".")[0]
    return fake(folder / f"python{minor}", body or f"echo {version} CPython 0")


def of_pyenv(root: Path, version: str, body: str = "") -> Path:
    return python(root / "versions" / version / "bin", version, body)


def of_uv(root: Path, version: str, kind: str = "-linux-x86_64-gnu", body: str = "") -> Path:
    return python(root / f"cpython-{version}{kind}" / "bin", version, body)


def home_of(tmp_path: Path, *path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": os.pathsep.join(map(str, path))}


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("3.10.13", (3, 10, 13)),
        ("cpython-3.7.9-linux-x86_64-gnu", (3, 7, 9)),
        ("cpython-3.10.13-macos-aarch64-none", (3, 10, 13)),
        ("cpython-3.13.0+freethreaded-linux-x86_64-gnu", ()),
        ("cpython-3.10-linux-x86_64-gnu", ()),
        ("3.13.0t", ()),
        ("3.13-dev", ()),
        ("3.15.0a1", ()),
        ("pypy3.10-7.3.12", ()),
        ("", ()),
    ],
)
def test_a_folder_is_named_after_its_release(name: str, version: tuple[int, ...]) -> None:
    assert version_of_folder(name) == version


def test_the_newest_patch_comes_first_by_number(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for root, version in [(one, "3.10.9"), (one, "3.10.13"), (two, "3.10.11"), (two, "3.1.20")]:
        (root / version).mkdir(parents=True)

    executables = newest_first([one, two, one, tmp_path / "none"], "3.10")

    assert executables == [
        one / "3.10.13/bin/python3.10",
        two / "3.10.11/bin/python3.10",
        one / "3.10.9/bin/python3.10",
    ]
    assert newest_first([one, two], "3.1") == [two / "3.1.20/bin/python3.1"]
    assert newest_first([one, two], "3") == []


def test_no_shim_of_pyenv_is_taken_from_the_path() -> None:
    folders = "/opt/pyenv/shims:/usr/local/bin::relative:/home/me/.pyenv/shims:/usr/bin"

    assert list(on_path("3.8", folders, [Path("/opt/pyenv")])) == [
        Path("/usr/local/bin/python3.8"),
        Path("/usr/bin/python3.8"),
    ]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.1.4 CPython 0\n", "3.1.4"),
        ("3.10.4 CPython 0\n", None),
        ("3.1.4 PyPy 0\n", None),
        ("3.1.4 CPython 1\n", None),
        ("pyenv: python3.1: command not found\n", None),
        ("", None),
    ],
)
def test_what_the_check_tells(text: str, version: str | None) -> None:
    assert printed_version(text, "3.1") == version


def test_pyenv_goes_before_uv_and_uv_before_the_system(tmp_path: Path) -> None:
    system = python(tmp_path / "bin", "3.7.17")
    environment = home_of(tmp_path, system.parent)

    assert find_interpreter("3.7", environment) == Interpreter(system, "3.7.17", "system")
    uv = of_uv(tmp_path / ".local/share/uv/python", "3.7.9")
    assert find_interpreter("3.7", environment) == Interpreter(uv, "3.7.9", "uv")
    pyenv = of_pyenv(tmp_path / ".pyenv", "3.7.4")
    assert find_interpreter("3.7", environment) == Interpreter(pyenv, "3.7.4", "pyenv")


def test_the_newest_patch_of_all_pyenv_roots_is_taken(tmp_path: Path) -> None:
    elsewhere = tmp_path / "opt"
    of_pyenv(tmp_path / ".pyenv", "3.10.9")
    newest = of_pyenv(elsewhere, "3.10.13")
    environment = {**home_of(tmp_path), "PYENV_ROOT": str(elsewhere)}

    assert find_interpreter("3.10", environment) == Interpreter(newest, "3.10.13", "pyenv")


def test_uv_may_keep_its_interpreters_elsewhere(tmp_path: Path) -> None:
    of_uv(tmp_path / ".local/share/uv/python", "3.8.19")
    chosen = of_uv(tmp_path / "opt", "3.8.2")
    environment = {**home_of(tmp_path), "UV_PYTHON_INSTALL_DIR": str(tmp_path / "opt")}

    assert find_interpreter("3.8", environment) == Interpreter(chosen, "3.8.2", "uv")


@pytest.mark.parametrize(
    "body",
    [
        "exit 1",
        "echo 3.8.18 CPython 0; exit 1",
        "echo 3.8.18 PyPy 0",
        "echo 3.8.18 CPython 1",
        "echo 3.9.18 CPython 0",
        r"printf '\377'",
    ],
)
def test_one_that_is_broken_or_another_is_passed_over(tmp_path: Path, body: str) -> None:
    of_pyenv(tmp_path / ".pyenv", "3.8.18", body)
    works = of_pyenv(tmp_path / ".pyenv", "3.8.3")

    assert find_interpreter("3.8", home_of(tmp_path)) == Interpreter(works, "3.8.3", "pyenv")


def test_one_that_is_no_program_is_passed_over(tmp_path: Path) -> None:
    of_pyenv(tmp_path / ".pyenv", "3.8.18").chmod(0o644)
    of_pyenv(tmp_path / ".pyenv", "3.8.17").write_text("neither script nor binary")
    (tmp_path / ".pyenv/versions/3.8.16").mkdir()

    assert find_interpreter("3.8", home_of(tmp_path)) is None


def test_one_that_hangs_is_given_up(tmp_path: Path) -> None:
    of_pyenv(tmp_path / ".pyenv", "3.8.18", "exec /bin/sleep 30")
    started = time.monotonic()

    assert find_interpreter("3.8", home_of(tmp_path), check_seconds=0.1) is None
    assert time.monotonic() - started < 5


def test_a_build_without_a_gil_is_passed_over(tmp_path: Path) -> None:
    root = tmp_path / ".local/share/uv/python"
    of_uv(root, "3.13.1", "+freethreaded-linux-x86_64-gnu")
    plain = of_uv(root, "3.13.0")

    assert find_interpreter("3.13", home_of(tmp_path)) == Interpreter(plain, "3.13.0", "uv")


def test_a_shim_that_would_answer_is_not_asked(tmp_path: Path) -> None:
    shim = python(tmp_path / ".pyenv/shims", "3.8.18")

    assert find_interpreter("3.8", home_of(tmp_path, shim.parent)) is None


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert find_interpreter("3.8", home_of(tmp_path)) is None


def test_what_uv_fetched_has_an_origin_of_its_own(tmp_path: Path) -> None:
    of_uv(tmp_path, "3.7.8")
    newest = of_uv(tmp_path, "3.7.9")

    assert find_fetched(tmp_path, "3.7") == Interpreter(newest, "3.7.9", "fetched by uv")
    assert find_fetched(tmp_path, "3.8") is None


def test_the_check_passes_a_real_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ssl.py").write_text("raise SystemExit(1)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    executable, minor = Path(sys.executable), "{}.{}".format(*sys.version_info)
    version = "{}.{}.{}".format(*sys.version_info)

    assert check(executable, minor, "system") == Interpreter(executable, version, "system")
