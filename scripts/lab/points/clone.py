"""A clone that a stranger may have made, read by git without the clone's configuration.

A clone's own `config` names programs: filters, a monitor, a signer, what fetches an object that is
missing. git runs them while it lists commits or writes files. So git gets a folder of its own, with
a configuration written here, and of the clone its objects and its references alone.
"""

import contextlib
import os
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lab.errors import LabError, UsageError
from lab.files import kind_of, read_bytes, read_tail
from lab.text.phrases import clipped, printable, size
from lab.units import MIB

GIT_SECONDS = 60.0
MOST_TEXT_BYTES = 8 * MIB
MOST_SAID_BYTES = MIB // 16
MOST_LINK_BYTES = 4096
MOST_SAID = 200
CHUNK_BYTES = MIB
OWN_CONFIG = """\
[core]
\trepositoryformatversion = 1
\tbare = true
[gpg]
\tprogram = false
[gpg "x509"]
\tprogram = false
[gpg "ssh"]
\tprogram = false
"""
FORMATS = {"objectformat": "sha256", "refstorage": "reftable"}
"""What a clone's configuration says of how its files are read: the one value beside the default."""
FILES, FOLDERS = ("packed-refs", "shallow"), ("refs", "reftable")
"""What of a clone leads to its commits, beside its objects."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a clone's files are."""

    head: Path
    """The folder with HEAD; of a work tree beside the clone its own."""
    common: Path
    """The folder with objects, references and configuration."""
    inside: str
    """The folder that was named, as seen from the top of the files; empty for the top itself."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A clone as git is shown it."""

    clone: Path
    layout: Layout
    own: Path
    """The folder that git takes for the repository."""
    most_text_bytes: int = MOST_TEXT_BYTES
    """The most that git may print where it is read as text."""
    seconds: float = GIT_SECONDS
    """How long git may take each time."""

    def text(self, *words: str) -> str:
        """What git prints.

        Raises:
            UsageError: git refuses; says why.
            LabError: there is no git, it takes too long, or it prints too much.
        """
        with tempfile.TemporaryFile() as file:
            self.write(file, self.most_text_bytes, *words)
            file.seek(0)
            return file.read().decode(errors="replace")

    def write(self, file: BinaryIO, most_bytes: int, *words: str) -> None:
        """Write what git prints into a file; raises what `text` raises."""
        said = self.own / "said"
        with said.open("wb") as errors:
            try:
                child = subprocess.Popen(
                    ["git", *words],
                    cwd=self.own,
                    env=environment_of(self.own, self.layout.common / "objects"),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                )
            except OSError as error:
                raise LabError(f"git cannot be run: {error.strerror}") from error
            ended_by = copy_output(child, file, most_bytes, self.seconds)
        if ended_by:
            raise LabError(f"GIT={self.clone}: git {words[0]} {ended_by}")
        if child.returncode:
            raise UsageError(f"GIT={self.clone}: {last_line(said)}")


def copy_output(
    child: "subprocess.Popen[bytes]", file: BinaryIO, most_bytes: int, seconds: float
) -> str | None:
    """Write what a child prints into a file; why the child was ended, None where it was not."""
    is_late = threading.Event()

    def end() -> None:
        is_late.set()
        child.kill()

    timer, left = threading.Timer(seconds, end), most_bytes
    timer.start()
    try:
        with child:
            assert child.stdout is not None
            while chunk := child.stdout.read(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    child.kill()
                    return f"prints more than {size(most_bytes)}"
                file.write(chunk)
    finally:
        timer.cancel()
    return f"takes more than {seconds:.0f} s" if is_late.is_set() else None


def last_line(said: Path) -> str:
    lines = printable(read_tail(said, MOST_SAID_BYTES).decode(errors="replace")).split("\n")
    return clipped(
        next((line for line in reversed(lines) if line.strip()), "git failed"), MOST_SAID
    )


def environment_of(own: Path, objects: Path) -> Mapping[str, str]:
    """The variables of git: no configuration of the user's or the system's either."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(own),
        "LC_ALL": "C.UTF-8",
        "GIT_DIR": str(own),
        "GIT_OBJECT_DIRECTORY": str(objects),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


@contextlib.contextmanager
def opened_clone(clone: Path) -> Iterator[Repository]:
    """A clone, for as long as the context.

    Raises:
        UsageError: it is none.
        LabError: its files are not what they should be.
    """
    layout = layout_of(clone.absolute())
    if layout is None:
        raise UsageError(f"GIT={clone} is not a clone: it has no folder .git")
    with tempfile.TemporaryDirectory(prefix="memlab-clone-") as name:
        own = Path(name)
        (own / "HEAD").write_bytes(read_bytes(layout.head / "HEAD", MOST_LINK_BYTES))
        (own / "config").write_text(OWN_CONFIG, encoding="utf-8")
        link(layout.common, own)
        repository = Repository(clone, layout, own)
        add_formats(repository)
        yield repository


def layout_of(folder: Path) -> Layout | None:
    """Where the files of the clone are in which a folder stands; None where it stands in none."""
    for top in (folder, *folder.parents):
        inside = folder.relative_to(top).as_posix() if top != folder else ""
        if (top / ".git").is_dir():
            return Layout(top / ".git", top / ".git", inside)
        if os.path.lexists(top / ".git"):
            head = folder_named_in(top, top / ".git", "gitdir: ")
            is_linked = os.path.lexists(head / "commondir")
            return Layout(
                head, folder_named_in(head, head / "commondir") if is_linked else head, inside
            )
        if all((top / name).is_dir() for name in ("objects", "refs")) and (top / "HEAD").is_file():
            return Layout(top, top, "")
    return None


def folder_named_in(folder: Path, file: Path, prefix: str = "") -> Path:
    """The folder that a file names."""
    return folder / os.fsdecode(read_bytes(file, MOST_LINK_BYTES)).removeprefix(prefix).strip()


def link(common: Path, own: Path) -> None:
    """Link what leads to a clone's commits into git's own folder.

    Raises:
        LabError: something of it would be waited for, or is neither a file nor a folder.
    """
    (own / "objects").mkdir()
    for name in (*FILES, *FOLDERS):
        if os.path.lexists(common / name):
            check(common / name)
            for root, folders, files in os.walk(common / name):
                for each in (*folders, *files):
                    check(Path(root, each))
            (own / name).symlink_to(common / name)


def check(path: Path) -> None:
    status = path.lstat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise LabError(f"{path} cannot be read: it is {kind_of(status)}, a file is expected")


def add_formats(repository: Repository) -> None:
    """Add to git's configuration how the clone's files are to be read."""
    for name, value in FORMATS.items():
        if configured_value(repository, f"extensions.{name}") == value:
            with (repository.own / "config").open("a", encoding="utf-8") as file:
                file.write(f"[extensions]\n\t{name} = {value}\n")


def configured_value(repository: Repository, key: str) -> str:
    """What the clone's configuration says of a key, without what it includes; empty for nothing."""
    copy = repository.own / "theirs"
    with contextlib.suppress(LabError):
        copy.write_bytes(read_bytes(repository.layout.common / "config", MOST_TEXT_BYTES))
        words = ("config", "--no-includes", "--file", str(copy), "--get", key)
        return repository.text(*words).strip()
    return ""
