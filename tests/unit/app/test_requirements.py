"""What is installed for an app: files inlined, paths in its copy, nothing from elsewhere."""

from pathlib import Path

import pytest
from lab.app.requirements import content, flattened, is_local
from lab.app.spec_file import describe
from lab.errors import UsageError


def flat(folder: Path, requirements: object) -> tuple[str, str]:
    values = {"command": "serve", "requirements": requirements}
    return flattened(describe(values, folder / "lab.toml"), "/copy")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "setup.py").write_text("", encoding="utf-8")
    (tmp_path / "requirements" / "base.txt").write_text("flask\n-c limits.txt\n", encoding="utf-8")
    (tmp_path / "requirements" / "limits.txt").write_text("# why\nflask==3\n", encoding="utf-8")
    dev = "-r base.txt\n-e .[dev]  # itself\nredis>=4 --hash=sha256:00\n"
    (tmp_path / "requirements" / "dev.txt").write_text(dev, encoding="utf-8")
    return tmp_path


def test_files_stand_in_their_place_and_the_project_is_its_copy(project: Path) -> None:
    wanted, limits = flat(project, "requirements/dev.txt")

    assert wanted.splitlines() == ["flask", "/copy[dev] # itself", "redis>=4 --hash=sha256:00"]
    assert limits == "flask==3\n"


def test_a_list_may_name_files_and_the_project(project: Path) -> None:
    assert flat(project, ["-r requirements/base.txt", ".", "gunicorn"]) == (
        "flask\n/copy\ngunicorn\n",
        "flask==3\n",
    )


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        (["-r ../other.txt"], "is not a file of the app's folder"),
        (["-r gone.txt"], "'gone.txt' is not a file of the app's folder"),
        (["./gone"], "is not in the app's folder"),
        (["../elsewhere"], "is not in the app's folder"),
        (["-r loop.txt"], "leads back to itself"),
        (["--index-url https://x"], "requirements"),
    ],
)
def test_what_is_not_there_is_one_line(project: Path, requirements: list[str], said: str) -> None:
    (project / "loop.txt").write_text("-r loop.txt\n", encoding="utf-8")

    with pytest.raises(UsageError, match=said) as caught:
        flat(project, requirements)

    assert "\n" not in str(caught.value)


def test_a_long_chain_of_files_is_no_loop_and_each_file_counts_once(project: Path) -> None:
    for number in range(12):
        names = f"-r {number + 1}.txt\n" * 12 + f"p{number}\n"
        (project / f"{number}.txt").write_text(names, encoding="utf-8")
    (project / "12.txt").write_text("", encoding="utf-8")

    wanted, _ = flat(project, ["-r 0.txt"])

    assert wanted.splitlines() == [f"p{number}" for number in reversed(range(12))]


def test_a_chain_that_is_too_long_is_told_as_such(project: Path) -> None:
    for number in range(60):
        (project / f"{number}.txt").write_text(f"-r {number + 1}.txt\n", encoding="utf-8")

    with pytest.raises(UsageError, match=r"50\.txt is named by a chain of 50 files"):
        flat(project, ["-r 0.txt"])


def test_what_limits_by_way_of_another_file_limits_and_may_be_wanted_as_well(project: Path) -> None:
    (project / "limits.txt").write_text("-c more.txt\n-r own.txt\n", encoding="utf-8")
    (project / "more.txt").write_text("werkzeug<3\n", encoding="utf-8")
    (project / "own.txt").write_text("flask\n", encoding="utf-8")

    found = flat(project, ["-c limits.txt", "-r own.txt"])

    assert found == ("flask\n", "werkzeug<3\nflask\n")


def test_a_file_that_is_led_out_of_the_folder_is_refused(project: Path, tmp_path: Path) -> None:
    (project / "away.txt").symlink_to("/etc/passwd")

    with pytest.raises(UsageError, match="is not a file of the app's folder"):
        flat(project, ["-r away.txt"])


def test_where_the_project_is_installed_its_files_count(project: Path) -> None:
    values = {"command": "serve", "requirements": ["."]}
    spec = describe(values, project / "lab.toml")
    before = content(spec)
    assert is_local(spec)

    (project / "shop.py").write_text("x = 1\n", encoding="utf-8")

    assert content(spec) != before


def test_more_lines_than_any_project_has_are_refused(project: Path) -> None:
    (project / "0.txt").write_text("flask\n" * 20_001, encoding="utf-8")

    with pytest.raises(UsageError, match="more than 20,000 lines"):
        flat(project, "0.txt")


HASH = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        (f"# all\nflask==3.0 --hash={HASH}\n", (f"flask==3.0 --hash={HASH}\n", "")),
        ("flask==3.0\n", ("flask\n", "flask==3.0\n")),
        (
            f"flask==3.0 --hash={HASH}\n# not on the index: shop==1\n",
            ("flask\n", "flask==3.0\n# not on the index: shop==1\n"),
        ),
    ],
    ids=["whole", "versions alone", "not whole"],
)
def test_a_lock_beside_lab_toml_holds_every_version(
    tmp_path: Path, lock: str, expected: tuple[str, str]
) -> None:
    (tmp_path / "lab.lock").write_text(lock, encoding="utf-8")

    assert flat(tmp_path, ["flask"]) == expected


def test_beside_the_apps_own_folder_a_lock_only_limits(project: Path) -> None:
    (project / "lab.lock").write_text(f"flask==3.0 --hash={HASH}\n", encoding="utf-8")

    assert flat(project, ["."]) == ("/copy\n", "flask==3.0\n")
