"""A machine's clock that is set, for the programs of one test alone."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_suffix(".c")


class SteppedClock:
    """Programs that are started with `environment` see the time of day as it is set here.

    The machine's own clock is left alone. What such a program waits for is not moved.
    """

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("NO C COMPILER HERE: a clock that is set was not tested with real programs")
        self.library, self.step_file = folder / "stepped_clock.so", folder / "step"
        self.set(0)
        words = [compiler, "-shared", "-fPIC", "-O1", "-o", self.library, SOURCE]
        subprocess.run(words, check=True)

    @property
    def environment(self) -> Mapping[str, str]:
        return {"LD_PRELOAD": str(self.library), "STEPPED_CLOCK": str(self.step_file)}

    def set(self, seconds: int) -> None:
        """From now on the time of day is later by so much."""
        with self.step_file.open("r+b" if self.step_file.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))

    def programs(self) -> list[str]:
        """The commands of all programs that have this clock."""
        told = self.step_file.with_name(f"{self.step_file.name}.told")
        return told.read_text(encoding="utf-8", errors="replace").splitlines()
