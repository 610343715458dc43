"""The ends of a bisection, interpreters and commits as points."""

import subprocess
from pathlib import Path

import pytest
from lab.errors import UsageError
from lab.points.commits import commits, write_commit
from lab.points.ends import Wanted, ends_of, points_between
from lab.points.pythons import pythons
from lab.records.bisection import Ends, Point, PointKind

POINTS = (
    Point("1.0", has_wheel=False),
    Point("1.1"),
    Point("1.2"),
    Point("1.3"),
    Point("1.4", fault="it needs Python >=3.9", has_wheel=False),
)


def test_the_oldest_and_the_newest_that_install_are_the_ends() -> None:
    assert ends_of(POINTS, Wanted(None, None, "1.2")) == Ends(2, 1, 3)


def test_what_is_named_comes_first() -> None:
    assert ends_of(POINTS, Wanted("1.0", "1.3.0", "1.2")) == Ends(3, 0, None)
    assert ends_of(POINTS, Wanted("1.3", "1.1", None)) == Ends(1, 3, None)


def test_the_newest_is_no_end_where_good_lies_behind_bad() -> None:
    """It was measured, and nothing was searched between it and GOOD."""
    assert ends_of(POINTS, Wanted("1.2", "1.1", None)) == Ends(1, 2, None)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("9", None, "1.2"), "GOOD=9 is not one of the points, such as 1.0, 1.1"),
        (Wanted("1.2", None, "1.2"), "no other point"),
        (Wanted(None, None, None), "BAD= is missing"),
    ],
)
def test_ends_that_cannot_be_used_are_one_line(wanted: Wanted, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ends_of(POINTS, wanted)


def test_points_outside_of_the_ends_are_told() -> None:
    inside, ends, sentence = points_between(POINTS, Ends(2, 1, 3), PointKind.RELEASE)

    assert [point.label for point in inside] == ["1.1", "1.2", "1.3"]
    assert ends == Ends(1, 0, 2)
    assert sentence == (
        "2 releases were not searched, before 1.1 or after 1.3: 1 cannot be installed here and 1 "
        "must be built (GOOD may name one of them)."
    )


def test_points_that_good_and_bad_leave_out_are_no_failures() -> None:
    _, _, sentence = points_between(POINTS[:4], Ends(2, None, 3), PointKind.PYTHON)

    assert sentence == (
        "2 Pythons were not searched, before 1.2 or after 1.3: 1 must be built (GOOD may name one "
        "of them) and 1 left out by GOOD and BAD."
    )


def test_a_range_of_pythons() -> None:
    assert [point.label for point in pythons("3.9..3.11")] == ["3.9", "3.10", "3.11"]
    for text in ("3.9", "3.11..3.9", "2.7..3.8", "3.7..3.99", "x"):
        with pytest.raises(UsageError, match=r"allowed is a range such as 3\.7\.\.3\.14"):
            pythons(text)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone")
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number in range(4):
        (folder / "version.txt").write_text(str(number), encoding="utf-8")
        git(folder, "add", ".")
        git(folder, *who, "commit", "--quiet", "-m", f"change {number}\x1b[31m")
        git(folder, "tag", f"v{number}")
    git(folder, "remote", "add", "origin", "https://github.com/shop/orders.git")
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def test_commits_from_one_to_the_other(clone: Path, tmp_path: Path) -> None:
    points = commits(clone, "v1", "HEAD")

    assert [point.notes for point in points] == [("change 1",), ("change 2",), ("change 3",)]
    assert points[0].link is not None
    assert points[0].link.startswith("https://github.com/shop/orders/commit/")
    assert commits(clone, "v3", "v1") == points
    folder = tmp_path / "files"
    folder.mkdir()
    write_commit(clone, points[1].label, folder)
    assert (folder / "version.txt").read_text(encoding="utf-8") == "2"


@pytest.mark.parametrize("name", ["nowhere", "--output=/tmp/x", "v1..v2", ""])
def test_what_names_no_commit_is_one_line(clone: Path, name: str) -> None:
    with pytest.raises(UsageError, match="names no commit"):
        commits(clone, name, "HEAD")


def test_a_folder_that_is_no_clone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a clone: it has no folder"):
        commits(tmp_path, "a", "b")
