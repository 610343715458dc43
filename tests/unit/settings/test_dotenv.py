"""One table of lines of .env: the lab's readers read each the same."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.commands.setup import check_settings
from lab.errors import ExitCode, LabError, UsageError
from lab.paths import DOTENV_FILE
from lab.settings import given_settings, read_dotenv
from support.dotenv_lines import CASES, EVERY_LINE, NAMES, READ
from support.paths import ROOT

DOLLAR = "a value with $ stands in single quotes; nothing is expanded"
CLOSED = "a quote is not closed on its line"
NAMED = "a name has letters, digits, _, . and - only"
REFUSED = (
    ("NAME=a$b", DOLLAR),
    ("NAME=a$$b", DOLLAR),
    ("NAME=${HOME}", DOLLAR),
    ('NAME="${HOME}"', DOLLAR),
    ("NAME='${HOME}'", "${...} is not expanded here: write the value itself"),
    ("NAME='a", CLOSED),
    ('NAME="a', CLOSED),
    ('NAME="a\\"', CLOSED),
    ("NAME='a'b", "nothing but a comment can follow a closing quote"),
    ("NAME='a\\'b'", "a backslash cannot stand in single quotes: use double quotes and \\\\"),
    ('NAME="a\\nb"', 'a backslash in double quotes stands before " or \\ only'),
    ("NAME=#a", "a value that begins with # stands in quotes"),
    ("NAME= # a", "a value that begins with # stands in quotes"),
    ("NAME=4\t# a", "a comment stands behind a space, not a tab"),
    ("NAME=4\u00a0", "a no-break space stands in quotes"),
    ("NAME=\u00a04", "a no-break space stands in quotes"),
    ("NA;ME=4", NAMED),
    ("NAME`", NAMED),
    ("N\u00c4ME=4", NAMED),
    ("NAME # a", "no comment can follow a name without a value"),
    ("NAME: a", "write NAME=value"),
    ("two words", "write NAME=value"),
    ("=a", "write NAME=value"),
    ("'NAME'=a", "write NAME=value"),
    ("NAME=a\x1b[31m", "a control character cannot stand here"),
    ("NAME=a\rb", "a control character cannot stand here"),
)


def shell(folder: Path, text: str, script: str) -> "subprocess.CompletedProcess[str]":
    """What a script says beside a .env, with settings.sh's functions at hand."""
    (folder / "scripts" / "shell").mkdir(parents=True)
    for name in ("settings.sh", "dotenv.awk"):
        shutil.copy(ROOT / "scripts" / "shell" / name, folder / "scripts" / "shell")
    (folder / ".env").write_text(text, encoding="utf-8", newline="")
    return subprocess.run(
        ["sh", "-c", f". scripts/shell/settings.sh\n{script}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture(scope="module")
def by_python(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    file = tmp_path_factory.mktemp("python") / ".env"
    file.write_text(EVERY_LINE, encoding="utf-8", newline="")
    return read_dotenv(file)


@pytest.fixture(scope="module")
def by_the_shell(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("shell")
    completed = shell(
        folder, EVERY_LINE, f"for name in {' '.join(NAMES)}; do setting $name ''; done"
    )
    assert (completed.returncode, completed.stderr) == (0, "")
    return dict(zip(NAMES, completed.stdout.split("\n")[:-1], strict=True))


@pytest.mark.parametrize(("name", "value"), CASES, ids=[line for line, _ in READ])
def test_python_reads_it(by_python: Mapping[str, str], name: str, value: str) -> None:
    assert by_python.get(name, "") == value


@pytest.mark.parametrize(("name", "value"), CASES, ids=[line for line, _ in READ])
def test_the_shell_reads_it(by_the_shell: Mapping[str, str], name: str, value: str) -> None:
    assert by_the_shell[name] == value


@pytest.mark.parametrize(("line", "why"), REFUSED)
def test_what_composes_versions_read_differently_is_refused(
    tmp_path: Path, line: str, why: str
) -> None:
    completed = shell(tmp_path, f"OTHER=1\n\n{line}\n", "setting NAME default")

    assert (completed.returncode, completed.stdout) == (64, "")
    assert completed.stderr == f"lab: .env, line 3: {why}\n"
    with pytest.raises(UsageError) as refused:
        read_dotenv(tmp_path / ".env")
    assert str(refused.value) == f".env, line 3: {why}"


def test_a_setting_is_the_environments_then_dotenvs_then_the_default(tmp_path: Path) -> None:
    completed = shell(
        tmp_path,
        "A='from .env'\nB='from .env'\nD=''\n",
        "A='from \\here' B= D=; for name in A B C D; do setting $name 'a \\default'; done",
    )

    assert completed.stdout == "from \\here\nfrom .env\na \\default\na \\default\n"


def test_without_a_dotenv_there_are_defaults(tmp_path: Path) -> None:
    completed = shell(tmp_path, "", "setting NAME default")

    assert (completed.stdout, completed.stderr) == ("default\n", "")
    assert read_dotenv(tmp_path / "none") == {}


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_not_a_file_is_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ".env"

    def put_in_place() -> None:
        path.unlink(missing_ok=True)
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to("/dev/zero")

    assert shell(tmp_path, "", ":").returncode == 0
    put_in_place()
    words = ["sh", "-c", ". scripts/shell/settings.sh"]
    completed = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False
    )
    why = ".env is not a file: write one in its place, or remove it"

    assert (completed.returncode, completed.stderr) == (64, f"lab: {why}\n")
    with pytest.raises(UsageError) as refused:
        read_dotenv(path)
    assert str(refused.value) == why


def test_the_last_line_may_lack_its_end(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WORKERS=4", encoding="utf-8")

    assert read_dotenv(tmp_path / ".env") == {"WORKERS": "4"}


def test_a_machine_without_awk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("WORKERS=4\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LabError, match=r"\.env cannot be read: No such file or directory: awk"):
        read_dotenv(tmp_path / ".env")


def test_the_check_before_anything_is_built_names_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("WORKERS='4\n", encoding="utf-8")
    given = partial(given_settings, dotenv=tmp_path / ".env")
    monkeypatch.setattr(check_settings, "given_settings", given)

    assert main(["check-settings"]) == ExitCode.USAGE
    assert capsys.readouterr().err == f"lab: .env, line 1: {CLOSED}\n"


def test_the_labs_own_dotenv_can_be_read() -> None:
    assert "COMPOSE_PROJECT_NAME" in read_dotenv(DOTENV_FILE)
