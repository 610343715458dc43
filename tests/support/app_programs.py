"""Programs that tests run with another `sys.path` than their own."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from support.paths import ROOT


def answer_with(program: str, *folders: Path) -> Any:
    """What a program prints as JSON, with `apps` and those folders first on its path."""
    path = [str(ROOT / "apps"), *map(str, folders)]
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import json, sys\nsys.path[:0] = {path}\n" + textwrap.dedent(program),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout)
