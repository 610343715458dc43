"""An app's environment on this machine: its Python and its requirements, cached by content."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from lab.app.copying import copy_app
from lab.app.requirements import HASHES, content, flattened, is_local, text
from lab.app.services import base_name, image_name
from lab.app.spec import AppSpec
from lab.engines.old_builds import newest_tools
from lab.engines.process.environments import (
    COMPLETE,
    INSTALLED,
    Installed,
    Needs,
    Preparation,
    signals_interrupt,
)
from lab.engines.process.interpreters import Interpreter
from lab.engines.process.uv import INSTALL_SECONDS, Uv
from lab.errors import LabError, UsageError, VariantError
from lab.paths import MEMRAY_LOCK

T = TypeVar("T")
VARIABLE = re.compile(r"\$\{(\w+)\}")
ENVIRONMENTS = ".environments"
"""The folder of the environments in the repository."""
NO_LINKS = ("--link-mode", "copy")
"""Options of uv: what is installed is a copy of its own, not a link into uv's cache."""


def folder_name(description: AppSpec, interpreter: Interpreter) -> str:
    """The environment's name, with a hash of the requirements' text and of the interpreter."""
    stands_on = f"\0{interpreter.executable.resolve()}\0{interpreter.version}".encode()
    wanted = hashlib.sha256(content(description) + stands_on).hexdigest()[:12]
    return f"{base_name(description)}-{wanted}"


@contextlib.contextmanager
def needs(description: AppSpec) -> Iterator[Needs]:
    """Arguments of `pip install`; a local project is built from a copy of the app's folder."""
    with tempfile.TemporaryDirectory(prefix="memlab-install-") as folder:
        work = Path(folder)
        copy = work / "app"
        if is_local(description):
            copy_app(description.folder, copy)
        wanted, limits = flattened(description, str(copy))
        if not wanted.strip():
            yield ()
            return
        (work / "requirements.txt").write_text(index_line(description) + wanted, encoding="utf-8")
        tools = "" if HASHES in wanted else text(newest_tools(description.python))
        (work / "constraints.txt").write_text(limits + tools, encoding="utf-8")
        (work / "tools.txt").write_text(tools, encoding="utf-8")
        limited = ("--build-constraints", work / "tools.txt") if tools else ()
        yield ("-r", work / "requirements.txt", "-c", work / "constraints.txt", *limited)


@dataclass(frozen=True, slots=True)
class ReusedEnvironment:
    """An environment that was made for another description of the same app."""

    description: AppSpec
    installed: Installed


def holds_most_of(base: ReusedEnvironment, description: AppSpec) -> bool:
    """Whether an environment holds all that is asked for but for lines that were added."""
    old, new = base.description, description
    same = ("python", "index_url", "install")
    if any(getattr(old, key) != getattr(new, key) for key in same):
        return False
    (wanted, limits), (more, other) = flattened(old, "\0"), flattened(new, "\0")
    return limits == other and set(wanted.splitlines()) <= set(more.splitlines())


def prepare_app(
    description: AppSpec,
    root: Path,
    say: Callable[[str], None],
    base: ReusedEnvironment | None = None,
) -> Installed:
    """The environment of an app, made when it is not there.

    Args:
        base: one of the app's before it asked for more.

    Raises:
        LabError: its Python or one of its requirements cannot be had; says which.
    """
    root = root.absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = None
        if base is not None and holds_most_of(base, description):
            folder = base.installed.python.parents[1]
        return prepared_environment(description, Uv(root), say, folder)
    except OSError as error:
        raise LabError(f"the environment of {description.name} cannot be made: {error}") from error


def prepared_environment(
    description: AppSpec, uv: Uv, say: Callable[[str], None], base: Path | None = None
) -> Installed:
    job = Preparation(uv, uv.root, say)
    with signals_interrupt():
        try:
            interpreter = naming_key(
                description, "python", lambda: job.interpreter(description.python)
            )
            return naming_key(
                description,
                "requirements",
                lambda: ensured_environment(job, description, interpreter, base),
            )
        finally:
            uv.end()


def ensured_environment(
    job: Preparation, description: AppSpec, interpreter: Interpreter, base: Path | None = None
) -> Installed:
    """The environment of an app on an interpreter, made when it is not there.

    Raises:
        VariantError: one of its requirements cannot be had.
    """
    name, image = folder_name(description, interpreter), image_name(description)
    # What completes it may write into installed files: none of them is a link to another's then.
    is_own = description.install is not None
    with needs(description) as wanted:
        own = (*wanted, *NO_LINKS) if is_own and wanted else wanted
        installed = job.ensured(image, name, own, interpreter, None if is_own else base)
    complete(description, installed, job.say)
    return installed


def index_line(description: AppSpec, given: Mapping[str, str] = os.environ) -> str:
    """The line of a requirements file that names the app's index; empty where it names none.

    Raises:
        UsageError: a variable that it names is not set.
    """
    if description.index_url is None:
        return ""

    def value(match: "re.Match[str]") -> str:
        if match[1] not in given:
            raise UsageError(f"{description.file}: index_url names {match[1]}, which is not set")
        return quote(given[match[1]], safe="")

    return f"--index-url {VARIABLE.sub(value, description.index_url)}\n"


def complete(description: AppSpec, installed: Installed, say: Callable[[str], None]) -> None:
    """Run what completes an app's environment, once.

    Raises:
        LabError: it fails; with its last line.
    """
    folder = installed.python.parents[1]
    if description.install is None or (folder / INSTALLED).exists():
        return
    say(f"install: {description.install}")
    with tempfile.TemporaryDirectory(prefix="memlab-install-") as work:
        copy_app(description.folder, Path(work) / "app")
        try:
            done = subprocess.run(
                ["sh", "-c", description.install],
                cwd=Path(work) / "app",
                env={**os.environ, "PATH": installed.search_path, "VIRTUAL_ENV": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise not_installed(description, f"it took more than {INSTALL_SECONDS:.0f} s") from None
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip().splitlines()
        raise not_installed(description, said[-1][:300] if said else f"status {done.returncode}")
    (folder / INSTALLED).touch()


def not_installed(description: AppSpec, reason: str) -> LabError:
    return LabError(f"{description.file}: install failed: {reason}")


def prepare_memray(root: Path, python: Installed) -> Path | None:
    """The folder of memray's packages for an app's Python; None where it has no wheel."""
    locked = hashlib.sha256(MEMRAY_LOCK.read_bytes()).hexdigest()[:8]
    name = python.python.parents[1].name.rpartition("-")[2]
    folder = root.absolute() / f"memray-{name}-{locked}"
    if (folder / COMPLETE).exists():
        return folder
    words: Needs = (
        "--only-binary",
        ":all:",
        "--target",
        folder,
        "--require-hashes",
        "-r",
        MEMRAY_LOCK,
    )
    with signals_interrupt():
        uv = Uv(root.absolute())
        try:
            failed = uv.run("pip", "install", "--python", python.python, *words)
        finally:
            uv.end()
    if failed:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    (folder / COMPLETE).touch()
    return folder


def naming_key(description: AppSpec, key: str, make: Callable[[], T]) -> T:
    """What `make` returns; its error names the key of lab.toml that needs it."""
    try:
        return make()
    except VariantError as error:
        raise LabError(f"{description.file}: {key} cannot be had: {error}") from error
