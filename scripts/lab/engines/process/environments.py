"""Virtual environments of the variants on interpreters of this machine, cached by content."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from lab.engines.old_builds import tools_for
from lab.engines.process.copied_environment import grow
from lab.engines.process.interpreters import Interpreter, find_fetched, find_interpreter
from lab.engines.process.uv import (
    INSTALL_SECONDS,
    POLL_SECONDS,
    REASON_CHARACTERS,
    Uv,
    causes,
    failure_line,
)
from lab.errors import LabError, VariantError
from lab.records.variant import Axes, Variant

Needs: TypeAlias = Sequence[str | Path]
INSTALL_ATTEMPTS = 2
FETCH_SECONDS = 120.0
OLD_TOOLS = "old-tools"
BUILD = re.compile(r"[Ff]ailed to (?:download and )?build|build backend")
LASTING = re.compile(
    r"No solution found|not found in the package registry"
    r"|(?:pg|mysql|mariadb)_config\b|\.h: No such file"
)
"""What a second attempt does not change: a release that no index has, headers that are not here."""
COMPLETE = "complete"
"""The file that says an environment is usable; written last."""
INSTALLED = "installed"
"""A file of an environment in which the app's `install` was run."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment in which a stack's packages are installed."""

    python: Path
    """Its `bin/python3`; the folder of it goes first on PATH."""
    reference: str
    """The interpreter that it stands on, such as `CPython 3.7.16 of this machine (pyenv)`."""

    @property
    def search_path(self) -> str:
        """This process's PATH with the environment's programs first."""
        return os.pathsep.join((str(self.python.parent), os.environ.get("PATH", os.defpath)))


@dataclass(frozen=True, slots=True)
class PreparedEnvironments:
    """The environments by the variants' image names, and why the others are missing."""

    ready: Mapping[str, Installed]
    missing: Mapping[str, str]


def folder_name(axes: Axes, lock: bytes, interpreter: Interpreter) -> str:
    """The name of an environment, such as `py37-thread-0123456789ab`: same name, same content."""
    stands_on = f"\0{interpreter.executable.resolve()}\0{interpreter.version}".encode()
    content = hashlib.sha256(lock + stands_on).hexdigest()[:12]
    return f"py{axes.python.replace('.', '')}-{axes.stack}-{content}"


class Preparation:
    """Makes the environments of one call of `prepare`; its methods run in several threads."""

    # Compiled as pip does in the images: compiling at the first start would raise the peak.
    compiled: tuple[str, ...] = ("--compile-bytecode",)

    def __init__(
        self,
        uv: Uv,
        locks: Path,
        say: Callable[[str], None],
        attempts: int = INSTALL_ATTEMPTS,
        install_seconds: float = INSTALL_SECONDS,
        fetch_seconds: float = FETCH_SECONDS,
    ) -> None:
        self.uv = uv
        self.locks = locks
        self.say = say
        self.attempts = attempts
        self.install_seconds = install_seconds
        self.fetch_seconds = fetch_seconds

    def interpreter(self, minor: str) -> Interpreter:
        """This machine's interpreter of that minor version, or one that uv fetched; raises
        VariantError."""
        folder = self.uv.root / "python"
        if interpreter := find_interpreter(minor) or find_fetched(folder, minor):
            return interpreter
        with self.uv.lock(self.uv.root / f"python-{minor}.lock"):
            return find_fetched(folder, minor) or self.fetched(folder, minor)

    def fetched(self, folder: Path, minor: str) -> Interpreter:
        self.say(f"fetching CPython {minor}: this machine has none")
        failed = self.uv.run("python", "install", minor, timeout_seconds=self.fetch_seconds)
        if not failed and (interpreter := find_fetched(folder, minor)):
            return interpreter
        why = causes(failed or "what it fetched does not run")[-1][:REASON_CHARACTERS]
        raise VariantError(
            f"no CPython {minor} on this machine and uv could not fetch it ({why}): "
            f"install it, for instance with pyenv install {minor}"
        )

    def installed(self, image: str, axes: Axes, wanted: Future[Interpreter]) -> Installed:
        """The environment of an image, made when it is not there; raises VariantError, OSError."""
        interpreter = wanted.result()
        lock = self.locks / f"{axes.stack}.txt"
        name = folder_name(axes, lock.read_bytes(), interpreter)
        return self.ensured(image, name, ("--require-hashes", "-r", lock), interpreter)

    def ensured(
        self,
        image: str,
        name: str,
        needs: Needs,
        interpreter: Interpreter,
        base: Path | None = None,
    ) -> Installed:
        """The environment in a folder of that name, made when it is not there.

        Args:
            needs: the arguments of `pip install`.
            base: the folder of an environment that holds most of it.
        """
        folder = self.uv.root / name
        version = f"CPython {interpreter.version}"
        if not (folder / COMPLETE).exists():
            with self.uv.lock(folder.with_name(f"{folder.name}.lock")):
                if not (folder / COMPLETE).exists():
                    self.say(f"making the environment of {image} ({version}, {interpreter.origin})")
                    if base is None or not self.grown(folder, needs, base):
                        self.make(folder, needs, interpreter)
        reference = f"{version} of this machine ({interpreter.origin})"
        return Installed(folder / "bin" / "python3", reference)

    def grown(self, folder: Path, needs: Needs, base: Path) -> bool:
        """Whether a copy of another environment could be completed."""
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError, shutil.Error):
            grow(base, folder, (COMPLETE, INSTALLED))
            return not self.install(folder, needs)
        return False

    def make(self, folder: Path, needs: Needs, interpreter: Interpreter) -> None:
        left, tools, tried = self.attempts, "", set[str]()
        while left:
            failed = self.attempt(folder, (*needs, *self.built_with(tools)), interpreter)
            if not failed:
                return
            if LASTING.search(failed):
                break
            if BUILD.search(failed):
                tools = tools_for(failed)
                if tools in tried:
                    break
                tried.add(tools)
            else:
                left -= 1
        shutil.rmtree(folder, ignore_errors=True)
        raise VariantError(failure_line(failed))

    def built_with(self, tools: str) -> Needs:
        """The arguments that limit the tools of builds."""
        if not tools:
            return ()
        content = hashlib.sha256(tools.encode()).hexdigest()[:12]
        limits = self.uv.root / f"{OLD_TOOLS}-{content}.txt"
        limits.write_text(tools, encoding="utf-8")
        return ("--build-constraints", limits)

    def attempt(self, folder: Path, needs: Needs, interpreter: Interpreter) -> str:
        """uv's output when it fails; empty when the environment is complete."""
        if folder.exists():
            shutil.rmtree(folder)
        failed = self.uv.run("venv", "--no-project", "--python", interpreter.executable, folder)
        return failed or self.install(folder, needs)

    def install(self, folder: Path, needs: Needs) -> str:
        """uv's output when it fails; empty when the environment is complete."""
        python = folder / "bin" / "python3"
        words = ("pip", "install", *self.compiled, "--python", python, *needs)
        failed = self.uv.run(*words, timeout_seconds=self.install_seconds) if needs else ""
        if not failed:
            (folder / COMPLETE).touch()
        return failed


@contextlib.contextmanager
def signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP as KeyboardInterrupt, where they would end this process at once."""
    main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGTERM, signal.SIGHUP) if main else ()
    deadly = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in deadly:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in deadly:
            signal.signal(number, signal.SIG_DFL)


def one_at_a_time(say: Callable[[str], None]) -> Callable[[str], None]:
    guard = threading.Lock()

    def say_alone(line: str) -> None:
        with guard:
            say(line)

    return say_alone


def collected_environments(jobs: Mapping[str, Future[Installed]]) -> PreparedEnvironments:
    ready, missing = {}, {}
    for image, job in jobs.items():
        # In short waits: a signal that comes just before a wait without end does not end it.
        while not job.done():
            wait([job], timeout=POLL_SECONDS)
        try:
            ready[image] = job.result()
        except (VariantError, OSError) as error:
            missing[image] = " ".join(str(error).split())
    return PreparedEnvironments(ready, missing)


def made_folder(root: Path) -> Path:
    """The folder by its absolute path, made when it is missing."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"the environments' folder cannot be made: {error}") from error
    return root.absolute()


def prepare(
    variants: Sequence[Variant],
    locks: Path,
    root: Path,
    say: Callable[[str], None],
    fetch_seconds: float = FETCH_SECONDS,
) -> PreparedEnvironments:
    """An environment for each image of the variants: what is cached, and the others made.

    Args:
        variants: their images, Pythons and stacks count.
        locks: the folder of the stacks' locks with hashes, `<stack>.txt`.
        root: where everything is put; removing it leaves nothing. Made when it is missing.
        say: called with a line for each environment and interpreter that is about to be made.
        fetch_seconds: after which the fetch of an interpreter is given up.

    Raises:
        LabError: root cannot be made, or something must be installed and there is no uv.
        KeyboardInterrupt: Ctrl-C, or SIGTERM on the main thread; no process of uv stays.
    """
    root = made_folder(root)
    images = {variant.image: variant.axes for variant in variants}
    uv, pool = Uv(root), ThreadPoolExecutor(os.cpu_count())
    job = Preparation(uv, locks.absolute(), one_at_a_time(say), fetch_seconds=fetch_seconds)
    with signals_interrupt():
        try:
            # Before those that wait for them, so that a full pool cannot wait for itself.
            interpreters = {
                minor: pool.submit(job.interpreter, minor)
                for minor in sorted({axes.python for axes in images.values()})
            }
            return collected_environments(
                {
                    image: pool.submit(job.installed, image, axes, interpreters[axes.python])
                    for image, axes in images.items()
                }
            )
        finally:
            uv.end()
            pool.shutdown(cancel_futures=True)
