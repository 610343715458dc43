"""What tests of the engine of local processes share."""

import os
import sys
from pathlib import Path

import pytest
from lab.engines.process.engine import ProcessEngine
from support.made_engine import make_engine
from support.planted_machine import PlantedMachine


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlantedMachine:
    made = PlantedMachine(tmp_path)
    for name in [name for name in os.environ if name.startswith(("UV_", "PYENV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "executable", str(made.box / "python"))
    monkeypatch.setitem(sys.modules, "uv", None)
    return made


@pytest.fixture
def engine(tmp_path: Path) -> ProcessEngine:
    return make_engine(tmp_path)
