"""An app's own image is looked into and never run for it; the lab's own helpers are hardened."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.lab_commands import END_SECONDS, ROOT, Lab, docker
from support.polling import wait_until

pytestmark = pytest.mark.engine

HOSTILE = """
FROM {base}
RUN ln -s /etc/shadow /usr/lib/libjemalloc.so.2 \\
 && mkdir -p /lab/memray/memray && truncate -s 64M /lab/memray/memray/huge \\
 && printf '#!/bin/bash\\ntouch /marks/run\\n' > /evil && chmod 755 /evil \\
 && mkdir /marks && chmod 777 /marks \\
 && ln -sf /evil /bin/ls && ln -sf /evil /bin/sh
VOLUME /marks
ENTRYPOINT ["/evil"]
"""
SLOW_CLIENT = """#!/bin/sh
[ "$1" = create ] || exec {docker} "$@"
{docker} "$@"
touch {asked}
sleep 2
"""


def shell(line: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f". scripts/shell/containers.sh; trap remove_helpers EXIT; {line}"],
        cwd=ROOT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=END_SECONDS,
    )


def helpers(project: str) -> list[str]:
    """The containers that scripts of a project ran or created by themselves."""
    mark = f"memlab.shell={project}-"
    lines = docker("ps", "-a", "--filter", "label=memlab=helper", "--format", "{{.ID}} {{.Labels}}")
    return [line.split()[0] for line in lines.splitlines() if mark in line]


def started(image: str, since: str) -> list[dict[str, str]]:
    """The labels of every container of an image that was started."""
    lines = docker(
        "events", "--since", since, "--until", f"{time.time():.3f}", "--filter", "event=start",
        "--filter", f"image={image}", "--format", "{{json .Actor.Attributes}}",
    )  # fmt: skip
    return [json.loads(line) for line in lines.splitlines()]


def awaited(found: Callable[[], Any]) -> Any:
    value = wait_until(found, END_SECONDS, step_seconds=0.1)
    assert value, f"nothing came in {END_SECONDS} s"
    return value


@pytest.fixture
def hostile(debian_base: str) -> Iterator[str]:
    image = f"memlab-test-hostile-{uuid.uuid4().hex[:8]}"
    subprocess.run(
        ["docker", "build", "--quiet", "--force-rm", "--tag", image, "-"],
        input=HOSTILE.format(base=debian_base),
        capture_output=True,
        text=True,
        check=True,
    )
    yield image
    docker("rmi", "--force", image)


@pytest.fixture
def app(tmp_path: Path, hostile: str) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "lab.toml").write_text(f'image = "{hostile}"\n', encoding="utf-8")
    return folder


def test_an_image_is_looked_into_and_nothing_of_it_runs(lab: Lab, hostile: str) -> None:
    since = f"{time.time():.3f}"
    look = f"look_into {hostile} > /dev/null; docker inspect $look"
    both = "image_has /usr/lib/libjemalloc.so.2 -l && image_has /lab/memray/memray d"
    neither = "! image_has /etc/none -ld"

    done = shell(f"{look}; {both} && {neither} && echo found >&2", COMPOSE_PROJECT_NAME=lab.project)

    assert done.stderr == "found\n"
    (inspected,) = json.loads(done.stdout)
    assert inspected["State"]["Status"] == "created"
    assert_hardened(inspected)
    assert started(hostile, since) == []
    assert helpers(lab.project) == []
    (volume,) = [mount["Name"] for mount in inspected["Mounts"]]
    assert volume not in docker("volume", "ls", "--quiet").split()


def assert_hardened(inspected: dict[str, Any]) -> None:
    host, config = inspected["HostConfig"], inspected["Config"]
    assert host["NetworkMode"] == "none"
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["ReadonlyRootfs"] is True
    assert host["Tmpfs"] == {"/tmp": "size=64m"}
    assert host["PidsLimit"] == 256
    assert host["Memory"] == host["MemorySwap"] == 1 << 30
    assert host["Privileged"] is False
    assert config["User"] == "1000:1000"
    # By this label `make clean` finds what a killed script left.
    assert config["Labels"]["memlab"] == "helper"


def test_a_whole_try_starts_an_image_as_the_app_alone(lab: Lab, hostile: str, app: Path) -> None:
    since = f"{time.time():.3f}"

    done = subprocess.run(
        [ROOT / "scripts" / "try"],
        env=lab.env(APP=str(app), ENGINE="docker"),
        capture_output=True,
        text=True,
        check=False,
        timeout=END_SECONDS,
    )

    assert done.returncode == 3, done.stderr
    assert "died: its server ended " in done.stderr
    assert "status 0 (command = '/evil')" in done.stderr
    labels = started(hostile, since)
    assert [each["com.docker.compose.project"] for each in labels] == [lab.project]
    assert "memlab.shell" not in labels[0]
    assert helpers(lab.project) == lab.left_behind() == []


def test_ctrl_c_while_an_image_is_looked_into_leaves_nothing(
    lab: Lab, hostile: str, app: Path, tmp_path: Path
) -> None:
    client, asked = tmp_path / "bin" / "docker", tmp_path / "asked"
    client.parent.mkdir()
    real = subprocess.run(["which", "docker"], capture_output=True, text=True, check=True)
    client.write_text(SLOW_CLIENT.format(docker=real.stdout.strip(), asked=asked))
    client.chmod(0o755)
    path = f"{client.parent}:{os.environ['PATH']}"
    (app / "program").write_text("#!/bin/sh\n", encoding="utf-8")
    (app / "program").chmod(0o4755)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [ROOT / "scripts" / "try"],
        env=lab.env(APP=str(app), ENGINE="docker", PATH=path, TMPDIR=str(temporary)),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    awaited(asked.exists)
    assert len(helpers(lab.project)) == 1
    # What a container may read there, setuid files of the app among it, no other user reaches.
    (copy,) = temporary.glob("*/app/program")
    assert stat.S_IMODE(copy.stat().st_mode) & 0o055 == 0o055
    assert stat.S_IMODE(copy.parents[1].stat().st_mode) == 0o700

    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=END_SECONDS)

    assert process.returncode == 130, said
    assert list(temporary.iterdir()) == []
    assert helpers(lab.project) == lab.left_behind() == []


def helper_that_waits(lab: Lab, folder: Path, seconds: int) -> subprocess.Popen[str]:
    """It reads a file that never answers, as a stranger's may be."""
    os.mkfifo(folder / "compose.yaml", 0o666)
    mount = f"--volume {folder}/compose.yaml:/lab/compose.yaml:ro"
    return subprocess.Popen(
        [
            "sh",
            "-c",
            f". scripts/shell/containers.sh; helper_seconds={seconds}; helper plan {mount}",
        ],
        cwd=ROOT,
        env=lab.env(),
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_helper_is_hardened_and_its_death_is_told(lab: Lab, tmp_path: Path) -> None:
    process = helper_that_waits(lab, tmp_path, seconds=90)
    (found,) = awaited(lambda: helpers(lab.project))
    awaited(lambda: docker("inspect", "--format", "{{.State.Status}}", found) == "running")

    (inspected,) = json.loads(docker("inspect", found))
    docker("kill", found)
    _, said = process.communicate(timeout=END_SECONDS)

    assert_hardened(inspected)
    assert (process.returncode, said) == (3, "lab: plan was killed: it is given 1 GiB of memory\n")
    awaited(lambda: helpers(lab.project) == [])


def test_a_helper_that_does_not_end_is_ended(lab: Lab, tmp_path: Path) -> None:
    process = helper_that_waits(lab, tmp_path, seconds=1)

    _, said = process.communicate(timeout=END_SECONDS)

    assert process.returncode == 3
    assert said == "lab: plan was ended: it did not end within 1 s\n"
    awaited(lambda: helpers(lab.project) == [])


def test_a_report_is_made_in_the_drivers_image_without_a_network_or_rights(lab: Lab) -> None:
    """As far as its refusal of a run that is not there."""
    line = 'helper report --env RUN=none --volume "$RESULTS:/lab/results"'

    done = shell(line, **lab.env())

    assert done.returncode == 64
    assert "none" in done.stderr
    assert helpers(lab.project) == []
