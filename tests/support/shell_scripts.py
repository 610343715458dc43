"""The lab's shell: what make calls, and in scripts/shell what those call or source."""

from support.paths import ROOT

SCRIPTS = ROOT / "scripts"
SHELL_SCRIPTS = sorted(
    path
    for folder in (SCRIPTS, SCRIPTS / "shell")
    for path in folder.iterdir()
    if path.is_file()
    if path.suffix == ".sh" or path.read_bytes().startswith(b"#!/bin/sh")
)
