"""Programs of servers: this machine's own, else those of Debian's packages, unpacked by the lab."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.engines.process.bounded import run_bounded
from lab.engines.process.environments import COMPLETE
from lab.errors import LabError

FOLDERS = (
    "usr/lib/rabbitmq/bin",
    "usr/bin",
    "usr/sbin",
    "usr/lib/postgresql/*/bin",
)
"""Debian's own commands around a server come after the server's."""
ERLANG = "usr/lib/erlang"
"""Where its programs expect to be; Debian's do not look for themselves."""
DEBIAN_SECONDS = 300.0
URI = re.compile(r"^'[^']+' ([a-z0-9][a-z0-9+.-]*)_\S+\.deb ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Programs:
    """Where a server's programs are, and what they need of the environment."""

    folders: tuple[str, ...]
    root: Path | None = None
    """Below which packages were unpacked; None where they are installed."""

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join((*self.folders, os.environ.get("PATH", os.defpath)))
        if self.root is None:
            return {"PATH": path, "LANG": "C.UTF-8"}
        libraries = [str(each) for each in sorted((self.root / "usr/lib").glob("*-linux-gnu*"))]
        return {"PATH": path, "LANG": "C.UTF-8", "LD_LIBRARY_PATH": os.pathsep.join(libraries)}

    def which(self, name: str) -> str | None:
        return shutil.which(name, path=self.environment()["PATH"])


def programs(
    names: Sequence[str], packages: Sequence[str], cache: Path, say: Callable[[str], None]
) -> Programs | None:
    """Where one of these programs is, after Debian's packages were unpacked if there is none.

    Args:
        names: any of them is enough.
        cache: the folder that keeps what was unpacked.
    """
    for candidate in (installed_programs(), unpacked_programs(cache, packages)):
        if candidate is not None and any(candidate.which(name) for name in names):
            return candidate
    if not packages or shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    say(f"unpacking Debian's {packages[0]}")
    try:
        unpack(cache, packages)
    except (LabError, OSError, subprocess.TimeoutExpired):
        return None
    candidate = unpacked_programs(cache, packages)
    return candidate if candidate and any(candidate.which(name) for name in names) else None


def installed_programs() -> Programs:
    return Programs(tuple(program_folders(Path("/"))))


def program_folders(root: Path) -> Iterator[str]:
    for pattern in FOLDERS:
        yield from (str(each) for each in sorted(root.glob(pattern), reverse=True))


def unpacked_programs(cache: Path, packages: Sequence[str]) -> Programs | None:
    if not packages or not (cache / packages[0] / COMPLETE).exists():
        return None
    root = cache / packages[0]
    return Programs(tuple(program_folders(root)), root)


def unpack(cache: Path, packages: Sequence[str]) -> None:
    """Download what apt would install and unpack it; no package is installed.

    Raises:
        LabError: apt does not know them, or they cannot be had.
    """
    root = cache / packages[0]
    shutil.rmtree(root, ignore_errors=True)
    files = root / "packages"
    files.mkdir(parents=True)
    asked = ("--print-uris", "-qq", "--no-install-recommends", "--option", "Debug::NoLocking=1")
    wanted = list(dict.fromkeys(URI.findall(output("apt-get", "install", *asked, *packages))))
    output("apt-get", "download", "-qq", *(wanted or packages), folder=files)
    for package in sorted(files.glob("*.deb")):
        output("dpkg-deb", "-x", str(package), str(root))
    shutil.rmtree(files)
    lead_erlang(root)
    (root / COMPLETE).touch()


def lead_erlang(root: Path) -> None:
    """Let unpacked scripts of Erlang find its programs where they are."""
    for script in (*root.glob(f"{ERLANG}/bin/erl"), *root.glob(f"{ERLANG}/erts-*/bin/erl")):
        text = script.read_text(encoding="utf-8")
        script.write_text(text.replace(f"=/{ERLANG}", f"={root / ERLANG}"), encoding="utf-8")


def output(*words: str, folder: Path | None = None, seconds: float = DEBIAN_SECONDS) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = run_bounded(words, seconds, environment, folder)
    if done.returncode:
        raise LabError(f"{words[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout
