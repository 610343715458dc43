"""What stands at the top of the repository: what is listed here, nothing that a run left."""

import subprocess

import pytest
from lab.paths import ROOT

TOP = {
    ".ci",
    ".dockerignore",
    ".env",
    ".github",
    ".gitignore",
    "LICENSE",
    "Makefile",
    "README.md",
    "apps",
    "compose.yaml",
    "docs",
    "images",
    "pyproject.toml",
    "scripts",
    "tests",
}


def tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listing.stdout.strip("\0").split("\0")


def test_nothing_that_a_run_left_is_tracked_at_the_top() -> None:
    assert {name.partition("/")[0] for name in tracked()} == TOP


def test_no_program_and_no_archive_is_tracked() -> None:
    sources = (ROOT / name for name in tracked())
    regular = [path for path in sources if path.is_file() and not path.is_symlink()]
    assert not [path for path in regular if b"\0" in path.read_bytes()[:4096]]
