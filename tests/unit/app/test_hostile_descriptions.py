"""Files that a lab.toml names: no name leads to a traceback, a hang or out of the app's folder."""

import os
from pathlib import Path

import pytest
from lab.app.requests import user_app_of
from lab.app.requirements import flattened
from lab.app.spec_file import read_spec
from lab.errors import UsageError

LONG, DEEP, ABOVE = "a" * 300, "a/" * 3000, "../" * 2000
NAMES = ("loop", "fifo", "sparse", LONG, DEEP, ABOVE, "/dev/zero", "\\u0000", "a\\u0000b", "sub")
KEYS = {
    "body_file": 'command = "x"\n[[requests]]\nmethod = "POST"\nbody_file = "{}"',
    "files": 'command = "x"\n[[requests]]\nmethod = "POST"\nfields = {{ a = "@{}" }}',
    "env_file": 'command = "x"\nenv_file = "{}"',
    "dockerfile": 'dockerfile = "{}"',
    "requirements": 'command = "x"\nrequirements = "{}"',
    "a local path": 'command = "x"\nrequirements = ["./{}"]',
    "a file of requirements": 'command = "x"\nrequirements = ["-r {}"]',
    "traffic": 'command = "x"\ntraffic = "{}"',
    "compose": 'command = "x"\ncompose = "{}"',
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "sub").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(8 << 30)
    return tmp_path


def read_all(app: Path) -> None:
    spec = read_spec(app)
    flattened(spec, "/app")
    user_app_of(spec)


ELSEWHERE = {
    ("dockerfile", "sparse"),
    *(("a local path", name) for name in ("fifo", "sparse", "sub")),
}
"""What a builder or pip reads, and refuses, and the lab does not."""
CASES = [(key, name) for key in KEYS for name in NAMES if (key, name) not in ELSEWHERE]


@pytest.mark.parametrize(("key", "name"), CASES, ids=lambda text: text[:14])
def test_a_file_that_is_none_is_refused_in_one_line(app: Path, key: str, name: str) -> None:
    (app / "lab.toml").write_text(KEYS[key].format(name), encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        read_all(app)
    said = str(caught.value)
    assert len(said.splitlines()) == 1
    assert said.startswith(str(app / "lab.toml")) or "sparse" in said


@pytest.mark.parametrize("target", ["lab.toml", "nowhere", "../lab.toml", "/dev/zero", LONG])
def test_a_description_that_leads_nowhere(app: Path, target: str) -> None:
    (app / "lab.toml").symlink_to(target)

    with pytest.raises(UsageError, match="leads out of its folder, or nowhere"):
        read_spec(app)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fifo", "that is a named pipe"),
        ("sub", "that is a folder"),
        ("loop", "that is a symlink to nothing"),
        ("nowhere", "that is a symlink to nothing"),
        ("above", "that leads out of it"),
        ("/dev/zero", "that leads out of it"),
        ("missing", "none has that name"),
        (LONG, "none has that name"),
    ],
)
def test_what_stands_in_the_place_of_a_file_is_told(app: Path, name: str, said: str) -> None:
    (app / "nowhere").symlink_to("not-there")
    (app / "above").symlink_to("/etc/passwd")
    (app / "lab.toml").write_text(KEYS["traffic"].format(name), encoding="utf-8")

    with pytest.raises(UsageError) as caught:
        read_spec(app)
    assert str(caught.value).endswith(f"allowed is a file below {app} ({said})")


def test_a_file_of_variables_with_a_zero_byte_is_one_line(app: Path) -> None:
    (app / "zero.env").write_bytes(b"A=x\0y\n")
    (app / "lab.toml").write_text('command = "x"\nenv_file = "zero.env"', encoding="utf-8")
    with pytest.raises(UsageError, match="without zero bytes"):
        read_spec(app)
