"""What a Compose file mounts into the measured service: the project's files, and volumes."""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.app.companions import TARGET, sources
from lab.app.compose_reader import ComposeReader
from lab.app.compose_records import Mounts
from lab.app.container_folders import is_closed

COPIED = re.compile(r"[\w./@+=, -]+")
"""Names that a recipe's COPY takes as they are."""
MOST_SOURCE_SHOWN = 80


def mounts_of(reader: ComposeReader, service: Mapping[str, Any]) -> Mounts:
    """The files of the project that a service sees, and the folders of its own volumes.

    Other folders of this machine are left out, as the reader notes.

    Raises:
        UsageError: a mount has no place in a container, or a name that no recipe can hold.
    """
    files, folders = dict[str, Path](), list[str]()
    for source, stated in sources(service.get("volumes") or ()):
        if source[:1] not in (".", "/", "~"):
            folders.append(target_path(reader, stated))
        elif (path := below(reader, source)) is None:
            outside = "lies outside of the app's folder: it is not mounted"
            reader.leave_out(f"{source[:MOST_SOURCE_SHOWN]} {outside}")
        elif not path.exists():
            folders.append(target_path(reader, stated))
        elif COPIED.fullmatch(str(path.relative_to(reader.folder))):
            files[target_path(reader, stated)] = path
        else:
            named = f"{source[:MOST_SOURCE_SHOWN]!r} has characters that no Dockerfile can name"
            raise reader.refused(f"volumes: {named}")
    return Mounts(files, tuple(dict.fromkeys(folders)))


def target_path(reader: ComposeReader, target: str) -> str:
    """The path in the container.

    Raises:
        UsageError: it is not a path, or a folder that no app may fill.
    """
    path = posixpath.normpath(target) if TARGET.fullmatch(target) else ""
    if not path or is_closed(path) or '"' in path or "\\" in path:
        raise reader.refused(
            f"volumes: {target[:MOST_SOURCE_SHOWN]!r} cannot hold an app's files: "
            "mount them elsewhere"
        )
    return path


def below(reader: ComposeReader, source: str) -> Path | None:
    """The path in the app's folder; None for one elsewhere on this machine."""
    if source.startswith("~") or "\0" in source:
        return None
    path = (reader.file.parent / source).resolve()
    return path if path.is_relative_to(reader.folder) else None
