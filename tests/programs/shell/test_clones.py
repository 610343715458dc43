"""Two clones on one host share nothing, and a run is seen from before anything is built."""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest
from support import shell_scripts
from support.paths import ROOT

CLIENT = """#!/bin/sh
echo "$*" >> {calls}
volumes={volumes}
case "$1 $2" in
"volume create")
    for last; do :; done
    for word; do case $word in memlab.holder=*) holder=${{word#*=}} ;; esac; done
    [ -e "$volumes/$last" ] || echo "$holder" > "$volumes/$last"
    ;;
"volume inspect") for last; do :; done; cat "$volumes/$last" ;;
"volume rm") rm "$volumes/$3" ;;
"ps --quiet") cat {drivers} ;;
"ps --all" | "network ls" | "volume ls") cat "{left}/$1 $5" 2> /dev/null ;;
"rm --force" | "network rm") ;;
"version "* | "compose version") ;;
*) exit 1 ;;
esac
"""


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A folder with a docker that knows volumes and running drivers."""
    (tmp_path / "volumes").mkdir()
    (tmp_path / "left").mkdir()
    (tmp_path / "drivers").touch()
    (tmp_path / "calls").touch()
    client = tmp_path / "docker"
    names = {name: tmp_path / name for name in ("calls", "volumes", "drivers", "left")}
    client.write_text(CLIENT.format(**names), encoding="utf-8")
    client.chmod(0o755)
    return tmp_path


def clone(folder: Path) -> Path:
    shutil.copytree(ROOT / "scripts" / "shell", folder / "scripts" / "shell")
    shutil.copy(ROOT / ".env", folder)
    return folder


shell = partial(shell_scripts.shell, "containers")


def names(folder: Path, **given: str) -> list[str]:
    return shell('echo "$project $LAB_TAG"', folder, **given).stdout.split()


def test_two_clones_have_two_projects_and_two_tags(tmp_path: Path) -> None:
    one, other = clone(tmp_path / "one"), clone(tmp_path / "other")

    assert names(one) == names(one)
    assert set(names(one)).isdisjoint(names(other))
    project, tag = names(one)
    assert project == f"memlab-{tag[1:]}"


def test_a_name_in_dotenv_is_the_stem_and_a_given_one_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = clone(tmp_path / "one")
    (folder / ".env").write_text("COMPOSE_PROJECT_NAME=mine\n", encoding="utf-8")

    assert names(folder)[0].startswith("mine-")
    assert names(folder, COMPOSE_PROJECT_NAME="given")[0] == "given"


def locked(line: str, bench: Path) -> subprocess.CompletedProcess[str]:
    path = f"{bench}:{os.environ['PATH']}"
    return shell(line, ROOT, PATH=path, COMPOSE_PROJECT_NAME="p")


def test_a_lock_is_taken_once(bench: Path) -> None:
    done = locked(
        "take_lock; has_lock && echo mine; sh -c '. scripts/shell/engine.sh; take_lock'", bench
    )

    assert done.stdout == "mine\n"
    assert done.returncode == 64
    assert "a run of project p is under way (process " in done.stderr


def test_a_lock_is_given_back(bench: Path) -> None:
    done = locked("take_lock; give_back_lock; has_lock || echo free; take_lock", bench)

    assert (done.returncode, done.stdout, done.stderr) == (0, "free\n", "")


def test_what_a_killed_run_of_this_host_held_is_taken(bench: Path) -> None:
    (bench / "volumes" / "p-lock").write_text(f"{os.uname().nodename}:4194304999\n")

    assert locked("take_lock; has_lock && echo mine", bench).stdout == "mine\n"


def test_what_a_killed_run_left_goes_with_the_next_and_is_told(bench: Path) -> None:
    (bench / "volumes" / "p-lock").write_text(f"{os.uname().nodename}:4194304999\n")
    of_project = "label=com.docker.compose.project=p"
    left = {
        f"ps {of_project}": "c1\nc2\n",
        "ps label=memlab.shell=p-4194304999": "c2\nhelper\n",
        "ps label=memlab.shell=p-1": "another",
        f"network {of_project}": "n1\nn2\n",
        f"volume {of_project}": "logs\n",
    }
    for name, text in left.items():
        (bench / "left" / name).write_text(text)
    (bench / "volumes" / "logs").touch()
    done = locked("take_lock; has_lock && echo mine", bench)

    assert done.stdout == "mine\n"
    said = "lab: removed what a killed run had left: 3 containers, 2 networks, 1 volumes\n"
    assert done.stderr == said
    calls = (bench / "calls").read_text().splitlines()
    assert "rm --force --volumes c2 helper" in calls
    assert "rm --force --volumes c1 c2" in calls
    assert "network rm n1 n2" in calls
    assert not (bench / "volumes" / "logs").exists()


def test_of_a_killed_run_that_left_nothing_nothing_is_said(bench: Path) -> None:
    (bench / "volumes" / "p-lock").write_text(f"{os.uname().nodename}:4194304999\n")

    assert locked("take_lock", bench).stderr == ""


@pytest.mark.parametrize("held", ["another-host:1", f"{os.uname().nodename}:1", "\033[31m:1"])
def test_a_lock_of_a_living_process_or_of_another_host_stays(bench: Path, held: str) -> None:
    (bench / "volumes" / "p-lock").write_text(f"{held}\n")

    done = locked("take_lock", bench)

    assert done.returncode == 64
    assert "\033" not in done.stderr
    assert (bench / "volumes" / "p-lock").read_text() == f"{held}\n"


def test_a_driver_that_runs_without_a_lock_is_seen(bench: Path) -> None:
    (bench / "drivers").write_text("1234\n")

    done = locked("trap 'has_lock && echo mine' EXIT; take_lock", bench)

    assert (done.returncode, done.stdout) == (64, "")
    assert list((bench / "volumes").iterdir()) == []


def test_a_driver_that_outlives_its_killed_script_is_left_to_its_end(bench: Path) -> None:
    lock = bench / "volumes" / "p-lock"
    lock.write_text(f"{os.uname().nodename}:4194304999\n")
    (bench / "drivers").write_text("1234\n")

    done = locked("trap 'has_lock && echo mine' EXIT; take_lock", bench)

    assert (done.returncode, done.stdout) == (64, "")
    assert lock.read_text() == f"{os.uname().nodename}:4194304999\n"


@pytest.mark.parametrize("script", ["repro", "try"])
def test_a_run_without_the_lock_removes_nothing(bench: Path, script: str) -> None:
    (bench / "volumes" / "p-lock").write_text("another-host:1\n")
    (bench / "app").mkdir()
    app = 'python = "3.10"\ncommand = "x"\n\n[[requests]]\npath = "/"\n'
    (bench / "app" / "lab.toml").write_text(app, encoding="utf-8")
    given = {"ENGINE": "docker", "COMPOSE_PROJECT_NAME": "p", "RESULTS": str(bench / "results")}

    done = subprocess.run(
        [ROOT / "scripts" / script],
        env={
            **os.environ,
            **given,
            "APP": str(bench / "app"),
            "PATH": f"{bench}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert done.returncode == 64, done.stderr
    assert "a run of project p is under way" in done.stderr
    calls = (bench / "calls").read_text()
    assert "down" not in calls
    assert "rm" not in calls.split()
