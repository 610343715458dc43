"""What an app leaves behind is removed, whoever may go into it."""

import os
import tempfile
from pathlib import Path

from lab.removal import remove_tree

PLAIN_USER = 65_534


def left_and_removed(top: Path) -> bool:
    """Whether nothing stays of folders that were closed."""
    (top / "closed" / "below").mkdir(parents=True)
    (top / "closed" / "below" / "file").touch()
    (top / "away").symlink_to("/")
    for name, mode in (("closed/below", 0o500), ("closed", 0o000), (".", 0o500)):
        os.chmod(top / name, mode)
    remove_tree(top)
    return not top.exists()


def test_closed_folders_of_a_plain_user_are_removed() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        child = os.fork()
        if child == 0:
            if os.getuid() == 0:
                os.setuid(PLAIN_USER)
            os._exit(0 if left_and_removed(Path(folder) / "left") else 1)

        assert os.waitpid(child, 0)[1] == 0


def test_what_is_no_folder_stays_and_nothing_is_raised(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    remove_tree(tmp_path / "link")
    remove_tree(tmp_path / "none")

    assert (tmp_path / "link").is_symlink()
