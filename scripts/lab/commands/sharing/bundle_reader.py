"""A stranger's bundle: checked as a whole before any of it is written, and then no more than that.

Of its files only the run and the app are written, below one fresh folder.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lab.commands.rebuild import summarise_anew
from lab.commands.sharing.bundle_run import THERE
from lab.errors import LabError, UsageError
from lab.files import file_fault, is_plain_name, opened_file, path_text
from lab.records.summary import Summary
from lab.report.render import summary_json
from lab.share.archive import ArchiveEntry
from lab.share.manifest import (
    NAME,
    BundleKind,
    Manifest,
    check_files,
    not_as_said,
    read_manifest,
)
from lab.share.unpacking import MOST_BUNDLE_BYTES, read_archive
from lab.store.layout import SUMMARY
from lab.store.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose manifest holds."""

    manifest: Manifest
    files: Mapping[str, ArchiveEntry]


def open_bundle(path: Path) -> Bundle:
    """A bundle whose files are all that its manifest says.

    Raises:
        LabError: it is not a bundle, would harm, or its manifest does not hold.
    """
    try:
        fault = file_fault(path.stat(), MOST_BUNDLE_BYTES)
    except (OSError, ValueError):
        fault = "it is not there"
    if fault is not None:
        raise UsageError(f"BUNDLE={path_text(path)}: {fault}: give the file that make bundle wrote")
    try:
        with opened_file(path.resolve(), MOST_BUNDLE_BYTES) as file:
            _, files = read_archive(file, os.fstat(file.fileno()).st_size)
        if NAME not in files:
            raise UsageError(f"it is not a bundle: it has no {NAME}")
        manifest = read_manifest(files[NAME].content)
        check_files(manifest, {name: entry.content for name, entry in files.items()})
        check_shape(manifest, files)
    except LabError as error:
        raise UsageError(f"BUNDLE={path_text(path)}: {error}") from error
    return Bundle(manifest, files)


def check_shape(manifest: Manifest, files: Mapping[str, ArchiveEntry]) -> None:
    """Refuse a bundle without what its manifest says that it is.

    Raises:
        UsageError: its run or its app is not there.
    """
    if not is_plain_name(manifest.run) or f"{THERE}/{manifest.run}/{SUMMARY}" not in files:
        raise not_as_said("its run is not there")
    if (manifest.app is None) is (manifest.kind is BundleKind.APP):
        raise not_as_said("only the run of an app has an app")
    if manifest.app is not None:
        parts = PurePosixPath(manifest.app).parts
        if manifest.app not in files or len(parts) != 3 or parts[0] != "app":
            raise not_as_said("its app is not there")


def write_run(bundle: Bundle, work: Path) -> RunFolder:
    """The run and the app, written below a fresh folder."""
    kept = [f"{THERE}/{bundle.manifest.run}/"]
    if bundle.manifest.app is not None:
        kept.append(f"{PurePosixPath(bundle.manifest.app).parent}/")
    for name, entry in bundle.files.items():
        if name.startswith(tuple(kept)):
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(entry.content)
            path.chmod(0o755 if entry.is_program else 0o644)
    return RunFolder(work / THERE / bundle.manifest.run)


def judged_there(bundle: Bundle, folder: RunFolder) -> tuple[Summary, bool]:
    """What the raw files say, judged here, and whether that has the bytes of the bundle's own.

    Raises:
        LabError: a raw file cannot be read.
    """
    try:
        summary = summarise_anew(folder)
    except LabError as error:
        raise UsageError(f"the run of the bundle cannot be judged: {error}") from error
    stated = bundle.files[f"{THERE}/{folder.id}/{SUMMARY}"].content
    return summary, summary_json(summary).encode() == stated
