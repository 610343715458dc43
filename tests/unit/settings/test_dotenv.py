"""One table of lines of .env: the lab's readers and Compose itself read each the same."""

import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
import yaml
from lab.__main__ import main
from lab.commands.setup import check_settings
from lab.errors import ExitCode, LabError, UsageError
from lab.paths import DOTENV_FILE
from lab.settings import given_settings, read_dotenv
from support.paths import ROOT

READ = (
    ("\ufeffNAME=after a mark", "after a mark"),
    ("NAME=4", "4"),
    ("NAME = 4", "4"),
    ("NAME =4", "4"),
    ("NAME= 4", "4"),
    ("\t NAME=4 \t", "4"),
    ("NAME\t=\t4", "4"),
    ("NAME=4\r", "4"),
    ("NAME='a b'\r", "a b"),
    ("NAME=a b  c", "a b  c"),
    ("NAME=caf\u00e9", "caf\u00e9"),
    ("NAME=\N{SNOWMAN}\u2028x", "\N{SNOWMAN}\u2028x"),
    ("export NAME=4", "4"),
    ("export  NAME = 4", "4"),
    ("export\tNAME=4", "4"),
    ("NAME='a b'", "a b"),
    ('NAME="a b"', "a b"),
    ("NAME = 'a b' ", "a b"),
    ("NAME='py37-* py38-?'", "py37-* py38-?"),
    ("NAME=py37-*", "py37-*"),
    ("NAME=a;b&c|(d)", "a;b&c|(d)"),
    ("NAME='a\"b'", 'a"b'),
    ('NAME="a\'b"', "a'b"),
    ("NAME=a'b'", "a'b'"),
    ('NAME="a\\"b"', 'a"b'),
    ('NAME="a\\\\b\\\\\\""', 'a\\b\\"'),
    ("NAME=a\\nb\\", "a\\nb\\"),
    ("NAME=' a '", " a "),
    ("NAME=4 # as the thread", "4"),
    ("NAME=4 #", "4"),
    ("NAME=4\t# as the thread", "4"),
    ("NAME=a#b", "a#b"),
    ("NAME=a#b #c #d", "a#b"),
    ("NAME='a # b' # c", "a # b"),
    ('NAME="a # b" # c', "a # b"),
    ('NAME="#a"', "#a"),
    ("NAME='a'#c", "a"),
    ("NAME=a=b==", "a=b=="),
    ("NAME==a", "=a"),
    ("NAME='$a $$ $(b) `c`'", "$a $$ $(b) `c`"),
    ("NAME=`c`", "`c`"),
    ("NAME=", ""),
    ("NAME= ", ""),
    ("NAME=''", ""),
    ('NAME=""', ""),
    ("NAME", ""),
    ("NAME # a name alone", ""),
    ("#NAME=4", ""),
    (" # NAME=4", ""),
    ("", ""),
    ("NAME=1\nNAME=2", "2"),
    ("other.NAME=1\nNAME=2", "2"),
    ("xNAME=1\nNAMEx=2", ""),
)
DOLLAR = "a value with $ stands in single quotes; nothing is expanded"
CLOSED = "a quote is not closed on its line"
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
    ("NAME: a", "write NAME=value"),
    ("two words", "write NAME=value"),
    ("=a", "write NAME=value"),
    ("'NAME'=a", "write NAME=value"),
    ("NAME=a\x1b[31m", "a control character cannot stand here"),
    ("NAME=a\rb", "a control character cannot stand here"),
)
NAMES = tuple(f"V{number}_" for number in range(len(READ)))
EVERY_LINE = "\n".join(
    line.replace("NAME", name) for name, (line, _) in zip(NAMES, READ, strict=True)
)
CASES = tuple(zip(NAMES, (value for _, value in READ), strict=True))
COMPOSE = "services:\n  any:\n    image: any\n    environment:\n"


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


def answers(words: list[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


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


@pytest.mark.parametrize("words", [["docker-compose"], ["docker", "compose"]], ids=" ".join)
def test_compose_reads_the_whole_table_so(tmp_path: Path, words: list[str]) -> None:
    if not answers([*words, "version"]):
        pytest.skip(f"{' '.join(words)} is not on this machine")
    (tmp_path / ".env").write_text(EVERY_LINE, encoding="utf-8", newline="")
    asked = "".join(f'      {name}: "<${{{name}:-}}>"\n' for name in NAMES)
    (tmp_path / "docker-compose.yml").write_text(f'version: "3"\n{COMPOSE}{asked}', "utf-8")

    completed = subprocess.run(
        [*words, "config"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert completed.returncode == 0, completed.stderr
    environment = yaml.safe_load(completed.stdout)["services"]["any"]["environment"]
    # What it prints could be read by it again, so each $ of a value stands twice.
    assert {name: value[1:-1].replace("$$", "$") for name, value in environment.items()} == dict(
        CASES
    )


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
