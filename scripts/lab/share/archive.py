"""The zip of a bundle: the same bytes for the same files."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OLDEST = (1980, 1, 1, 0, 0, 0)
"""The time of every entry: zip knows none before."""
UNIX = 3
FILE_MODE, PROGRAM_MODE = 0o100644, 0o100755
OPEN_FOLDER_MODE = 0o040777
"""The mode of a folder into which a container of any user writes."""
LEVEL = 9


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One file of a bundle."""

    content: bytes
    is_program: bool = False


def zip_of(top: str, files: Mapping[str, ArchiveEntry], open_folders: Sequence[str] = ()) -> bytes:
    """The archive with all of it below one folder, in the order of the names.

    Args:
        top: the folder's name.
        files: by their names below it.
        open_folders: empty folders that everybody may write to.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name in sorted((*files, *(f"{folder}/" for folder in open_folders))):
            entry = files.get(name)
            mode = OPEN_FOLDER_MODE if entry is None else mode_of(entry)
            info = zipfile.ZipInfo(f"{top}/{name}", OLDEST)
            info.create_system = UNIX
            info.external_attr = mode << 16 | (0x10 if entry is None else 0)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, b"" if entry is None else entry.content)
    return buffer.getvalue()


def mode_of(entry: ArchiveEntry) -> int:
    return PROGRAM_MODE if entry.is_program else FILE_MODE
