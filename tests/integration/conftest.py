"""Temporary: an engine, and an image to build on."""

from __future__ import annotations

import subprocess

import pytest


@pytest.fixture(scope="session")
def engine() -> None:
    done = subprocess.run(["docker", "version"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("NO DOCKER ENGINE ANSWERS: nothing of the gate was tested")


@pytest.fixture(scope="session")
def debian_base(engine: None) -> str:
    return "memlab-base:debian"
