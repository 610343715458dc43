"""The counter of names finds each that means two things, where, and nothing else."""

from pathlib import Path

import names
import pytest


def modules(folder: Path, *texts: str) -> list[Path]:
    paths = [folder / f"m{number}.py" for number, _ in enumerate(texts)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return paths


@pytest.mark.parametrize(
    ("texts", "meanings"),
    [
        (("class A1a: ...\n", "x = 1\n\nclass A1a: ...\n"), "A1a means 2 things: {0}:1, {1}:3"),
        (("Block = dict[str, int]\n", "class Block: ...\n"), "Block means 2 things: {0}:1, {1}:1"),
        (("Row = list[int]\n", "Row = list[int]\n"), "Row means 2 things: {0}:1, {1}:1"),
        (
            ('Value = TypeVar("Value")\n', "Value: TypeAlias = int\n"),
            "Value means 2 things: {0}:1, {1}:1",
        ),
        (
            ("def f():\n    class Handler: ...\n", "class Handler: ...\n"),
            "Handler means 2 things: {0}:2, {1}:1",
        ),
        (("MOST = 3\n", "MOST = 4.5\n"), "MOST means 2 things: {0}:1 (3), {1}:1 (4.5)"),
        (("LEFT, TOP = 1, 2\n", "TOP: int = 3\n"), "TOP means 2 things: {0}:1 (2), {1}:1 (3)"),
        (
            ("MOST_BYTES = 2 * MIB\n", "MOST_BYTES = MIB\n"),
            "MOST_BYTES means 2 things: {0}:1 (2097152), {1}:1 (1048576)",
        ),
        (
            ("END_SECONDS = 2\n", "END_SECONDS = other.KILL_SECONDS + GRACE_SECONDS\n"),
            "END_SECONDS means 2 things: {0}:1 (2), {1}:1 (other.KILL_SECONDS + GRACE_SECONDS)",
        ),
    ],
    ids=["classes", "alias", "aliases", "variable", "nested", "numbers", "pairs", "units", "terms"],
)
def test_a_name_with_two_meanings_fails_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], texts: tuple[str, ...], meanings: str
) -> None:
    paths = modules(tmp_path, *texts)

    assert names.main([tmp_path], [tmp_path]) == 1
    told = capsys.readouterr().err
    assert told == f"names: {meanings.format(*paths)}\n"


def test_one_meaning_in_two_modules_passes_and_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One number, one name, however it is written; a letter's type variable is its module's."""
    modules(
        tmp_path,
        'MOST = 1 << 20\nWORDS = "a"\nIS_SLOW = False\nT = TypeVar("T")\nclass One: ...\n',
        'MOST = MIB\nWORDS = "b"\nIS_SLOW = True\nT = TypeVar("T")\nTwo = list[int]\n',
    )

    assert names.main([tmp_path], [tmp_path]) == 0
    told = capsys.readouterr()
    assert told.out == "2 types, 2 numbers: 0 names with two meanings\n"
    assert told.err == ""


def test_numbers_are_compared_only_where_they_are_the_labs(tmp_path: Path) -> None:
    ours, tests = tmp_path / "lab", tmp_path / "tests"
    for folder, text in ((ours, "MOST = 3\n"), (tests, "MOST = 4\n")):
        folder.mkdir()
        modules(folder, text)

    assert names.main([ours, tests], [ours]) == 0
