"""The apps of the lab, imported here, and what tests of several of their modules need."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from support.paths import ROOT

APPS = ROOT / "apps"
ON_LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux' /proc")


def app(name: str) -> Any:
    return importlib.import_module(name)
