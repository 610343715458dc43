"""Lines, files and folders that a stranger may have filled have limits."""

from pathlib import Path

import pytest
from lab import files
from lab.errors import LabError
from lab.files import check_folder, read_bytes, read_lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    return made


def test_lines_come_one_by_one_and_only_a_cut_off_one_has_no_end(folder: Path) -> None:
    (folder / "1.jsonl").write_bytes(b"one\n\ntwo\nthr")

    assert list(read_lines(folder / "1.jsonl")) == [b"one\n", b"\n", b"two\n", b"thr"]


def test_a_line_without_end_is_refused(folder: Path) -> None:
    (folder / "1.jsonl").write_bytes(b"one\n" + b"x" * 99)

    with pytest.raises(LabError, match=r"run/1\.jsonl, line 2 cannot be read: .* more than 50 byt"):
        list(read_lines(folder / "1.jsonl", most_line_bytes=50))


def test_a_file_that_grows_meanwhile_is_read_up_to_its_bound(folder: Path) -> None:
    path = folder / "1.jsonl"
    path.write_bytes(b"12345678\n")
    lines = read_lines(path, most_bytes=20)
    next(lines)
    with path.open("ab") as file:
        file.write(b"12345678\n" * 100_000)

    with pytest.raises(LabError, match="more than 20 bytes were read"):
        list(lines)


@pytest.mark.parametrize("size", [20, 21])
def test_a_file_of_the_largest_size_is_read(folder: Path, size: int) -> None:
    (folder / "a.json").write_bytes(b"x" * size)

    if size == 20:
        assert read_bytes(folder / "a.json", 20) == b"x" * 20
    else:
        with pytest.raises(LabError, match="it has 21 bytes, at most 20 are read"):
            read_bytes(folder / "a.json", 20)


def test_a_folder_of_too_many_entries_is_refused(folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.md").touch()
    check_folder(folder, most_entries=3)
    (folder / "samples").mkdir()

    with pytest.raises(LabError, match="run cannot be read: it holds more than 3 entries"):
        check_folder(folder, most_entries=3)


def test_a_folder_of_too_many_bytes_is_refused(folder: Path) -> None:
    for number in range(17):
        with (folder / f"{number}.jsonl").open("wb") as file:
            file.truncate(files.MOST_RUN_FILE_BYTES)

    with pytest.raises(LabError, match=r"it holds more than .* 1,073,741,824 bytes"):
        check_folder(folder)


def test_folders_may_not_be_nested_without_end(folder: Path) -> None:
    deepest = folder.joinpath(*"abcd")
    deepest.mkdir(parents=True)
    check_folder(folder)
    (deepest / "e").mkdir()

    with pytest.raises(LabError, match="run/a/b/c/d/e cannot be read: folders are nested"):
        check_folder(folder)


@pytest.mark.parametrize("name", ["a\nb", "\x1b]52;c;eA==\x07", "a\u202eb", "\udcff"])
def test_a_name_that_is_not_fit_to_be_printed_is_refused_and_escaped(
    folder: Path, name: str
) -> None:
    (folder / name).touch()

    with pytest.raises(LabError, match="its name has control characters") as error:
        check_folder(folder)
    assert str(error.value).isprintable()


def test_an_ordinary_run_passes(folder: Path) -> None:
    (folder / "samples" / "one").mkdir(parents=True)
    for name in ("report.md", ".DS_Store", "samples/one/1.jsonl", "samples/one/1.jsonl.1"):
        (folder / name).touch()

    check_folder(folder)
