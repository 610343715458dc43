"""An environment that holds most of another's packages starts as its copy."""

from pathlib import Path

from lab.engines.process.copied_environment import grow
from lab.engines.process.environments import Preparation
from lab.engines.process.interpreters import Interpreter
from lab.engines.process.uv import Uv


def environment(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "lib").mkdir()
    (folder / "bin/gunicorn").write_text(f"#!{folder}/bin/python3\nrun()\n")
    (folder / "bin/gunicorn").chmod(0o755)
    (folder / "bin/python3").symlink_to("/usr/bin/python3")
    (folder / "lib/code.py").write_text("x = 1\n")
    (folder / "complete").touch()
    (folder / "installed").touch()
    return folder


def test_a_copys_scripts_name_the_copy_and_the_old_ones_stay(tmp_path: Path) -> None:
    old, new = environment(tmp_path / "old"), tmp_path / "new"
    grow(old, new, ("complete", "installed"))
    assert (new / "bin/gunicorn").read_text() == f"#!{new}/bin/python3\nrun()\n"
    assert (new / "bin/gunicorn").stat().st_mode & 0o777 == 0o755
    assert (old / "bin/gunicorn").read_text() == f"#!{old}/bin/python3\nrun()\n"
    assert (new / "bin/python3").is_symlink()
    assert (new / "lib/code.py").read_text() == "x = 1\n"
    assert not (new / "complete").exists()
    assert not (new / "installed").exists()


class FakeUv(Uv):
    def __init__(self, root: Path, fails: bool) -> None:
        super().__init__(root)
        self.fails, self.calls = fails, list[str]()

    def run(self, *arguments: str | Path, timeout_seconds: float = 1.0) -> str:
        self.calls.append(str(arguments[0]))
        if arguments[0] == "venv":
            Path(arguments[-1]).mkdir()
        return "no" if self.fails and len(self.calls) == 1 else ""


def made(tmp_path: Path, fails: bool) -> list[str]:
    uv = FakeUv(tmp_path, fails)
    job = Preparation(uv, tmp_path, lambda _: None)
    python = Interpreter(Path("/usr/bin/python3"), "3.12.1", "here")
    base = environment(tmp_path / "old")
    job.ensured("image", "new", ("redis",), python, base)
    assert (tmp_path / "new/complete").exists() is True
    return uv.calls


def test_what_grew_is_not_made_anew(tmp_path: Path) -> None:
    assert made(tmp_path, fails=False) == ["pip"]
    assert (tmp_path / "new/lib/code.py").exists()


def test_what_cannot_grow_is_made_from_nothing(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert made(tmp_path, fails=True) == ["pip", "venv", "pip"]
