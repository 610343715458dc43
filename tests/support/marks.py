"""Marks of the real tests that a machine, or a short run, leaves out; each says so loudly."""

import os
from pathlib import Path

import pytest

needs_processes = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="LOCAL PROCESSES ARE TESTED ON LINUX ONLY"
)
needs_time = pytest.mark.skipif(
    os.environ.get("SLOW") != "1", reason="SET SLOW=1 FOR THE RUNS OF MINUTES EACH"
)
