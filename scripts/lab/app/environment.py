"""An app's environment on this machine: its Python and its requirements, cached by content."""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from lab.app.copying import copy_app
from lab.app.requirements import content, flattened, is_local
from lab.app.services import base_name, image_name
from lab.app.spec import AppSpec
from lab.engines.process.environments import (
    COMPLETE,
    Installed,
    Needs,
    Preparation,
    signals_interrupt,
)
from lab.engines.process.interpreters import Interpreter
from lab.engines.process.uv import Uv
from lab.errors import LabError, VariantError
from lab.paths import MEMRAY_LOCK

T = TypeVar("T")
ENVIRONMENTS = ".environments"
"""The folder of the environments in the repository."""


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
        (work / "requirements.txt").write_text(wanted, encoding="utf-8")
        (work / "constraints.txt").write_text(limits, encoding="utf-8")
        yield ("-r", work / "requirements.txt", "-c", work / "constraints.txt")


def prepare_app(description: AppSpec, root: Path, say: Callable[[str], None]) -> Installed:
    """The environment of an app, made when it is not there.

    Raises:
        LabError: its Python or one of its requirements cannot be had; says which.
    """
    root = root.absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
        return prepared(description, Uv(root), say)
    except OSError as error:
        raise LabError(f"the environment of {description.name} cannot be made: {error}") from error


def prepared(description: AppSpec, uv: Uv, say: Callable[[str], None]) -> Installed:
    job = Preparation(uv, uv.root, say)
    with signals_interrupt():
        try:
            interpreter = named(description, "python", lambda: job.interpreter(description.python))
            return named(
                description, "requirements", lambda: ensured(job, description, interpreter)
            )
        finally:
            uv.end()


def ensured(job: Preparation, description: AppSpec, interpreter: Interpreter) -> Installed:
    """The environment of an app on an interpreter, made when it is not there.

    Raises:
        VariantError: one of its requirements cannot be had.
    """
    name, image = folder_name(description, interpreter), image_name(description)
    with needs(description) as wanted:
        return job.ensured(image, name, wanted, interpreter)


def prepare_memray(description: AppSpec, root: Path, python: Installed) -> Path | None:
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


def named(description: AppSpec, key: str, make: Callable[[], T]) -> T:
    """What `make` returns; its error names the key of lab.toml that needs it."""
    try:
        return make()
    except VariantError as error:
        raise LabError(f"{description.file}: {key} cannot be had: {error}") from error
