"""Which runs this checkout made as local processes: a mark of each, outside of `results/`.

A run's folder may come from anywhere, and what it says of itself is what its sender wrote.
"""

import hashlib
from pathlib import Path

from lab.files import MOST_RUN_FILE_BYTES, path_text, read_bytes, write_file, writing
from lab.store.layout import EXPERIMENT, OWN
from lab.store.run_folder import RunFolder

MARKS = "made-here"


def mark(folder: RunFolder, source: str, work: Path) -> None:
    """Remember that a run, as it is now, was made here.

    Args:
        folder: the run's.
        source: the name of the file in it that keeps the app.
        work: the checkout's own folder, of which nothing is ever sent.

    Raises:
        LabError: a file of the run cannot be read, or the mark cannot be written.
    """
    marks = work / MARKS
    with writing(marks):
        marks.mkdir(parents=True, exist_ok=True)
    write_file(marks / digest_of(folder, source), folder.id + "\n")


def is_marked(folder: RunFolder, source: str, work: Path) -> bool:
    """Whether a run was made here, and nothing of what its app is run from was changed since.

    Raises:
        LabError: a file of the run cannot be read.
    """
    return (work / MARKS / digest_of(folder, source)).is_file()


def digest_of(folder: RunFolder, source: str) -> str:
    """A hash of the run's app, its settings and its raw files, with their names."""
    paths = [folder.path / name for name in (EXPERIMENT, OWN, source)]
    digest = hashlib.sha256()
    for path in (*(each for each in paths if each.exists()), *folder.raw_files()):
        content = hashlib.sha256(read_bytes(path, MOST_RUN_FILE_BYTES)).hexdigest()
        digest.update(f"{content} {path_text(path.relative_to(folder.path))}\n".encode())
    return digest.hexdigest()
