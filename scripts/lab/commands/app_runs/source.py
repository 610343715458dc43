"""Keeps an app's folder with its run, as it was run, and reads it back for a bundle."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from lab.app.env_file import parse_env
from lab.app.spec import AppSpec
from lab.engines.choice import say
from lab.errors import LabError, UsageError
from lab.files import opened_file, read_bytes, write_file
from lab.share.archive import ArchiveEntry, zip_of
from lab.share.contents import why_left_out
from lab.share.manifest import LeftOut
from lab.share.redaction import REDACTED
from lab.share.source import (
    ARCHIVE,
    MOST_APP_BYTES,
    MOST_APP_FILES,
    NAME,
    AppArchive,
    ChosenFiles,
    choose,
    read_source,
    source_entry,
)
from lab.share.unpacking import MOST_BUNDLE_BYTES, check_written, read_archive
from lab.store.run_folder import RunFolder
from lab.units import MIB

TOP = "app"
VARIABLES = "variables.redacted"
"""In the place of an `env_file` that stays out: its names, without their values."""


def keep_source(spec: AppSpec, folder: RunFolder) -> None:
    """Write the app's archive into the run's folder; says why where it cannot be kept."""
    try:
        source, files = collect(spec)
        archive = zip_of(TOP, {**files, NAME: source_entry(source)})
        check_written(archive)
        write_file(folder.path / ARCHIVE, archive)
    except (LabError, OSError, UnicodeDecodeError) as error:
        say(f"the app is not kept with the run, so that no bundle can be made of it: {error}")


def collect(
    spec: AppSpec, most_files: int = MOST_APP_FILES
) -> tuple[AppArchive, dict[str, ArchiveEntry]]:
    """The app's files by their names, and what stays out.

    Raises:
        LabError: they are too many or too large, or one cannot be read.
    """
    excluded = spec.bundle_exclude
    choice = choose(sorted(names_below(spec.folder, excluded)), excluded)
    if len(choice.chosen) > most_files:
        raise UsageError(
            f"{spec.folder} has {len(choice.chosen):,} files, at most {most_files:,} are kept: "
            "name what is not source in bundle.exclude of lab.toml"
        )
    files, links = read_files(spec.folder, choice)
    files, replaced = without_variables(spec, files)
    others = (each for each in choice.left_out if each.name not in {r.name for r in replaced})
    left_out = (*others, *links, *replaced)
    source = AppArchive(
        str(spec.folder),
        spec.folder.name,
        spec.file.name,
        left_out,
        spec.command,
        spec.image_facts,
    )
    return source, files


def names_below(folder: Path, excluded: Sequence[str]) -> Iterator[PurePosixPath]:
    """Every file below a folder but those of folders that stay out; no symlink is followed."""
    for where, folders, files in os.walk(folder):
        below = PurePosixPath(Path(where).relative_to(folder).as_posix())
        # A folder that stays out is not gone through: it may hold a million files.
        skipped = [name for name in folders if why_left_out(below / name, excluded)]
        yield from (below / name / "..." for name in skipped)
        yield from (below / name for name in folders if os.path.islink(Path(where) / name))
        yield from (below / name for name in files)
        folders[:] = [name for name in folders if name not in skipped]


def read_files(folder: Path, choice: ChosenFiles) -> tuple[dict[str, ArchiveEntry], list[LeftOut]]:
    """The chosen files, and what of them is not a file.

    Raises:
        LabError: they are too large, or one cannot be read.
    """
    files: dict[str, ArchiveEntry] = {}
    left_out, left = [], MOST_APP_BYTES
    for name in choice.chosen:
        path = folder / name
        if path.is_symlink() or not path.is_file():
            left_out.append(LeftOut(str(name), "it is a symlink or no file"))
            continue
        is_program = os.access(path, os.X_OK)
        if path.stat().st_size > left:
            raise UsageError(
                f"{folder} has more than {MOST_APP_BYTES // MIB} MiB, as of {name}: "
                "name what is not source in bundle.exclude of lab.toml"
            )
        files[str(name)] = ArchiveEntry(read_bytes(path, left), is_program)
        left -= len(files[str(name)].content)
    return files, left_out


def without_variables(
    spec: AppSpec, files: Mapping[str, ArchiveEntry]
) -> tuple[dict[str, ArchiveEntry], list[LeftOut]]:
    """The files with a list of names in the place of the `env_file`, which stays out."""
    entries = dict(files)
    name = env_file_of(spec)
    if name is None or name in entries:
        return entries, []
    variables = parse_env((spec.folder / name).read_text(encoding="utf-8-sig"))
    lines = "".join(f"{each}={REDACTED}\n" for each in variables)
    entries[VARIABLES] = ArchiveEntry(lines.encode())
    described = entries[spec.file.name]
    text = re.sub(
        r"(?m)^(\s*env_file\s*=\s*)([\"'])[^\"'\n]*\2",
        rf'\1"{VARIABLES}"',
        described.content.decode(),
    )
    entries[spec.file.name] = ArchiveEntry(text.encode(), described.is_program)
    return entries, [LeftOut(name, f"{VARIABLES} has its names, without values")]


def env_file_of(spec: AppSpec) -> str | None:
    """The file that lab.toml names for variables."""
    values = tomllib.loads(spec.file.read_text(encoding="utf-8"))
    name = values.get("env_file")
    return PurePosixPath(name).as_posix() if isinstance(name, str) else None


def kept_source(folder: RunFolder) -> tuple[AppArchive, dict[str, ArchiveEntry]] | None:
    """The app that was kept with a run; None where none was.

    Raises:
        LabError: what was kept cannot be read.
    """
    path = folder.path / ARCHIVE
    if not os.path.lexists(path):
        return None
    with opened_file(path, MOST_BUNDLE_BYTES) as file:
        _, files = read_archive(file, os.fstat(file.fileno()).st_size)
    return read_source(files), {name: each for name, each in files.items() if name != NAME}
