"""A program that ends by itself: its output, its limits, and that nothing of it is left."""

import os
import sys
from pathlib import Path

import pytest
from lab.engines.process.script import ScriptLimits, run_script

PLENTY = ScriptLimits(memory_bytes=1 << 30, seconds=60.0)
HERE = {"PATH": os.environ.get("PATH", os.defpath)}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="LOCAL PROCESSES ON LINUX ONLY")


def test_its_exit_code_and_what_it_wrote_come_back(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), os.environ.get('HOME')); sys.exit(3)"

    ended = run_script([sys.executable, "-c", code], HERE, tmp_path, PLENTY)

    assert (ended.status, ended.stopped_by) == (3, "")
    assert ended.output == f"{tmp_path} None\n"


def test_a_program_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    limits = ScriptLimits(PLENTY.memory_bytes, seconds=1.0)

    ended = run_script(["sh", "-c", "sleep 600 & echo $!; wait"], HERE, tmp_path, limits)

    assert ended.status is None
    assert ended.stopped_by.startswith("the script did not end within 1 s, which a busy machine")
    assert not Path(f"/proc/{ended.output.strip()}").exists()


def test_its_memory_has_a_limit(tmp_path: Path) -> None:
    limits = ScriptLimits(memory_bytes=64 << 20, seconds=60.0)
    code = "import time; kept = b'x' * (256 << 20); time.sleep(60)"

    ended = run_script([sys.executable, "-c", code], HERE, tmp_path, limits)

    assert ended.status is None
    assert "memory" in ended.stopped_by
