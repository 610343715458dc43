"""What a variant writes: counted by blocks, nothing followed, and ended in one sentence."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.engines.written_files import WriteLimits, WriteWatch, written_in
from lab.units import KIB, MIB
from support.polling import wait_until

LIMITS = WriteLimits(most_bytes=MIB, most_entries=20, least_free_bytes=0, pace_seconds=60)


def of_size(path: Path, size: int) -> None:
    path.write_bytes(b"x" * size)


def looked_at(folder: Path, write: Callable[[Path], object]) -> str:
    watch = WriteWatch([folder], lambda: None, LIMITS)
    try:
        write(folder)
        return watch.look()
    finally:
        watch.stop()


def sparse(folder: Path) -> None:
    with (folder / "sparse").open("wb") as file:
        file.truncate(8 << 30)


def many(count: int) -> Callable[[Path], object]:
    return lambda folder: [(folder / str(number)).touch() for number in range(count)]


def deep(folder: Path) -> None:
    for _ in range(30):
        folder = folder / "deeper"
        folder.mkdir()


def led_out(folder: Path) -> None:
    (folder / "root").symlink_to("/")
    (folder / "up").symlink_to("..")
    (folder / "endless").symlink_to("/dev/zero")


def odd(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    if os.getuid() == 0:
        os.mknod(folder / "device", stat.S_IFCHR | 0o600, os.makedev(1, 5))


@pytest.mark.parametrize(
    "write",
    [sparse, many(15), led_out, odd, lambda f: of_size(f / "a", 900 * KIB)],
    ids=["sparse", "few", "symlinks", "odd", "small"],
)
def test_what_takes_little_room_may_be_written(
    tmp_path: Path, write: Callable[[Path], object]
) -> None:
    assert looked_at(tmp_path, write) == ""


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda f: of_size(f / "big", 2 * MIB), "it wrote 2.00 MiB in 1 file and folders"),
        (lambda f: [of_size(f / str(n), 150 * KIB) for n in range(10)], "in 10 files and folders"),
        (many(30), "in 21 files and folders"),
        (deep, "in 21 files and folders"),
        (lambda f: of_size(f / "a\x1b]52;c;eA==\x07\n", 2 * MIB), "the largest '"),
    ],
    ids=["big", "some", "many", "deep", "poison"],
)
def test_too_much_is_told_with_what_and_how_much(
    tmp_path: Path, write: Callable[[Path], object], said: str
) -> None:
    fault = looked_at(tmp_path, write)

    assert fault.startswith("the lab ended it: it wrote ")
    assert said in fault
    assert fault.endswith("; at most are 1.00 MiB and 20 of them")
    assert fault.isprintable()


def test_what_was_there_before_counts_for_nothing(tmp_path: Path) -> None:
    of_size(tmp_path / "model", 3 * MIB)
    many(30)(tmp_path)

    assert looked_at(tmp_path, lambda f: of_size(f / "a", 500 * KIB)) == ""
    assert "it wrote 2.00 MiB" in looked_at(tmp_path, lambda f: of_size(f / "b", 2 * MIB))


@pytest.mark.parametrize(
    ("before", "now", "ends"),
    [(10_000, 400, True), (10_000, 600, False), (800, 300, True), (800, 450, False)],
)
def test_what_has_no_name_is_seen_by_the_room_that_is_left(
    tmp_path: Path, before: int, now: int, ends: bool
) -> None:
    room = [before * MIB]
    limits = WriteLimits(pace_seconds=60, least_free_bytes=512 * MIB)
    watch = WriteWatch([tmp_path], lambda: None, limits, lambda _: room[0])
    room[0] = now * MIB
    fault = watch.look()
    watch.stop()

    assert bool(fault) is ends
    assert not ends or f"its disk has {now} MiB left; it wrote 0 B in 0 files" in fault


@pytest.mark.skipif(os.getuid() == 0, reason="root looks into every folder")
def test_a_closed_folder_ends_it(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(0o000)

    assert f"{tmp_path}/closed cannot be looked into" in looked_at(tmp_path, lambda _: None)


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert written_in([tmp_path / "gone"], 10).entries == 0


def test_the_folder_itself_may_have_become_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to("/")

    assert written_in([tmp_path / "home"], 10).closed == f"{tmp_path}/home"


def test_it_is_ended_once(tmp_path: Path) -> None:
    ended: list[int] = []
    limits = WriteLimits(most_bytes=MIB, least_free_bytes=0, pace_seconds=0.001)
    watch = WriteWatch([tmp_path], lambda: ended.append(1), limits)
    of_size(tmp_path / "big", 2 * MIB)

    assert wait_until(lambda: not watch.thread.is_alive(), step_seconds=0.002)
    assert ended == [1]
    assert "big with 2.00 MiB" in watch.fault
