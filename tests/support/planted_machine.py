"""A machine with a uv and interpreters that are a few lines of shell."""

import os
from dataclasses import replace
from pathlib import Path

from builders import raw
from lab.engines.process.environments import PreparedEnvironments, prepare
from lab.records.variant import Variant
from support.polling import wait_until

UV = """#!/bin/sh
PATH=/usr/bin:/bin
box=$(dirname "$0")
echo "$*" >> "$box/log"
env > "$box/environment"
if [ "$1" = venv ]; then
    for word; do case $word in /*) folder=$word ;; esac; done
    mkdir "$folder" || exit 9
fi
[ ! -e "$box/on-$1" ] || . "$box/on-$1"
"""
"""Notes what it was told; the rest is in `on-venv`, `on-pip` and `on-python` beside it."""
NO_NETWORK = """error: Failed to install cpython-3.7.9-linux-x86_64-gnu
  cause: Request failed after 3 retries in 10.9s
  cause: failed to lookup address information: Name or service not known
"""


def fake(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


class PlantedMachine:
    """A home with interpreters of pyenv, a folder of locks, and a fake uv beside this Python."""

    def __init__(self, tmp_path: Path) -> None:
        self.home, self.box = tmp_path / "home", tmp_path / "venv/bin"
        self.locks, self.root = tmp_path / "locks", tmp_path / "root"
        self.uv = fake(self.box / "uv", UV)
        self.said: list[str] = []
        self.locks.mkdir()
        self.lock("thread", "flask==2.0.3")

    def lock(self, stack: str, text: str) -> None:
        (self.locks / f"{stack}.txt").write_text(text)

    def python(self, version: str) -> Path:
        name = f"python{version.rpartition('.')[0]}"
        path = self.home / ".pyenv/versions" / version / "bin" / name
        return fake(path, f"#!/bin/sh\necho {version} CPython 0\n")

    def on(self, command: str, text: str) -> None:
        """What uv does on `venv`, `pip` or `python`, besides noting it."""
        (self.box / f"on-{command}").write_text(text)

    def uv_calls(self, command: str) -> list[str]:
        """What uv was told on a command."""
        log = self.box / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.startswith(command)]

    def fetches(self, version: str, body: str = "echo $version CPython 0") -> None:
        self.on(
            "python",
            f'version={version} folder="$UV_PYTHON_INSTALL_DIR/cpython-{version}-linux"/bin\n'
            'mkdir -p "$folder"; python=$folder/python${version%.*}\n'
            f'printf "#!/bin/sh\\n%s\\n" "{body}" > "$python"; chmod +x "$python"\n',
        )

    def prepare(self, *variants: Variant) -> PreparedEnvironments:
        return prepare(variants or (variant("3.7"),), self.locks, self.root, self.said.append)

    def folders(self) -> list[Path]:
        return sorted(path for path in self.root.glob("py*-*") if path.is_dir())


def variant(python: str, arm: str = "flask", stack: str = "thread") -> Variant:
    short = f"py{python.replace('.', '')}"
    made = raw.variant(f"{short}-{arm}", python=python, stack=stack)
    return replace(made, image=f"memlab-{short}-{stack}")


def is_gone(pid: str) -> bool:
    """Whether a process has ended; one that nobody has waited for has."""
    try:
        os.kill(int(pid), 0)
        return ") Z " in Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return True
    except FileNotFoundError:
        return False


def are_gone(pids: Path) -> bool:
    return wait_until(lambda: all(map(is_gone, pids.read_text().split())), 5)
