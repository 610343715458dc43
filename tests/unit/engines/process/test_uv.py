"""The uv that is taken, what it is told, and what its failures say."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from lab.engines.process.uv import causes, failure_line, uv_command, uv_environment
from lab.errors import ExitCode, LabError
from support.planted_machine import NO_NETWORK, UV, PlantedMachine, fake


def test_uv_beside_this_python_is_taken_first(
    machine: PlantedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(fake(machine.home / "bin/uv", UV).parent))

    assert uv_command() == machine.uv


def test_the_uv_of_the_package_goes_before_the_one_on_the_path(
    machine: PlantedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.uv.unlink()
    monkeypatch.setenv("PATH", str(fake(machine.home / "bin/uv", UV).parent))
    monkeypatch.setitem(sys.modules, "uv", SimpleNamespace(find_uv_bin=lambda: "/opt/uv"))

    assert uv_command() == Path("/opt/uv")


def test_a_package_without_its_executable_is_passed_over(
    machine: PlantedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_uv_bin() -> str:
        raise FileNotFoundError("uv")

    machine.uv.unlink()
    on_path = fake(machine.home / "bin/uv", UV)
    monkeypatch.setenv("PATH", str(on_path.parent))
    monkeypatch.setitem(sys.modules, "uv", SimpleNamespace(find_uv_bin=find_uv_bin))

    assert uv_command() == on_path


def test_without_uv_it_is_said_what_to_do(machine: PlantedMachine) -> None:
    machine.uv.unlink()

    with pytest.raises(LabError, match="run scripts/shell/venv process") as refused:
        uv_command()
    assert refused.value.exit_code == ExitCode.INCOMPLETE


def test_uv_is_told_where_packages_come_from_and_nothing_else_of_the_user() -> None:
    mirrors = {
        "UV_DEFAULT_INDEX": "a",
        "UV_INDEX_MINE_PASSWORD": "b",
        "UV_FIND_LINKS": "c",
        "UV_PYTHON_INSTALL_MIRROR": "d",
        "UV_HTTP_TIMEOUT": "e",
        "UV_OFFLINE": "1",
        "SSL_CERT_FILE": "f",
        "PATH": "/bin",
    }
    others = (
        "UV_COMPILE_BYTECODE UV_CONFIG_FILE UV_NO_CACHE UV_CONSTRAINT UV_PYTHON UV_CACHE_DIR "
        "UV_PYTHON_INSTALL_DIR PYTHONPATH PYTHONHOME VIRTUAL_ENV"
    )
    given = {**mirrors, **dict.fromkeys(others.split(), "1")}

    assert uv_environment(given, Path("/lab")) == {
        **mirrors,
        "UV_CACHE_DIR": "/lab/cache",
        "UV_PYTHON_INSTALL_DIR": "/lab/python",
        "UV_PYTHON_INSTALL_BIN": "0",
    }


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Using Python 3.7\nerror: Hash-checking is required\n", "Hash-checking is required"),
        (
            "error: No solution found\n  cause: Because there is no flask==9\n\nhint: none\n",
            "No solution found: Because there is no flask==9",
        ),
        (
            "  \u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because of flask==9\n",
            "No solution found when resolving dependencies: Because of flask==9",
        ),
        (
            "error: Failed to build `x`\n  cause: Call failed (exit status: 1)\n\n"
            "         [stdout]\n  many\n\n         [stderr]\n  error: gcc and its options\n",
            "Failed to build `x`: Call failed (exit status: 1)",
        ),
        (
            "error: Failed to build `x`\n  cause: Call failed (exit status: 1)\n\n"
            "[stdout]\nmany\n[stderr]\nit runs\n  Error: pg_config executable not found.\nmore\n",
            "Failed to build `x`: Error: pg_config executable not found.",
        ),
        ("\x1b[1m\x1b[31merror\x1b[39m\x1b[0m: it is red\n", "it is red"),
        ("Downloading\nKilled\n\n", "Killed"),
        ("[stderr]\nit is nobody's\n", "it is nobody's"),
        ("\x1b[0m\n", "it gave no reason"),
        ("error: " + "x" * 400, "x" * 300),
    ],
)
def test_a_failure_of_uv_in_one_line(said: str, line: str) -> None:
    assert failure_line(said) == line


def test_the_innermost_cause_is_the_last() -> None:
    assert causes(NO_NETWORK)[-1] == (
        "failed to lookup address information: Name or service not known"
    )
