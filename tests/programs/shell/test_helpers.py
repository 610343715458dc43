"""What the shell scripts run or create by themselves: hardened, from one place."""

import io
import os
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
from support.paths import ROOT
from support.shell_scripts import SHELL_SCRIPTS, shell

OPTIONS = (
    "--pull never --label memlab=helper --network none --user 1000:1000 --cap-drop ALL "
    "--security-opt no-new-privileges --read-only --tmpfs /tmp:size=64m --pids-limit 256 "
    "--memory 1g --memory-swap 1g --ulimit fsize=1073741824"
)
CLIENT = """#!/bin/sh
[ "$1 $2" = "cp look:/the/file" ] && cat {archive} {more}
"""
SIGNALLED_TWICE = """
for signal in 1 2; do
    heard=
    trap "heard=1" TERM
    kill -TERM $PPID
    while [ -z "$heard" ]; do sleep 0.05; done
done
exit 7
"""
ContextEntry = tuple[bytes, str]
ENTRIES: dict[str, ContextEntry] = {
    "file": (tarfile.REGTYPE, ""),
    "link": (tarfile.SYMTYPE, "/etc/passwd"),
    "long link": (tarfile.SYMTYPE, "/" + "x" * 200),
    "folder": (tarfile.DIRTYPE, ""),
    "fifo": (tarfile.FIFOTYPE, ""),
    "device": (tarfile.CHRTYPE, ""),
}


def commands(text: str) -> list[str]:
    """The lines without their comments, each with those that it continues on."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if not line.lstrip().startswith("#")]


def sourced(line: str, folder: Path | None = None, **given: str) -> str:
    """What a line prints in a shell that knows containers.sh; clients in the folder come first."""
    path = f"{folder}:{os.environ['PATH']}" if folder else os.environ["PATH"]
    done = shell("containers", line, PATH=path, **given)
    assert done.stderr == ""
    return done.stdout


def client(folder: Path, entry: ContextEntry, more: str = "") -> Path:
    """A docker that streams an entry as `docker cp` does, and then more of it."""
    held, packed = tarfile.TarInfo("file"), io.BytesIO()
    held.type, held.linkname = entry
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(held)
    (folder / "archive").write_bytes(packed.getvalue())
    program = folder / "docker"
    program.write_text(CLIENT.format(archive=folder / "archive", more=more), encoding="utf-8")
    program.chmod(0o755)
    return folder


def test_what_runs_in_the_background_is_waited_for_through_signals_that_are_passed_on() -> None:
    line = 'trap \'kill -TERM "$!"\' TERM; sh -c "$job" & wait_through "$!"; echo "$?"'

    assert sourced(line, job=SIGNALLED_TWICE) == "7\n"


STEERING = {
    "escape": "\x1b[2J",
    "clipboard": "\x1b]52;c;eA==\x07",
    "of one byte": "\u009b2J",
    "title of one byte": "\u009d0;x\u009c",
    "back": "safe\b\b\b\bevil",
    "over the line": "safe\revil",
    "more lines": "a\nlab: done",
    "bell and delete": "\a\x7f",
}


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_what_a_script_says_is_one_line_and_steers_no_terminal(tmp_path: Path, text: str) -> None:
    (tmp_path / "log").write_text(f"Step 1/2\nERROR: {text} caf\u00e9\n", encoding="utf-8")

    said = sourced(
        'say "APP=$app is not there" 2>&1; reason "$log"', app=text, log=f"{tmp_path}/log"
    )

    lines = said.split("\n")
    assert (len(lines), lines[0][:9], lines[2]) == (3, "lab: APP=", "")
    assert all(line.isprintable() for line in lines)
    assert "\u00e9" in said or "\n" in text


def test_a_folder_that_an_app_closed_is_removed_by_a_user_who_is_not_root() -> None:
    folder = Path(tempfile.mkdtemp())
    closed = folder / "left" / "closed"
    closed.mkdir(parents=True)
    (closed / "file").touch()
    closed.chmod(0o500)
    user = 65534 if os.geteuid() == 0 else None
    for each in (folder, folder / "left", closed, closed / "file"):
        os.chown(each, user if user is not None else -1, -1)

    # Its parent is nobody's to write to: what is below the folder has to go.
    line = f". scripts/shell/containers.sh; remove_folder {folder}/left"
    subprocess.run(["sh", "-c", line], cwd=ROOT, user=user, timeout=30, check=True)

    assert list(folder.iterdir()) == []
    folder.rmdir()


@pytest.mark.parametrize("script", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_no_container_is_run_or_created_without_the_shared_options(script: Path) -> None:
    text = script.read_text(encoding="utf-8")

    bare = [
        line
        for line in commands(text)
        if re.search(r"\bdocker (container )?(run|create)\b", line) and "$(contained" not in line
    ]

    assert bare == []
    assert not re.search(r"--privileged|--cap-add|--network[ =]host|docker exec", text)


def test_the_scripts_that_run_containers_are_among_those_that_are_looked_at() -> None:
    using = {path.name for path in SHELL_SCRIPTS if "$(contained" in path.read_text()}

    assert using == {"containers.sh", "bases", "bench", "bench.sh"}


def test_no_python_of_the_lab_calls_the_engines_client_to_run_a_container() -> None:
    called = re.compile(r"[\"']docker[\"'],\s*[\"'](run|create|exec|container)[\"']")

    assert [
        path for path in (ROOT / "scripts").rglob("*.py") if called.search(path.read_text())
    ] == []


def test_the_shared_options_take_everything_away() -> None:
    words = sourced("contained").split()
    marks = [word for word in words if word.startswith(("memlab.shell=", "memlab.project="))]
    (project,) = [mark.partition("=")[2] for mark in marks if "project" in mark]

    assert [mark.startswith(f"memlab.shell={project}-") for mark in marks] == [False, True]
    assert re.sub(r" --label memlab\.(shell|project)=\S+", "", " ".join(words)) == OPTIONS


def test_they_run_as_the_caller_and_on_a_network_that_is_named() -> None:
    words = sourced("contained a_net", LAB_UID="1234", LAB_GID="5678")

    assert "--network a_net" in words
    assert "--user 1234:5678" in words


@pytest.mark.parametrize(
    ("entry", "kinds", "found"),
    [
        ("file", "-l", True),
        ("link", "-l", True),
        ("long link", "-l", True),
        ("folder", "-l", False),
        ("fifo", "-l", False),
        ("device", "-l", False),
        ("folder", "d", True),
        ("file", "d", False),
        ("link", "d", False),
    ],
)
def test_what_stands_in_an_image_is_told_by_its_kind(
    tmp_path: Path, entry: str, kinds: str, found: bool
) -> None:
    folder = client(tmp_path, ENTRIES[entry])

    printed = sourced(f"look=look; image_has /the/file {kinds} && echo yes", folder)

    assert printed == ("yes\n" if found else "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "docker"]


def test_what_is_not_there_is_not_there(tmp_path: Path) -> None:
    folder = client(tmp_path, ENTRIES["file"])

    assert sourced("look=look; image_has /another/file -l && echo yes", folder) == ""


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    """`docker cp` of it would go on for ever: the test's own time would run out."""
    folder = client(tmp_path, ENTRIES["file"], more="/dev/zero")

    assert sourced("look=look; image_has /the/file -l && echo yes", folder) == "yes\n"
