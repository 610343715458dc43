"""The app's folder as it was run: one archive in the run's folder, and what it says of itself."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lab.errors import LabError
from lab.files import is_plain_name
from lab.records.codec import ShapeError, decode, encode
from lab.records.image_facts import ImageFacts
from lab.share.archive import ArchiveEntry
from lab.share.contents import environments_of, why_left_out
from lab.share.manifest import LeftOut, name_text
from lab.share.unpacking import name_fault, same_name
from lab.units import MIB

NAME = "source.json"
ARCHIVE = "app.zip"
"""The archive's name in the run's folder."""
MOST_RUN_CHARACTERS = 100
"""The longest path before a file's name in a bundle: the run's id, `app`, its folder."""
MOST_APP_FILES = 4_000
MOST_APP_BYTES = 60 * MIB
"""The most bytes of the app's files; more is data, which `bundle.exclude` names."""


@dataclass(frozen=True, slots=True)
class AppArchive:
    """What an archive of an app says of itself."""

    folder: str
    """The folder that the app stood in; it stays on this machine."""
    name: str
    """The folder's own name."""
    file: str
    """The file that describes the app, such as `lab.toml`."""
    left_out: tuple[LeftOut, ...]
    command: str | None = None
    """What served it, which its description may leave to its image; None: not kept."""
    image_facts: ImageFacts = field(default_factory=ImageFacts)
    """What the engine reported of its image."""


@dataclass(frozen=True, slots=True)
class ChosenFiles:
    """The files that go into a bundle, and those that do not."""

    chosen: tuple[PurePosixPath, ...]
    left_out: tuple[LeftOut, ...]


def choose(names: Sequence[PurePosixPath], excluded: Sequence[str]) -> ChosenFiles:
    """The files of an app that go in; of a folder that stays out the folder is named once.

    Args:
        names: of every file, in the app's folder.
        excluded: what `bundle.exclude` names.
    """
    patterns = tuple(excluded)
    environments = environments_of(names)
    chosen, left_out = [], {}
    seen: set[str] = set()
    for name in sorted(names):
        reason = why_left_out(name, patterns)
        inside = next((each for each in environments if is_below(name, each)), None)
        if reason is None and inside is None:
            if fault := unpackable(name, seen):
                left_out[str(name)] = fault
            else:
                chosen.append(name)
        elif inside is not None and inside != ".":
            left_out[f"{inside}/"] = "a virtual environment"
        else:
            left_out[first_left_out(name, patterns)] = reason or "a virtual environment"
    facts = tuple(LeftOut(name, reason) for name, reason in sorted(left_out.items()))
    return ChosenFiles(tuple(chosen), facts)


def unpackable(name: PurePosixPath, seen: set[str]) -> str | None:
    """Why a reader would refuse a bundle with this name; None where it would not.

    Args:
        seen: the names so far, as `same_name` writes them; this one is added.
    """
    inside = f"{'x' * MOST_RUN_CHARACTERS}/{name}"
    if fault := name_fault(inside, inside):
        return f"its name {fault}"
    if same_name(str(name)) in seen:
        return "another name differs in case alone"
    seen.add(same_name(str(name)))
    return None


def is_below(name: PurePosixPath, folder: str) -> bool:
    return folder == "." or name.is_relative_to(folder)


def first_left_out(name: PurePosixPath, excluded: Sequence[str]) -> str:
    """The topmost folder for which a file stays out, else the file itself."""
    for above in reversed(name.parents[:-1]):
        if why_left_out(above, excluded):
            return f"{above}/"
    return str(name)


def source_entry(source: AppArchive) -> ArchiveEntry:
    return ArchiveEntry((json.dumps(encode(source), indent=1) + "\n").encode())


def read_source(files: Mapping[str, ArchiveEntry]) -> AppArchive:
    """What the archive says of itself.

    Raises:
        LabError: it says nothing that can be used.
    """
    try:
        source: AppArchive = decode(AppArchive, json.loads(files[NAME].content))
    except (KeyError, ShapeError, ValueError, RecursionError) as error:
        raise LabError(f"{ARCHIVE} of the run cannot be used: {NAME} is damaged") from error
    # A name that leads elsewhere would have another app described, and run.
    if not is_plain_name(source.file) or source.file not in files:
        raise LabError(
            f"{ARCHIVE} of the run cannot be used: {name_text(source.file)} is not in it"
        )
    return source
