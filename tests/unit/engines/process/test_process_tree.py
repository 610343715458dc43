"""Process trees: of a made-up /proc, of a made-up psutil, and of real children."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from lab.engines.process import process_tree as trees
from lab.engines.process.process_tree import (
    LinuxTrees,
    PsutilTrees,
    TreeReading,
    descendants_of,
    parse_sizes,
    parse_stat,
    total,
    total_of,
    trees_here,
)
from lab.units import MIB
from support.made_up_psutil import psutil_trees

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
FIELDS = {"utime": 14, "stime": 15, "cutime": 16, "cstime": 17, "num_threads": 20, "rss": 24}
"""Their numbers in proc(5), from 1."""


def stat_text(
    pid: int = 7, parent: int = 1, name: str = "server", state: str = "S", **numbers: int
) -> str:
    """A line as the kernel writes it; what is not named differs from field to field."""
    fields = [str(1000 + number) for number in range(1, 53)]
    fields[:4] = str(pid), f"({name})", state, str(parent)
    for field, value in numbers.items():
        fields[FIELDS[field] - 1] = str(value)
    return " ".join(fields) + "\n"


def test_a_stat_line_is_read_field_by_field() -> None:
    stat = parse_stat(stat_text(parent=5, state="R", num_threads=3, rss=99))

    assert (stat.state, stat.parent_pid, stat.threads, stat.rss_pages) == ("R", 5, 3, 99)


@pytest.mark.parametrize("name", ["a b", "(a", "a) S 4 (", ") ", "tmux: server (x)", ""])
def test_a_name_may_hold_spaces_and_brackets(name: str) -> None:
    assert parse_stat(stat_text(name=name, parent=5)) == parse_stat(stat_text(parent=5))


def test_the_times_of_children_that_were_waited_for_count() -> None:
    stat = parse_stat(stat_text(utime=1, stime=20, cutime=300, cstime=4000))

    assert (stat.user_ticks, stat.system_ticks) == (301, 4020)


@pytest.mark.parametrize(
    ("state", "lives"), [("R", True), ("S", True), ("D", True), ("T", True), ("Z", False)]
)
def test_a_zombie_does_not_live(state: str, lives: bool) -> None:
    assert parse_stat(stat_text(state=state)).lives is lives


@pytest.mark.parametrize("order", [[2, 3, 4, 5, 9], [5, 4, 3, 2, 9], [4, 9, 2, 5, 3]])
def test_descendants_are_found_whatever_the_order(order: list[int]) -> None:
    parents = {2: 1, 3: 2, 4: 3, 5: 2, 9: 8}

    assert sorted(descendants_of(2, {pid: parents[pid] for pid in order})) == [3, 4, 5]


def test_below_a_leaf_or_an_unknown_process_is_nothing() -> None:
    assert descendants_of(3, {2: 1, 3: 2}) == []
    assert descendants_of(77, {2: 1, 3: 2}) == []
    assert descendants_of(1, {}) == []


def test_sizes_are_the_lines_that_are_sizes() -> None:
    text = (
        "55d0-7ffe ---p 00000000 00:00 0                          [rollup]\n"
        "Rss:                 10 kB\nPss_Anon:             3 kB\n"
        "Name:\tkB 5 kB\nThreads:\t3\nVmHWM:\t    2048 kB\n"
    )

    assert parse_sizes(text) == {"Rss": 10240, "Pss_Anon": 3072, "VmHWM": 2 * MIB}
    assert parse_sizes("") == {}


def test_what_ended_meanwhile_is_left_out_of_a_total() -> None:
    assert total([{"Pss": 3}, {}, {"Pss": 4}], "Pss") == 7


def test_one_that_told_others_and_not_this_has_none_of_it() -> None:
    assert total([{"Pss": 3, "Pss_Anon": 1}, {"Pss": 4}], "Pss_Anon") == 1


def test_a_total_that_nobody_told_is_none() -> None:
    assert total([{"Pss": 3}, {}], "Pss_Anon") is None
    assert total([], "Pss") is None
    assert total_of([None, None]) is None


def test_a_total_of_zeros_is_zero() -> None:
    assert total_of([0, None, 0]) == 0


class Proc:
    """A made-up /proc; sizes are in KiB, as in its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "sys").mkdir()
        self.add(1, 0)

    def add(
        self, pid: int, parent: int, state: str = "S", hwm: int | None = None, **given: int
    ) -> None:
        folder = self.folder / str(pid)
        folder.mkdir(exist_ok=True)
        numbers = {**dict.fromkeys(FIELDS, 0), **{k: v for k, v in given.items() if k in FIELDS}}
        (folder / "stat").write_text(stat_text(pid, parent, "server", state, **numbers))
        sizes = {name: size for name, size in given.items() if name not in FIELDS}
        if sizes:
            lines = [f"{name}:  {size} kB\n" for name, size in sizes.items()]
            (folder / "smaps_rollup").write_text("0-1 [rollup]\n" + "".join(lines))
        if hwm is not None:
            (folder / "status").write_text(f"Name:\tserver\nVmHWM:\t {hwm} kB\n")

    def remove(self, pid: int) -> None:
        shutil.rmtree(self.folder / str(pid))

    def read(self, root_pid: int = 1) -> TreeReading:
        reading = LinuxTrees(self.folder).read(root_pid)
        assert reading is not None
        return reading


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def test_a_tree_is_the_sum_over_everything_below_its_root(proc: Proc) -> None:
    proc.add(10, 1, hwm=900, utime=1 * TICKS, cstime=2 * TICKS, num_threads=1, rss=5)
    proc.add(11, 10, hwm=800, utime=3 * TICKS, stime=4 * TICKS, num_threads=40, rss=7)
    proc.add(20, 2, hwm=700, utime=9 * TICKS, num_threads=9, rss=9)
    reading = proc.read()

    assert (reading.processes, reading.tasks, reading.rss_bytes) == (2, 41, 12 * PAGE)
    assert (reading.cpu_user_seconds, reading.cpu_system_seconds) == (4.0, 6.0)
    assert reading.peak_bytes == 1700 * 1024


def test_the_pages_of_files_stand_beside_the_memory(proc: Proc) -> None:
    proc.add(10, 1, Pss=100, Pss_Anon=60, Pss_File=30, Pss_Shmem=10, rss=1)
    proc.add(11, 10, Pss=10, Pss_Anon=5, Pss_File=4, Pss_Shmem=1, rss=1)
    reading = proc.read()

    assert reading.source == "process-pss-anon"
    assert (reading.memory_bytes, reading.total_bytes) == (76 * 1024, 110 * 1024)
    assert (reading.anon_bytes, reading.file_bytes, reading.shmem_bytes) == (
        65 * 1024,
        34 * 1024,
        11 * 1024,
    )


def test_an_older_kernel_tells_pss_alone(proc: Proc) -> None:
    proc.add(10, 1, Pss=100, rss=99)
    reading = proc.read()

    assert reading.source == "process-pss"
    assert reading.memory_bytes == reading.total_bytes == 100 * 1024
    assert (reading.anon_bytes, reading.file_bytes, reading.shmem_bytes) == (None, None, None)


def test_without_pss_it_is_rss(proc: Proc) -> None:
    proc.add(10, 1, rss=99)
    reading = proc.read()

    assert reading.source == "process-rss"
    assert reading.memory_bytes == reading.total_bytes == 99 * PAGE
    assert reading.peak_bytes is None


def test_a_zombie_is_left_out_and_its_children_are_not(proc: Proc) -> None:
    proc.add(10, 1, state="Z", num_threads=1, rss=50)
    proc.add(11, 10, num_threads=2, rss=3)
    reading = proc.read()

    assert (reading.processes, reading.tasks, reading.rss_bytes) == (1, 2, 3 * PAGE)


def test_below_a_root_without_children_is_no_tree(proc: Proc) -> None:
    proc.add(10, 1)
    proc.add(11, 10, state="Z")

    assert LinuxTrees(proc.folder).read(10) is None
    assert LinuxTrees(proc.folder).read(999) is None
    assert LinuxTrees(proc.folder).rss_bytes(10) == 0


def test_what_ended_while_all_were_listed_is_left_out(
    proc: Proc, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(10, 1, rss=3)
    names = [*os.listdir(proc.folder), "4711"]
    monkeypatch.setattr(os, "listdir", lambda _: names)

    assert proc.read().processes == 1


@pytest.mark.parametrize("text", ["", "11", "11 (server", "11 (server) S", "11 (server) S 1 x"])
def test_a_line_that_cannot_be_read_is_left_out(proc: Proc, text: str) -> None:
    proc.add(10, 1, rss=3)
    proc.add(11, 1, rss=4)
    (proc.folder / "11" / "stat").write_text(text)

    assert proc.read().rss_bytes == 3 * PAGE


def test_what_ended_before_its_sizes_were_read_adds_none(proc: Proc) -> None:
    proc.add(10, 1, Pss=100, Pss_Anon=60, Pss_Shmem=0, hwm=100)
    proc.add(11, 1)
    reading = proc.read()

    assert reading.source == "process-pss-anon"
    assert (reading.memory_bytes, reading.peak_bytes) == (60 * 1024, 100 * 1024)


def test_one_look_at_all_processes_serves_for_a_moment(proc: Proc) -> None:
    clock = SimpleNamespace(now=5000.0)
    linux = LinuxTrees(proc.folder, lambda: clock.now)
    proc.add(10, 1, rss=3)
    first = linux.rss_bytes(1)
    proc.add(11, 1, rss=4)
    clock.now += trees.TABLE_SECONDS * 0.9
    soon = linux.rss_bytes(1)
    clock.now += trees.TABLE_SECONDS * 0.2
    later = linux.rss_bytes(1)

    assert (first, soon, later) == (3 * PAGE, 3 * PAGE, 7 * PAGE)


def test_what_ended_since_the_look_is_left_out(proc: Proc) -> None:
    linux = LinuxTrees(proc.folder, lambda: 5000.0)
    proc.add(10, 1, rss=3)
    proc.add(11, 1, rss=4)
    assert linux.rss_bytes(1) == 7 * PAGE
    proc.remove(11)
    assert linux.rss_bytes(1) == 3 * PAGE
    proc.add(10, 1, state="Z")

    assert linux.read(1) is None


def test_sizes_are_never_those_of_the_last_look(proc: Proc) -> None:
    linux = LinuxTrees(proc.folder, lambda: 5000.0)
    proc.add(10, 1, rss=3)
    assert linux.rss_bytes(1) == 3 * PAGE
    proc.add(10, 1, rss=30)

    assert linux.rss_bytes(1) == 30 * PAGE


def test_a_machine_that_has_just_booted_is_looked_at(proc: Proc) -> None:
    proc.add(10, 1, rss=3)

    assert LinuxTrees(proc.folder, lambda: 0.01).rss_bytes(1) == 3 * PAGE


def test_the_kernels_own_files_come_first(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    psutil_trees(monkeypatch)
    without = trees_here(proc.folder)
    (proc.folder / "self").symlink_to("1")

    assert isinstance(without, PsutilTrees)
    assert isinstance(trees_here(proc.folder), LinuxTrees)


def test_a_name_that_is_no_text_is_read_over(proc: Proc) -> None:
    proc.add(10, 1, rss=3, Pss=100, Pss_Anon=60, Pss_Shmem=0, hwm=100)
    for name in ("stat", "status", "smaps_rollup"):
        file = proc.folder / "10" / name
        file.write_bytes(file.read_bytes().replace(b"server", b"caf\xc3") + b"\xff\n")
    reading = proc.read()

    assert (reading.memory_bytes, reading.peak_bytes) == (60 * 1024, 100 * 1024)
