"""Virtual environments of the variants on interpreters of this machine, cached by content."""

import contextlib
import fcntl
import hashlib
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from lab.engines.process.interpreters import Interpreter, find_fetched, find_interpreter
from lab.errors import LabError, VariantError
from lab.records.variant import Axes, Variant

Needs: TypeAlias = Sequence[str | Path]
ATTEMPTS = 2
FETCH_SECONDS = 120.0
INSTALL_SECONDS = 900.0
POLL_SECONDS = 0.1
REASON_CHARACTERS = 300
COMPLETE = "complete"
"""The file that says an environment is usable; written last."""
WHERE_FROM = re.compile(
    r"UV_(\w*INDEX\w*|\w*MIRROR|\w*CERTS?|\w*HTTP\w*|FIND_LINKS|INSECURE_HOST|KEYRING_PROVIDER"
    r"|LINK_MODE|NATIVE_TLS|OFFLINE|PYTHON_DOWNLOADS\w*)"
)
"""The user's settings of uv that say where packages come from; others change what is made."""
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
BUILD_OUTPUT = re.compile(r"^\s*\[std(?:out|err)\]", re.MULTILINE)
CAUSE = re.compile(r"\s*(?:error:|cause:|\u00d7|├─▶|╰─▶)\s*(.+)")


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment in which a stack's packages are installed."""

    python: Path
    """Its `bin/python3`; the folder of it goes first on PATH."""
    reference: str
    """What it stands on, such as `CPython 3.7.16 of this machine (pyenv)`."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The environments by the variants' image names, and why the others are not there."""

    ready: Mapping[str, Installed]
    missing: Mapping[str, str]


def uv_command() -> Path:
    """uv's executable: beside this Python, else of the package `uv`, else on PATH.

    Raises:
        LabError: there is none.
    """
    beside = Path(sys.executable).with_name("uv")
    if beside.is_file():
        return beside
    with contextlib.suppress(ImportError, FileNotFoundError):
        return Path(importlib.import_module("uv").find_uv_bin())
    if found := shutil.which("uv"):
        return Path(found)
    raise LabError(
        "uv, which makes the variants' environments, is missing: run scripts/venv process"
    )


def uv_environment(given: Mapping[str, str], root: Path) -> dict[str, str]:
    """The user's environment without what would change the result; uv's own files go below root."""
    kept = {
        name: value
        for name, value in given.items()
        if WHERE_FROM.fullmatch(name) or not name.startswith(("UV_", "PYTHON", "VIRTUAL_ENV"))
    }
    # As settings, for which an older uv has no option.
    python = {"UV_PYTHON_INSTALL_DIR": str(root / "python"), "UV_PYTHON_INSTALL_BIN": "0"}
    return {**kept, **python, "UV_CACHE_DIR": str(root / "cache")}


def causes(said: str) -> list[str]:
    """The error that uv reported, then what caused it, to the innermost; else its last line."""
    plain = ANSI.sub("", said).strip()
    own = BUILD_OUTPUT.split(plain)[0] or plain
    lines = [line.rstrip(" :") for line in own.splitlines() if line.strip()]
    marked = [match[1] for line in lines if (match := CAUSE.match(line))]
    return marked or [line.strip() for line in lines[-1:]] or ["it did not say why"]


def telling_line(said: str) -> str:
    """Error and innermost cause of a failed install in one line."""
    found = causes(said)
    return ": ".join(dict.fromkeys((found[0], found[-1])))[:REASON_CHARACTERS]


def folder_name(axes: Axes, lock: bytes, interpreter: Interpreter) -> str:
    """The name of an environment, such as `py37-thread-0123456789ab`: same name, same content."""
    stands_on = f"\0{interpreter.executable.resolve()}\0{interpreter.version}".encode()
    content = hashlib.sha256(lock + stands_on).hexdigest()[:12]
    return f"py{axes.python.replace('.', '')}-{axes.stack}-{content}"


def kill(child: subprocess.Popen[str]) -> None:
    """End a process and those that it started, unless it has ended."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # a zombie on macOS
            os.killpg(child.pid, signal.SIGKILL)


def taken(file: IO[str]) -> bool:
    """Whether the file's lock is ours now; it is given back when the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Uv:
    """Runs uv; `end` kills whatever runs and refuses what comes later."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.guard = threading.Lock()
        self.running: set[subprocess.Popen[str]] = set()
        self.ended = threading.Event()

    def start(self, words: Sequence[str | Path]) -> subprocess.Popen[str]:
        with self.guard:
            if self.ended.is_set():
                raise CancelledError
            child = subprocess.Popen(
                [uv_command(), *words, "--no-config", "--no-progress"],
                cwd=self.root,
                env=uv_environment(os.environ, self.root),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # a group of its own: the build of a package ends with it
            )
            self.running.add(child)
        return child

    def run(self, *words: str | Path, timeout_seconds: float = INSTALL_SECONDS) -> str:
        """What uv said of a failure; empty when it did as it was told.

        Raises:
            CancelledError: `end` was called before.
        """
        with self.start(words) as child:
            try:
                said = child.communicate(timeout=timeout_seconds)[1]
            except subprocess.TimeoutExpired:
                return f"error: it was not done after {timeout_seconds:g} s"
            finally:
                kill(child)
                with self.guard:
                    self.running.discard(child)
        if child.returncode == 0:
            return ""
        return said.strip() or f"error: uv ended with {child.returncode}"

    def end(self) -> None:
        with self.guard:
            self.ended.set()
            for child in self.running:
                kill(child)

    @contextlib.contextmanager
    def alone(self, path: Path) -> Iterator[None]:
        """Hold a lock file against other threads and other shells, waiting for it.

        Raises:
            CancelledError: `end` was called meanwhile.
        """
        with path.open("a") as file:
            while not taken(file):
                if self.ended.wait(POLL_SECONDS):
                    raise CancelledError
            yield


class Preparation:
    """What one call of `prepare` makes; its methods run side by side."""

    def __init__(self, uv: Uv, locks: Path, say: Callable[[str], None]) -> None:
        self.uv = uv
        self.locks = locks
        self.say = say

    def interpreter(self, minor: str) -> Interpreter:
        """This machine's, or one that uv fetched; raises VariantError."""
        folder = self.uv.root / "python"
        if found := find_interpreter(minor) or find_fetched(folder, minor):
            return found
        with self.uv.alone(self.uv.root / f"python-{minor}.lock"):
            return find_fetched(folder, minor) or self.fetched(folder, minor)

    def fetched(self, folder: Path, minor: str) -> Interpreter:
        self.say(f"fetching CPython {minor}: this machine has none")
        failed = self.uv.run("python", "install", minor, timeout_seconds=FETCH_SECONDS)
        if not failed and (found := find_fetched(folder, minor)):
            return found
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

    def ensured(self, image: str, name: str, needs: Needs, interpreter: Interpreter) -> Installed:
        """The environment in a folder of that name, made when it is not there.

        Args:
            needs: what `pip install` is told.
        """
        folder = self.uv.root / name
        version = f"CPython {interpreter.version}"
        if not (folder / COMPLETE).exists():
            with self.uv.alone(folder.with_name(f"{folder.name}.lock")):
                if not (folder / COMPLETE).exists():
                    self.say(f"making the environment of {image} ({version}, {interpreter.origin})")
                    self.make(folder, needs, interpreter)
        reference = f"{version} of this machine ({interpreter.origin})"
        return Installed(folder / "bin" / "python3", reference)

    def make(self, folder: Path, needs: Needs, interpreter: Interpreter) -> None:
        for _ in range(ATTEMPTS):
            failed = self.attempt(folder, needs, interpreter)
            if not failed:
                return
        shutil.rmtree(folder, ignore_errors=True)
        raise VariantError(telling_line(failed))

    def attempt(self, folder: Path, needs: Needs, interpreter: Interpreter) -> str:
        """What uv said of a failure; empty when the environment is complete."""
        if folder.exists():
            shutil.rmtree(folder)
        python = folder / "bin" / "python3"
        # Compiled as pip does in the images: compiling at the first start would raise the peak.
        failed = self.uv.run("venv", "--no-project", "--python", interpreter.executable, folder)
        if not failed and needs:
            failed = self.uv.run("pip", "install", "--compile-bytecode", "--python", python, *needs)
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

    def said(line: str) -> None:
        with guard:
            say(line)

    return said


def collected(jobs: Mapping[str, Future[Installed]]) -> Prepared:
    ready, missing = {}, {}
    for image, job in jobs.items():
        try:
            ready[image] = job.result()
        except (VariantError, OSError) as error:
            missing[image] = " ".join(str(error).split())
    return Prepared(ready, missing)


def prepare(
    variants: Sequence[Variant], locks: Path, root: Path, say: Callable[[str], None]
) -> Prepared:
    """An environment for each image of the variants: what is cached, and the others made.

    Called on the main thread, SIGTERM interrupts it as Ctrl-C does; no process of uv stays.

    Args:
        variants: their images, Pythons and stacks count.
        locks: the folder of the stacks' locks with hashes, `<stack>.txt`.
        root: where everything is put; removing it leaves nothing. Made when it is missing.
        say: told a line for each environment and interpreter that is about to be made.

    Raises:
        LabError: root cannot be made, or something must be installed and there is no uv.
        KeyboardInterrupt: it was interrupted.
    """
    root = root.absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"the environments' folder cannot be made: {error}") from error
    images = {variant.image: variant.axes for variant in variants}
    uv, pool = Uv(root), ThreadPoolExecutor(os.cpu_count())
    job = Preparation(uv, locks.absolute(), one_at_a_time(say))
    with signals_interrupt():
        try:
            # Before those that wait for them, so that a full pool cannot wait for itself.
            found = {
                minor: pool.submit(job.interpreter, minor)
                for minor in sorted({axes.python for axes in images.values()})
            }
            return collected(
                {
                    image: pool.submit(job.installed, image, axes, found[axes.python])
                    for image, axes in images.items()
                }
            )
        finally:
            uv.end()
            pool.shutdown(cancel_futures=True)
