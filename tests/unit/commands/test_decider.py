from dataclasses import replace
from pathlib import Path

import pytest
from builders import raw
from lab.commands.decider import RunDecider
from lab.records.judgement import Verdict
from lab.records.trial import End, EndKind, Trial
from lab.stopping import Rule
from lab.store.run_folder import RunFolder
from lab.units import MIB
from lab.verdict.verdict import judge_trial

DECIDER = RunDecider()
LOOPS = ("py37-uvicorn-uvloop", "py37-uvicorn-asyncio")


def settled_at(name: str, settled_mib: int) -> Trial:
    start = raw.start(raw.variant(name, limit_bytes=4096 * MIB))
    return raw.trial((50 * MIB, *(settled_mib * MIB,) * 8), start=start)


def write(folder: RunFolder, measured: Trial, number: int = 1) -> None:
    writer = folder.trial_writer(measured.start.variant.name, number)
    for record in (
        measured.start,
        *measured.samples,
        *measured.blocks,
        *measured.troughs,
        measured.end,
    ):
        assert record is not None
        writer.write(record)
    writer.close()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder.create(tmp_path, "20240105-101500-thread")
    settings = {"variants": " ".join(LOOPS), "claim": None}
    folder.write_experiment(raw.experiment(*LOOPS, suite="thread", settings=settings))
    return folder


def test_what_is_decided_is_told_as_it_comes(folder: RunFolder) -> None:
    write(folder, settled_at(LOOPS[0], 650))
    assert DECIDER.status_line(folder, LOOPS[:1]) == "claims decided 0 of 2"
    write(folder, settled_at(LOOPS[1], 651))

    assert DECIDER.status_line(folder, LOOPS) == "claims decided 2 of 2"
    assert DECIDER.variants_to_repeat(folder, LOOPS) == ()


def test_a_border_case_asks_for_its_variants_again(folder: RunFolder) -> None:
    write(folder, settled_at(LOOPS[0], 650))
    write(folder, settled_at(LOOPS[1], 450))

    assert DECIDER.variants_to_repeat(folder, LOOPS) == LOOPS


def test_a_run_of_another_suite_is_told_nothing(folder: RunFolder) -> None:
    folder.write_experiment(raw.experiment(*LOOPS))
    write(folder, settled_at(LOOPS[0], 650))

    assert DECIDER.status_line(folder, LOOPS) is None
    assert DECIDER.variants_to_repeat(folder, LOOPS) == ()


def test_a_trial_that_was_added_is_seen(folder: RunFolder) -> None:
    write(folder, settled_at(LOOPS[0], 650))
    write(folder, settled_at(LOOPS[1], 450))
    assert DECIDER.status_line(folder, LOOPS) == "claims decided 0 of 2"
    for number in (2, 3):
        write(folder, settled_at(LOOPS[1], 640), number)

    assert DECIDER.status_line(folder, LOOPS) == "claims decided 2 of 2"


def test_a_load_whose_workers_are_killed_ends_where_it_will_be_repeated(folder: RunFolder) -> None:
    killed = settled_at(LOOPS[0], 650)
    last = replace(killed.troughs[-1], probe=raw.probe(oom_kills=2))
    write(folder, replace(killed, troughs=(*killed.troughs[:-1], last)))
    write(folder, settled_at(LOOPS[1], 650))
    whole_file, killed_file = folder.raw_files()

    assert RunDecider(of_user_app=True).is_decided(killed_file)
    assert not RunDecider(of_user_app=True).is_decided(whole_file)
    assert not DECIDER.is_decided(killed_file)


def test_a_load_that_has_ended_needs_no_more_by_the_sequential_rule(folder: RunFolder) -> None:
    start = raw.start(raw.variant(LOOPS[0], limit_bytes=4096 * MIB), requests=64_000)
    blocks = tuple(raw.block(index, 8000, 8000) for index in range(3))
    level = raw.trial((50 * MIB,) * 4, start=start, blocks=blocks)
    write(folder, level)
    (file,) = folder.raw_files()

    assert RunDecider(rule=Rule.SEQUENTIAL).is_decided(file)
    assert not RunDecider(rule=Rule.FIXED).is_decided(file)


def test_a_verdict_for_one_look_does_not_end_a_load_that_is_looked_at_often(
    folder: RunFolder,
) -> None:
    """Eight of 16 blocks are level by the fixed judgement, and their bound is above MATTERS."""
    start = raw.start(raw.variant(LOOPS[0], limit_bytes=4096 * MIB), requests=1600, blocks=16)
    blocks = tuple(raw.block(index, 100, 100) for index in range(10))
    level = raw.trial((50 * MIB,) * 11, start=start, blocks=blocks)
    write(folder, level)
    (file,) = folder.raw_files()
    judged = judge_trial(replace(level, end=End(EndKind.COMPLETE, 1, decided=True)))

    assert judged.verdict is Verdict.FLAT
    assert not RunDecider(rule=Rule.SEQUENTIAL).is_decided(file)


def test_a_leak_half_way_to_its_limit_is_not_confirmed(folder: RunFolder) -> None:
    sizes = tuple(100 * MIB + 40 * MIB * block for block in range(9))
    for number, limit in enumerate((600 * MIB, 4096 * MIB), start=1):
        start = raw.start(raw.variant(LOOPS[0], limit_bytes=limit), requests=1000)
        write(folder, raw.trial(sizes, start=start), number)
    near, far = folder.raw_files()

    assert not RunDecider(rule=Rule.SEQUENTIAL).needs_more_load(near)
    assert RunDecider(rule=Rule.SEQUENTIAL).needs_more_load(far)
    assert RunDecider(rule=Rule.FIXED).needs_more_load(near)
