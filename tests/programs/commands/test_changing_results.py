"""A results folder whose files change while they are read: a report or one line, never more."""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import raw
from lab import __main__ as commands
from lab import files
from lab.errors import ExitCode
from lab.store import trial_reader
from lab.store.run_folder import RunFolder

VARIANT = "py37-fastapi-sync"
RAW = f"samples/{VARIANT}/1.jsonl"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of one trial, and beside its results a file that nobody may touch or read."""
    results = tmp_path / "results"
    monkeypatch.setenv("RESULTS", str(results))
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "1.jsonl").write_text('{"record":"secret"}\n', encoding="utf-8")
    folder = RunFolder.create(results, "changes")
    folder.write_experiment(raw.experiment(VARIANT))
    trial = raw.trial()
    writer = folder.trial_writer(VARIANT, 1)
    for record in (trial.start, *trial.samples, *trial.blocks, *trial.troughs, trial.end):
        assert record is not None
        writer.write(record)
    writer.close()
    return folder.path


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def grown(path: Path) -> None:
    os.truncate(path, 65 << 20)


def replaced(path: Path) -> None:
    fresh = path.with_name("fresh")
    fresh.write_text(path.read_text(encoding="utf-8")[::-1], encoding="utf-8")
    fresh.replace(path)


def filled_up(path: Path) -> None:
    path.write_bytes(b"[" * 100_000 + b"\n")


def made_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def made_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parents[4] / "private" / "1.jsonl")


def made_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def its_folder_made_link(path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.symlink_to(path.parents[4] / "private")


def its_folder_gone(path: Path) -> None:
    shutil.rmtree(path.parent)


CHANGES = [
    *(truncated, emptied, grown, replaced, filled_up, made_pipe),
    *(Path.unlink, made_link, made_folder, its_folder_made_link, its_folder_gone),
]


def report(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = commands.main(["report", "--run=changes"])
    return code, capsys.readouterr().err


def holds(code: int, said: str) -> None:
    assert code in (ExitCode.DECIDED, ExitCode.UNDECIDED, ExitCode.INCOMPLETE)
    assert "Traceback" not in said
    assert "secret" not in said
    assert said.count("\n") <= 1


@pytest.mark.parametrize("look", [1, 2], ids=["before-it-is-opened", "once-it-is-open"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_file_that_changes_between_the_looks_at_it(
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], None],
    look: int,
) -> None:
    """The first look is at its name, the second at what was opened."""
    looks, real = [], files.file_fault

    def changing(status: os.stat_result, most_bytes: int) -> str | None:
        fault = real(status, most_bytes)
        if (run / RAW).exists() and os.path.samestat(status, (run / RAW).stat()):
            looks.append(status)
            # One more look is the check of the whole folder.
            if len(looks) == look + 1:
                change(run / RAW)
        return fault

    monkeypatch.setattr(files, "file_fault", changing)
    code, said = report(capsys)

    assert len(looks) > look
    holds(code, said)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_file_that_changes_while_its_lines_are_read(
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], None],
) -> None:
    real = trial_reader.read_lines

    def changing(path: Path) -> Iterator[bytes]:
        for number, line in enumerate(real(path)):
            if number == 3:
                change(path)
            yield line

    monkeypatch.setattr(trial_reader, "read_lines", changing)
    holds(*report(capsys))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_file_that_changes_after_the_whole_folder_was_checked(
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], None],
) -> None:
    real = RunFolder.check

    def changing(folder: RunFolder) -> None:
        real(folder)
        change(run / RAW)

    monkeypatch.setattr(RunFolder, "check", changing)
    holds(*report(capsys))


def test_a_file_that_somebody_goes_on_writing_to_and_replacing(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, ended = (run / RAW).read_bytes(), threading.Event()
    lines = whole.splitlines(keepends=True)

    def write() -> None:
        count = 0
        while not ended.is_set():
            count += 1
            with contextlib.suppress(OSError), (run / RAW).open("r+b") as file:
                file.truncate(0)
                file.write(b"".join(lines[: count % len(lines)]) + lines[-1][:20])
            if count % 3 == 0:
                (run / "fresh").write_bytes(whole)
                (run / "fresh").replace(run / RAW)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(12):
            holds(*report(capsys))
    finally:
        ended.set()
        writer.join()
