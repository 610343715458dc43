"""The CPythons of this machine, by explicit path: pyenv's, uv's, then the system's."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CHECK_SECONDS = 30.0
"""A start takes 0.1 s, and took more than 10 s on two cores under a load of 22."""
CHECK = """
import ctypes, platform, ssl, sys, sysconfig, zlib
free_threaded = sysconfig.get_config_var("Py_GIL_DISABLED") or 0
print("%d.%d.%d" % sys.version_info[:3], platform.python_implementation(), free_threaded)
"""
"""Imports what a broken build lacks; prints version, implementation and whether it has no GIL."""
PRINTED = re.compile(r"((\d+\.\d+)\.\d+) CPython 0\s*")
FOLDER = re.compile(r"(\d+\.\d+\.\d+)|cpython-(\d+\.\d+\.\d+)-[^+]+")
"""Names of pyenv's folders and of uv's; `cpython-3.13.0+freethreaded-...` does not match."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython that runs."""

    executable: Path
    version: str
    """Version with the patch, such as `3.7.16`."""
    origin: str
    """`pyenv`, `uv`, `system` or `fetched by uv`."""


def version_of_folder(name: str) -> tuple[int, ...]:
    """Major, minor and patch from a folder's name; empty when it names no release."""
    match = FOLDER.fullmatch(name)
    return tuple(map(int, (match[1] or match[2]).split("."))) if match else ()


def newest_first(roots: Iterable[Path], minor: str) -> list[Path]:
    """The executables of `minor` (such as `3.10`) in folders of interpreters, by their patch."""
    folders = {(version_of_folder(path.name), path) for root in roots for path in root.glob("*")}
    return [
        path / "bin" / f"python{minor}"
        for version, path in sorted(folders, reverse=True)
        if ".".join(map(str, version[:2])) == minor
    ]


def on_path(minor: str, folders: str, pyenv_roots: Iterable[Path]) -> Iterator[Path]:
    """The executables of `minor` in the folders of a PATH; a pyenv shim may exist and fail."""
    shims = {root / "shims" for root in pyenv_roots}
    for folder in map(Path, filter(os.path.isabs, folders.split(os.pathsep))):
        if folder not in shims and folder.parts[-2:] != (".pyenv", "shims"):
            yield folder / f"python{minor}"


def candidates(minor: str, environment: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Paths at which an interpreter may be, each with its origin; the best come first."""
    home = Path(environment.get("HOME") or os.path.expanduser("~"))
    pyenv = [Path(environment.get("PYENV_ROOT") or home / ".pyenv"), home / ".pyenv"]
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR") or home / ".local/share/uv/python")
    for path in newest_first([root / "versions" for root in pyenv], minor):
        yield path, "pyenv"
    for path in newest_first([uv], minor):
        yield path, "uv"
    for path in on_path(minor, environment.get("PATH", ""), pyenv):
        yield path, "system"


def printed_version(text: str, minor: str) -> str | None:
    """The version that the check printed; None when it is not a CPython `minor` with a GIL."""
    match = PRINTED.fullmatch(text)
    return match[1] if match and match[2] == minor else None


def check(
    executable: Path, minor: str, origin: str, seconds: float = CHECK_SECONDS
) -> Interpreter | None:
    """The interpreter at a path; None when it is missing, fails, hangs or has another version."""
    try:
        ended = subprocess.run(
            [executable, "-I", "-c", CHECK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    printed = ended.stdout.decode(errors="replace") if ended.returncode == 0 else ""
    version = printed_version(printed, minor)
    return Interpreter(executable, version, origin) if version else None


def first_that_runs(
    paths: Iterable[tuple[Path, str]], minor: str, seconds: float = CHECK_SECONDS
) -> Interpreter | None:
    """The first that answers in so many seconds each; None without one."""
    checked = (check(path, minor, origin, seconds) for path, origin in paths)
    return next(filter(None, checked), None)


def find_interpreter(
    minor: str, environment: Mapping[str, str] = os.environ, check_seconds: float = CHECK_SECONDS
) -> Interpreter | None:
    """The newest CPython `minor` of pyenv, else of uv, else on PATH; None without one that runs.

    Args:
        minor: major and minor version, such as `3.10`.
        environment: HOME, PATH, PYENV_ROOT and UV_PYTHON_INSTALL_DIR say where to look.
        check_seconds: how long each may take to answer.
    """
    return first_that_runs(candidates(minor, environment), minor, check_seconds)


def find_fetched(folder: Path, minor: str) -> Interpreter | None:
    """The newest CPython `minor` that uv put into `folder`; None without one that runs."""
    return first_that_runs(
        ((path, "fetched by uv") for path in newest_first([folder], minor)), minor
    )
