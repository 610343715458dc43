"""`lab bundle`: one file with everything of a run that somebody else needs to run it again."""

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from lab.commands.sharing.bundle_parts import BundleParts, parts_of
from lab.commands.terminal import new_console
from lab.errors import ExitCode, UsageError
from lab.files import path_text, write_file
from lab.settings import declared_sharing as declared
from lab.settings import given_settings
from lab.share.archive import ArchiveEntry, zip_of
from lab.share.manifest import Manifest
from lab.share.unpacking import check_written
from lab.store.find_runs import find_run
from lab.store.layout import results_folder
from lab.text.phrases import counted, listed, size
from lab.units import KIB

RESULTS = "results"
"""The folder of a bundle into which its driver writes."""
LAB_FOLDERS = ("scripts/", "images/", "apps/")
LISTED_BYTES = 100 * KIB
"""The size from which the lab's own files are listed one by one."""


NEXT_WHERE_OPEN = "measure it again with more time (BUDGET=15m), or on a quieter machine, first"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments: the command takes settings alone."""


def run(_: argparse.Namespace) -> ExitCode:
    """Decided once the file is written.

    Raises:
        LabError: there is no such run, its app was not kept, or the file would be too large.
    """
    given, console = given_settings(), new_console()
    folder = find_run(results_folder(given), declared.RUN.read(given))
    parts = parts_of(folder, given)
    tell(console, parts.manifest, parts.files)
    archive = zip_of(parts.manifest.run, parts.files, (RESULTS,))
    check_size(len(archive), given)
    check_written(archive)
    path = folder.path.parent / f"{parts.manifest.run}.zip"
    write_file(path, archive)
    console.print(f"bundle: {path_text(path)}, {size(len(archive))}", soft_wrap=True)
    tell_next(console, parts, path)
    return ExitCode.DECIDED


def check_size(size_bytes: int, given: Mapping[str, str]) -> None:
    """Refuse an archive that is larger than BUNDLE_LIMIT.

    Raises:
        UsageError: the archive is larger than what is allowed.
    """
    most = declared.BUNDLE_LIMIT.read(given)
    if most is not None and size_bytes > most:
        raise UsageError(
            f"the bundle would have {size(size_bytes)}, more than BUNDLE_LIMIT="
            f"{declared.BUNDLE_LIMIT.text(given)}: name what is not source in bundle.exclude of "
            "lab.toml and run it again, or raise BUNDLE_LIMIT"
        )


def tell(console: Console, manifest: Manifest, files: Mapping[str, ArchiveEntry]) -> None:
    """List what goes in, what stays out and what was replaced, before anything is written."""
    own = [name for name in files if name.startswith(LAB_FOLDERS)]
    console.print(f"{manifest.run}.zip will hold {counted(len(files), 'file')}:")
    for name in sorted(files):
        length = len(files[name].content)
        if name not in own or length > LISTED_BYTES:
            console.print(f"  {size(length):>9}  {name}", soft_wrap=True)
    sizes = sum(len(files[name].content) for name in own)
    console.print(f"  {size(sizes):>9}  {counted(len(own), 'file')} of the lab itself")
    for each in manifest.left_out:
        console.print(f"left out: {each.name} ({each.reason})", soft_wrap=True)
    for shown_as, count in manifest.redacted.items():
        console.print(f"replaced by {shown_as!r}: {counted(count, 'place')}")
    console.print(f"lock: {manifest.lock}", soft_wrap=True)


def tell_next(console: Console, parts: BundleParts, path: Path) -> None:
    if names := parts.open_variants:
        console.print(
            f"no run elsewhere can agree with it: the verdict of {listed(names)} is inconclusive; "
            f"{NEXT_WHERE_OPEN}",
            soft_wrap=True,
        )
    if parts.tracker:
        console.print(f"issue.md is for {parts.tracker}; nothing was sent", soft_wrap=True)
    typed = shlex.quote(path_text(path))
    console.print(f"check it as its reader will: make verify BUNDLE={typed}", soft_wrap=True)
