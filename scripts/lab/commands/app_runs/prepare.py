"""What runs once before an app serves: its servers' data are made, then its own."""

import contextlib
import os
import subprocess
import tempfile
import time
from pathlib import Path

from lab.app.environment import ENVIRONMENTS
from lab.app.guess.failures import Failure, FailureKind
from lab.app.server_addresses import pointed
from lab.app.services import secrets
from lab.app.spec import AppSpec
from lab.app.workdir import COPY, ReadyApp
from lab.commands.checks.texts import Say
from lab.engines.process.app_servers import (
    FOLDER,
    RunningServers,
    address_of,
    new_servers,
    running_template,
)
from lab.engines.process.environments import Installed
from lab.engines.process.ports import Ports
from lab.engines.process.process_group import end_supervisor, launch
from lab.engines.protocol import PREPARE_SECONDS
from lab.files import read_tail
from lab.paths import ROOT

START = 'cd "$1" && exec > "$2" 2>&1 && shift 2 && exec "$@"'
SAID = "said.txt"
MOST_PREPARE_OUTPUT_BYTES = 20_000
LOOK_SECONDS = 0.5
"""How often it is seen whether the app's copy is still there."""


def with_servers(spec: AppSpec, installed: Installed, work: Path, root: Path, say: Say) -> ReadyApp:
    """The app's environment, and its servers with fresh data in the work folder.

    Raises:
        NoServer: one of the servers cannot be had.
    """
    if not spec.services:
        return ReadyApp(installed)
    cache = (root / ENVIRONMENTS / "servers").absolute()
    return ReadyApp(installed, new_servers(spec.services, work / FOLDER, cache, say))


def prepare_data(spec: AppSpec, ready: ReadyApp, work: Path) -> Failure | None:
    """Why the app's data could not be made ready in the copy; None where they are ready."""
    if spec.prepare is None:
        return None
    with contextlib.ExitStack() as stack:
        beside = None
        if ready.beside is not None:
            beside = stack.enter_context(
                running_template(ready.beside, address_of(Ports().take(1)))
            )
        return run_prepare(spec, ready, work, beside)


def run_prepare(
    spec: AppSpec,
    ready: ReadyApp,
    work: Path,
    beside: RunningServers | None,
    most_seconds: float = PREPARE_SECONDS,
) -> Failure | None:
    """Why it failed; None where it did not. Nothing that it started runs on, nor after the lab."""
    assert spec.prepare is not None
    prefix, copy = beside.prefix if beside else (), work / COPY
    environment = environment_of(spec, ready.installed, work, beside)
    with tempfile.TemporaryDirectory(prefix="memlab-prepare-") as own:
        said = Path(own) / SAID
        words = ["sh", "-c", START, "sh", str(copy), str(said), *prefix, "sh", "-c", spec.prepare]
        process = launch(words, environment, Path(own), None)
        try:
            status = status_of(process, copy, most_seconds)
        finally:
            end_supervisor(process, work)
        if status == 0:
            return None
        if status is None:
            text = f"{spec.prepare} did not end within {most_seconds:.0f} s"
            return Failure(FailureKind.PREPARE, text)
        text = (
            read_tail(said, MOST_PREPARE_OUTPUT_BYTES).decode(errors="replace")
            if said.exists()
            else ""
        )
        return Failure(FailureKind.PREPARE, text)


def status_of(process: "subprocess.Popen[bytes]", copy: Path, most_seconds: float) -> int | None:
    """The exit status of what runs in the copy; None where its time is over, or the copy is gone:
    whoever waited for it was interrupted."""
    deadline = time.monotonic() + most_seconds
    while copy.is_dir() and (left_seconds := deadline - time.monotonic()) > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(min(left_seconds, LOOK_SECONDS))
    return None


def environment_of(
    spec: AppSpec, installed: Installed, work: Path, beside: RunningServers | None
) -> dict[str, str]:
    base = {"PATH": installed.search_path, "HOME": str(work), "LANG": "C.UTF-8", "PORT": "8000"}
    if spec.secrets:
        base |= {"LAB_SECRETS": secrets(spec), "LAB_FOLDER": str(work / COPY)}
        base["PYTHONPATH"] = str(ROOT / "apps" / "outside")
    if beside is None:
        return {**base, **spec.environment}
    led = pointed(spec.environment, spec.services, beside.address)
    paths = [str(ROOT / "apps" / "outside"), led.get("PYTHONPATH", "")]
    whole = {**base, **led, **beside.environment}
    return {**whole, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
