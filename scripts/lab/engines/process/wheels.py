"""Programs of servers that a release of the Python index has, in an environment of their own."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from lab.engines.process.debian import Programs
from lab.engines.process.environments import COMPLETE
from lab.engines.process.uv import Uv
from lab.errors import LabError


def wheel_programs(wheel: str, cache: Path, say: Callable[[str], None]) -> Programs | None:
    """Where the programs of a release are, once it is installed; None where it cannot be.

    Args:
        wheel: its name and version.
        cache: the folder that keeps what was installed.
    """
    root = cache / wheel.replace("==", "-")
    if not (root / COMPLETE).exists():
        say(f"installing {wheel}, which speaks the protocol of a server that this machine lacks")
        if not installs(wheel, root):
            return None
    return Programs((str(root / "bin"),))


def installs(wheel: str, root: Path) -> bool:
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    uv = Uv(root.parent)
    try:
        failed = uv.run("venv", root, "--python", sys.executable) or uv.run(
            "pip", "install", "--only-binary", ":all:", "--python", root / "bin" / "python", wheel
        )
    except LabError:
        return False
    if not failed:
        (root / COMPLETE).touch()
    return not failed
