"""Runs scripts of calls in the app's own environment, below a supervisor and with its limits."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lab.engines.process.environments import Installed
from lab.engines.process.script import ScriptLimits, run_script
from lab.errors import LabError
from lab.reproducer.calls import Calls
from lab.reproducer.script import NAME, TEST, TEST_NAME, ScriptOrigin, rate_a_call, script_text
from lab.reproducer.script_results import GROWS, STAYS, ScriptRun, check_grows, check_stays
from lab.reproducer.served_object import NotReproduced

RUN_SECONDS = 240.0
RUN_TEST = "import test_growth; test_growth.test_memory_does_not_grow()"
FAILED_TEST = "AssertionError"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where scripts are tried."""

    folder: Path
    app: Path
    """The app's folder, of which each script gets a copy."""
    slug: str
    """The name of that copy, as in a bundle."""
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class GrowingScript:
    """A script that grows like the served app."""

    calls: Calls
    text: str
    rate_bytes: float


def shown_script(
    shop: Workshop, installed: Installed, origin: ScriptOrigin, calls: Calls
) -> GrowingScript:
    """The script of these calls, once it has shown the growth.

    Raises:
        NotReproduced: it does not; says why.
    """
    text = script_text(origin, calls)
    ran = run(shop, installed, text, calls)
    return GrowingScript(calls, text, check_grows(ran, rate_a_call(origin, calls)))


def check_test(shop: Workshop, installed: Installed, script: GrowingScript) -> None:
    """Hold a script's test to its purpose: it must fail where the script grows.

    Raises:
        NotReproduced: the test does not fail where the script grows.
    """
    ran = run(shop, installed, script.text, script.calls, is_test=True)
    if ran.status != GROWS or FAILED_TEST not in ran.output:
        raise NotReproduced(f"{TEST_NAME} does not fail where {NAME} grows")


def check_mended(shop: Workshop, mended: Installed, script: GrowingScript) -> float:
    """Bytes a call with the mended release, on which script and test pass.

    Raises:
        NotReproduced: one of them does not.
    """
    rate = check_stays(run(shop, mended, script.text, script.calls))
    if run(shop, mended, script.text, script.calls, is_test=True).status != STAYS:
        raise NotReproduced(f"{TEST_NAME} does not pass with the mended release")
    return rate


def run(
    shop: Workshop, installed: Installed, text: str, calls: Calls, is_test: bool = False
) -> ScriptRun:
    """One run of a script, or of its test, in a fresh folder."""
    work = Path(tempfile.mkdtemp(prefix="memlab-reproduce-", dir=shop.folder))
    (work / NAME).write_text(text, encoding="utf-8")
    (work / TEST_NAME).write_text(TEST, encoding="utf-8")
    if calls.imports_app:
        shutil.copytree(shop.app, work / "app" / shop.slug, symlinks=True)
    variables = {"HOME": str(work), "TMPDIR": str(work), "LANG": "C.UTF-8"}
    environment = {"PATH": installed.search_path, **variables, "PYTHONDONTWRITEBYTECODE": "1"}
    words = ("-c", RUN_TEST) if is_test else (NAME,)
    limits = ScriptLimits(shop.memory_bytes, RUN_SECONDS)
    try:
        ended = run_script([str(installed.python), *words], environment, work, limits)
    except OSError as error:
        raise LabError(f"{NAME} cannot be started: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return ScriptRun(ended.status, ended.output, ended.stopped_by)
