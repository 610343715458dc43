"""Where runs stand, and where none can."""

import os
from pathlib import Path

import pytest
from lab.errors import UsageError
from lab.store.layout import check_writable, not_writable
from lab.store.run_folder import RunFolder

NOT_ROOT = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def test_a_run_of_the_same_second_gets_a_number(tmp_path: Path) -> None:
    names = [RunFolder.create(tmp_path, "now-core").id for _ in range(3)]

    assert names == ["now-core", "now-core-2", "now-core-3"]


def test_results_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(UsageError, match="cannot be made"):
        check_writable(tmp_path / "file" / "results")


def test_what_makes_results_writable_is_said_for_where_they_are() -> None:
    own = f"{os.getuid()}:{os.getgid()}"
    inside = {"LAB_HOST_RESULTS": "./results"}

    assert not_writable(Path("/data/my runs"), {}) == (
        f"the results folder /data/my runs is not writable for user {own}: run "
        f"`chown {own} '/data/my runs'`, or set RESULTS to a folder of yours"
    )
    assert not_writable(Path("/lab/results"), inside).endswith(
        f"run `chown {own} ./results`, or set LAB_UID and LAB_GID to its owner"
    )


@NOT_ROOT
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(UsageError, match="not writable for user"):
        check_writable(tmp_path)
