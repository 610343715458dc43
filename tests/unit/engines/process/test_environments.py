"""Environments by a uv and by interpreters that are a few lines of shell."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import raw
from lab.engines.process.environments import Installed, PreparedEnvironments, folder_name, prepare
from lab.engines.process.interpreters import Interpreter
from lab.errors import LabError
from support.planted_machine import NO_NETWORK, PlantedMachine, are_gone, variant

HANG = 'sleep 60 & echo "$$ $!" > "$box/pids"; wait'


def test_a_name_stands_for_lock_interpreter_and_version(tmp_path: Path) -> None:
    link, other = tmp_path / "link", tmp_path / "other"
    link.symlink_to(tmp_path / "python3.7")
    interpreter = Interpreter(tmp_path / "python3.7", "3.7.16", "pyenv")
    name = folder_name(raw.axes(), b"lock", interpreter)

    assert name.startswith("py37-thread-")
    assert len(name) == len("py37-thread-") + 12
    assert folder_name(raw.axes(), b"lock", replace(interpreter, executable=link)) == name
    assert folder_name(raw.axes(), b"more", interpreter) != name
    assert folder_name(raw.axes(), b"lock", replace(interpreter, version="3.7.17")) != name
    assert folder_name(raw.axes(), b"lock", replace(interpreter, executable=other)) != name


def test_one_environment_is_made_for_each_image(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    machine.python("3.10.13")
    prepared = machine.prepare(
        variant("3.7"), variant("3.7", "fastapi-sync"), variant("3.10"), variant("3.10", "x")
    )
    new, old = machine.folders()

    assert prepared.missing == {}
    assert prepared.ready == {
        "memlab-py37-thread": Installed(
            old / "bin/python3", "CPython 3.7.16 of this machine (pyenv)"
        ),
        "memlab-py310-thread": Installed(
            new / "bin/python3", "CPython 3.10.13 of this machine (pyenv)"
        ),
    }
    assert sorted(machine.said) == [
        "making the environment of memlab-py310-thread (CPython 3.10.13, pyenv)",
        "making the environment of memlab-py37-thread (CPython 3.7.16, pyenv)",
    ]
    assert len(machine.uv_calls("venv")) == len(machine.uv_calls("pip")) == 2


def test_uv_is_told_paths_alone_and_hashes_are_required(machine: PlantedMachine) -> None:
    python = machine.python("3.7.16")
    (installed,) = machine.prepare().ready.values()
    folder, lock = installed.python.parents[1], machine.locks / "thread.txt"

    assert machine.uv_calls("") == [
        f"venv --no-project --python {python} {folder} --no-config --no-progress",
        f"pip install --compile-bytecode --python {installed.python} --require-hashes -r {lock} "
        "--no-config --no-progress",
    ]
    environment = (machine.box / "environment").read_text().splitlines()
    assert f"UV_CACHE_DIR={machine.root}/cache" in environment


def test_a_relative_root_and_locks_are_understood(
    machine: PlantedMachine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.python("3.7.16")
    monkeypatch.chdir(tmp_path)
    prepared = prepare([variant("3.7")], Path("locks"), Path("root"), machine.said.append)

    assert prepared.ready["memlab-py37-thread"].python.is_relative_to(machine.root)
    assert f"-r {machine.locks}/thread.txt" in machine.uv_calls("pip")[0]


def test_what_is_complete_is_taken_without_a_word_and_without_uv(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    made = machine.prepare()
    machine.said.clear()
    machine.uv.unlink()

    assert machine.prepare() == made
    assert machine.said == []
    assert (machine.folders()[0] / "complete").exists()


def test_another_lock_is_another_environment(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    before = machine.prepare()
    machine.lock("thread", "flask==2.0.4")

    assert machine.prepare() != before
    assert len(machine.folders()) == 2


def test_another_patch_of_the_interpreter_is_another_environment(machine: PlantedMachine) -> None:
    machine.python("3.7.9")
    before = machine.prepare()
    machine.python("3.7.16")

    assert machine.prepare() != before
    assert len(machine.folders()) == 2


def test_an_incomplete_environment_is_removed_and_made_anew(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    machine.prepare()
    (folder,) = machine.folders()
    (folder / "complete").unlink()
    (folder / "rest").touch()
    machine.prepare()

    assert (folder / "complete").exists()
    assert not (folder / "rest").exists()
    assert len(machine.uv_calls("venv")) == 2


def test_an_install_that_fails_costs_its_image_alone_and_is_tried_twice(
    machine: PlantedMachine,
) -> None:
    machine.python("3.7.16")
    machine.lock("latest", "fastapi==9")
    machine.on("pip", 'case "$*" in *latest.txt*) echo "error: no fastapi==9" >&2; exit 1 ;; esac')
    prepared = machine.prepare(variant("3.7"), variant("3.7", stack="latest"))

    assert list(prepared.ready) == ["memlab-py37-thread"]
    assert prepared.missing == {"memlab-py37-latest": "no fastapi==9"}
    assert len(machine.uv_calls("pip")) == 3
    assert len(machine.said) == 2
    assert [(path / "complete").exists() for path in machine.folders()] == [True]


def test_an_install_that_fails_once_is_no_loss(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    machine.on("pip", '[ -e "$box/again" ] || { touch "$box/again"; exit 1; }')

    assert machine.prepare().missing == {}
    assert len(machine.uv_calls("venv")) == 2


@pytest.mark.parametrize(
    "said",
    [
        "No solution found",
        "Failed to build psycopg2: pg_config executable not found.",
        "Failed to build x: a.c:1: fatal error: ffi.h: No such file or directory",
    ],
)
def test_what_no_second_attempt_changes_is_not_tried_again(
    machine: PlantedMachine, said: str
) -> None:
    machine.python("3.7.16")
    machine.on("pip", f'echo "error: {said}" >&2; exit 1')

    assert machine.prepare().missing == {"memlab-py37-thread": said}
    assert len(machine.uv_calls("pip")) == 1


@pytest.mark.parametrize(
    ("said", "tools"),
    [
        ("Failed to build jsmin: use_2to3 is invalid", "setuptools<58 ; python_version < '3.12'"),
        (
            "Failed to build x: ImportError: cannot import name 'Feature' from 'setuptools'",
            "setuptools<46 ; python_version < '3.10'",
        ),
    ],
)
def test_an_old_package_is_built_with_old_tools(
    machine: PlantedMachine, said: str, tools: str
) -> None:
    machine.python("3.7.16")
    fails = f'echo "error: {said}" >&2; exit 1'
    machine.on("pip", f'case "$*" in *--build-constraints*) ;; *) {fails} ;; esac')
    assert machine.prepare().missing == {}
    (file,) = machine.root.glob("old-tools-*.txt")
    assert file.read_text().splitlines()[0] == tools


def test_a_build_that_fails_with_old_tools_too_is_not_tried_again(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    machine.on("pip", 'echo "error: Failed to build gevent" >&2; exit 1')
    assert machine.prepare().missing == {"memlab-py37-thread": "Failed to build gevent"}
    assert len(machine.uv_calls("pip")) == 2


def test_an_environment_that_cannot_be_made_is_missing(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    machine.on("venv", "exit 3")

    assert machine.prepare().missing == {"memlab-py37-thread": "uv ended with 3"}
    assert machine.uv_calls("pip") == []


def test_a_stack_without_a_lock_is_missing(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    prepared = machine.prepare(variant("3.7"), variant("3.7", stack="nope"))

    assert list(prepared.ready) == ["memlab-py37-thread"]
    assert "nope.txt" in prepared.missing["memlab-py37-nope"]


def test_an_interpreter_that_is_not_there_is_fetched_once(machine: PlantedMachine) -> None:
    machine.lock("latest", "fastapi")
    machine.fetches("3.7.9")
    wanted = variant("3.7"), variant("3.7", stack="latest")
    made = machine.prepare(*wanted)

    assert made.missing == {}
    assert made.ready["memlab-py37-thread"].reference == (
        "CPython 3.7.9 of this machine (fetched by uv)"
    )
    assert machine.said[0] == "fetching CPython 3.7: this machine has none"
    assert machine.prepare(*wanted) == made
    assert machine.uv_calls("python") == ["python install 3.7 --no-config --no-progress"]
    assert (machine.root / "python/cpython-3.7.9-linux/bin/python3.7").exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (
            f"printf '%s' '{NO_NETWORK}' >&2; exit 1",
            "failed to lookup address information: Name or service not known",
        ),
        ("exit 2", "uv ended with 2"),
        ("exit 0", "what it fetched does not run"),
    ],
)
def test_an_interpreter_that_cannot_be_fetched_is_said_in_one_line(
    machine: PlantedMachine, command: str, why: str
) -> None:
    machine.python("3.8.18")
    machine.on("python", command)
    prepared = machine.prepare(variant("3.7"), variant("3.8"))

    assert list(prepared.ready) == ["memlab-py38-thread"]
    assert prepared.missing == {
        "memlab-py37-thread": f"no CPython 3.7 on this machine and uv could not fetch it ({why}): "
        "install it, for instance with pyenv install 3.7"
    }


def test_what_was_fetched_and_does_not_run_is_missing(machine: PlantedMachine) -> None:
    machine.fetches("3.7.9", "exit 1")

    assert "(what it fetched does not run)" in machine.prepare().missing["memlab-py37-thread"]


def test_a_fetch_that_hangs_is_given_up_with_all_that_it_started(machine: PlantedMachine) -> None:
    machine.on("python", HANG)
    one = (variant("3.7"),)
    prepared = prepare(one, machine.locks, machine.root, machine.said.append, fetch_seconds=0.75)

    assert "(it was not complete after 0.75 s)" in prepared.missing["memlab-py37-thread"]
    assert are_gone(machine.box / "pids")


def test_without_uv_nothing_can_be_made(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    machine.uv.unlink()

    with pytest.raises(LabError, match="uv, which makes the variants' environments, is missing"):
        machine.prepare()


def test_a_root_that_cannot_be_made_is_said(machine: PlantedMachine) -> None:
    machine.root.write_text("a file in its place")

    with pytest.raises(LabError, match="the environments' folder cannot be made"):
        machine.prepare()


def test_no_variants_need_nothing(machine: PlantedMachine) -> None:
    assert prepare((), machine.locks, machine.root, machine.said.append) == PreparedEnvironments(
        {}, {}
    )
