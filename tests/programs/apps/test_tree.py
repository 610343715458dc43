"""What a probe reads of processes and their cgroup."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lab.units import MIB
from support.imported_apps import APPS, ON_LINUX, app

pytestmark = pytest.mark.usefixtures("importable_apps")
NOTHING = {"memory_bytes": None, "peak_bytes": None, "oom_kills": None}


@ON_LINUX
def test_the_tree_has_this_process() -> None:
    own = next(each for each in app("tree").read_tree() if each["pid"] == os.getpid())

    assert own["parent_pid"] == os.getppid()
    assert own["threads"] >= 1
    assert own["descriptors"] >= 3
    assert own["rss_bytes"] > MIB
    assert own["rss_bytes"] >= own["pss_bytes"] > 0


@ON_LINUX
def test_threads_and_children_are_counted() -> None:
    tree, leave = app("tree"), threading.Event()
    before = tree.process(os.getpid())["threads"]
    thread = threading.Thread(target=leave.wait)
    thread.start()
    during = tree.process(os.getpid())["threads"]
    leave.set()
    thread.join()

    assert during == before + 1


@ON_LINUX
def test_a_process_that_ended_is_none() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    assert app("tree").process(child.pid) is None
    assert app("tree").descriptors(child.pid) is None
    assert app("tree").rollup(child.pid) == {}


@ON_LINUX
def test_a_name_with_spaces_and_brackets_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = app("tree")
    stat = f"7 (a) b (c) S 1 {' '.join(str(n) for n in range(5, 60))}"
    monkeypatch.setattr(tree, "read_text", lambda path: stat if path.endswith("stat") else None)
    found = tree.process(7)

    assert (found["name"], found["parent_pid"]) == ("a) b (c", 1)
    assert found["threads"] == 20
    assert found["started_at_seconds"] == 22 / tree.TICKS


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "memory.current": "900000\n",
                "memory.stat": "anon 5\ninactive_file 100000\nactive_file 7\n",
                "memory.peak": "1048576\n",
                "memory.events": "low 0\noom 2\noom_kill 3\n",
            },
            {"memory_bytes": 800_000, "peak_bytes": MIB, "oom_kills": 3},
        ),
        (
            {
                "memory/memory.usage_in_bytes": "1900000\n",
                "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 200000\n",
                "memory/memory.max_usage_in_bytes": "2097152\n",
                "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
            },
            {"memory_bytes": 1_700_000, "peak_bytes": 2 * MIB, "oom_kills": 1},
        ),
        ({}, NOTHING),
        ({"memory.events": "low 0\n"}, NOTHING),
    ],
    ids=["v2", "v1", "nothing", "no-kills"],
)
def test_the_cgroups_peak_and_kills(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: dict[str, int | None]
) -> None:
    tree = app("tree")
    monkeypatch.setattr(
        tree, "read_text", lambda path: files.get(path.replace("/sys/fs/cgroup/", ""))
    )

    assert tree.read_cgroup() == expected


@pytest.fixture
def grandchild() -> Iterator[list[int]]:
    """The pids of a real shell, which is this process's child, and of its own child."""
    words = ["sh", "-c", 'sleep 60 & echo "$$ $!"; wait']
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as shell:
        assert shell.stdout is not None
        try:
            yield [int(pid) for pid in shell.stdout.readline().split()]
        finally:
            os.killpg(shell.pid, signal.SIGKILL)


@ON_LINUX
def test_below_a_supervisor_are_its_descendants_alone(
    grandchild: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell, sleeper = grandchild
    monkeypatch.setenv("LAB_SUPERVISOR", str(os.getpid()))
    below_this = app("tree").members()
    monkeypatch.setenv("LAB_SUPERVISOR", str(shell))

    assert {shell, sleeper} <= set(below_this)
    assert {os.getpid(), os.getppid()}.isdisjoint(below_this)
    assert [record["pid"] for record in app("tree").read_tree()] == [sleeper]


def made_up_processes(monkeypatch: pytest.MonkeyPatch, parents: dict[int, int | None]) -> Any:
    """A /proc whose processes have these parents; None: it ended meanwhile."""
    tree = app("tree")
    names = ["self", *map(str, parents), "meminfo"]
    monkeypatch.setattr(tree, "os", SimpleNamespace(listdir=lambda _: names, environ=os.environ))
    monkeypatch.setattr(tree, "parent", parents.__getitem__)
    return tree


@pytest.mark.parametrize("order", [(1, 7, 8, 9, 20), (20, 9, 8, 7, 1), (9, 7, 20, 1, 8)])
def test_descendants_are_found_whatever_the_order(
    monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    parents = {1: 0, 7: 1, 8: 7, 9: 8, 20: 1}
    tree = made_up_processes(monkeypatch, {pid: parents[pid] for pid in order})
    monkeypatch.setenv("LAB_SUPERVISOR", "7")

    assert sorted(tree.members()) == [8, 9]


def test_what_ended_meanwhile_has_no_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = made_up_processes(monkeypatch, {1: 0, 7: 1, 8: 7, 9: None})
    monkeypatch.setenv("LAB_SUPERVISOR", "7")

    assert tree.members() == [8]


def test_in_a_container_every_process_is_a_member(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = made_up_processes(monkeypatch, {1: 0, 7: 1, 8: 0})
    monkeypatch.delenv("LAB_SUPERVISOR", raising=False)

    assert tree.members() == [1, 7, 8]


@ON_LINUX
def test_a_parent_is_read_whatever_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = app("tree")

    assert tree.parent(os.getpid()) == os.getppid()
    monkeypatch.setattr(tree, "read_text", lambda _: "7 (a) S 3 (b) S 5 0 0")
    assert tree.parent(7) == 5
    monkeypatch.setattr(tree, "read_text", lambda _: None)
    assert tree.parent(7) is None


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("/groups/one", {"memory_bytes": 90, "peak_bytes": 2 * MIB, "oom_kills": 3}),
        ("", NOTHING),
        (None, {"memory_bytes": 20, "peak_bytes": MIB, "oom_kills": 0}),
    ],
    ids=["its-own", "none", "the-containers"],
)
def test_the_cgroup_is_a_variants_own(
    monkeypatch: pytest.MonkeyPatch, own: str | None, expected: dict[str, int | None]
) -> None:
    tree = app("tree")
    files = {
        "/groups/one/memory.current": "100\n",
        "/groups/one/memory.stat": "inactive_file 10\n",
        "/sys/fs/cgroup/memory.current": "30\n",
        "/sys/fs/cgroup/memory.stat": "inactive_file 10\n",
        "/groups/one/memory.peak": "2097152\n",
        "/groups/one/memory.events": "oom_kill 3\n",
        "/sys/fs/cgroup/memory.peak": "1048576\n",
        "/sys/fs/cgroup/memory.events": "oom_kill 0\n",
        "memory.peak": "one of the folder it runs in",
    }
    monkeypatch.setattr(tree, "read_text", files.get)
    monkeypatch.delenv("LAB_CGROUP", raising=False)
    if own is not None:
        monkeypatch.setenv("LAB_CGROUP", own)

    assert tree.read_cgroup() == expected


def test_a_cgroup_of_v1_is_a_folder_of_its_own_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAB_CGROUP", str(tmp_path))
    (tmp_path / "memory.max_usage_in_bytes").write_text("4096\n")

    assert app("tree").read_cgroup() == {**NOTHING, "peak_bytes": 4096}


@ON_LINUX
def test_a_process_knows_when_it_began_whatever_the_clock_is_set_to() -> None:
    code = "import tree; print(tree.started_at_seconds())"
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(APPS), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    # The kernel counts in ticks of a hundredth of a second.
    assert before - 0.1 < float(ended.stdout) < time.clock_gettime(time.CLOCK_BOOTTIME) + 0.1


def test_without_proc_a_process_began_when_it_asked_and_has_no_tree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tree = app("tree")
    monkeypatch.setattr(tree, "read_text", lambda _: None)
    monkeypatch.setattr(tree, "members", lambda: pytest.fail("there is nothing to list"))
    before = time.time()

    assert before <= tree.started_at_seconds() <= time.time()
    assert tree.read_tree() == []
    assert tree.read_cgroup() == NOTHING


RENAMED = "open('/proc/self/comm', 'wb').write(b'caf' + bytes([0xC3])); print(flush=True); input()"


@ON_LINUX
def test_a_name_that_is_no_text_hides_no_process() -> None:
    words = [sys.executable, "-I", "-S", "-c", RENAMED]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"\n"
        record = app("tree").process(child.pid)
        found = app("tree").parent(child.pid)
        child.communicate(b"\n")

    assert (record["pid"], record["name"]) == (child.pid, "caf\ufffd")
    assert found == os.getpid()
