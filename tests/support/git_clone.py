"""A clone of three commits, as a stranger might hand it on."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

WHO = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
ATTRIBUTES = "*.txt filter=x diff=x merge=x ident text\nsigned.txt export-subst\n"
SIGNED = "$Format:%H %G? %GS %N %(describe)$\n"


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *WHO, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", message)


def made(folder: Path, *options: str) -> Path:
    """A clone of three commits, tagged v0 to v2."""
    shutil.copytree(template(*options).name, folder, symlinks=True)
    return folder


@cache
def template(*options: str) -> "TemporaryDirectory[str]":
    """What `made` copies: ten programs write it."""
    written = TemporaryDirectory()
    folder = Path(written.name)
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=", *options)
    (folder / ".gitattributes").write_text(ATTRIBUTES, encoding="utf-8")
    (folder / "signed.txt").write_text(SIGNED, encoding="utf-8")
    (folder / "package").mkdir()
    for number in range(3):
        (folder / "package" / "version.txt").write_text(str(number), encoding="utf-8")
        commit(folder, f"change {number}")
        git(folder, "tag", f"v{number}")
    return written
