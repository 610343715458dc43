"""The app's folder is kept with its run as it was."""

from dataclasses import replace
from pathlib import Path

import pytest
from lab.app.spec import AppSpec
from lab.app.spec_file import read_spec
from lab.commands.app_runs.source import VARIABLES, collect, keep_source, kept_source
from lab.errors import LabError
from lab.share.archive import zip_of
from lab.share.source import ARCHIVE, MOST_APP_BYTES, NAME, source_entry
from lab.store.run_folder import RunFolder


def app(folder: Path, more: str = "", **files: str) -> AppSpec:
    (folder / "lab.toml").write_text(f'command = "python app.py"\n{more}', encoding="utf-8")
    (folder / "app.py").write_text("run()\n", encoding="utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_spec(folder)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def test_what_was_kept_comes_back_whatever_became_of_the_folder(shop: Path, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "results", "run")
    keep_source(app(shop), folder)
    (shop / "app.py").write_text("mended()\n", encoding="utf-8")

    kept = kept_source(folder)

    assert kept is not None
    assert (kept[0].name, kept[0].file) == ("shop", "lab.toml")
    assert kept[1]["app.py"].content == b"run()\n"


def test_a_run_that_kept_nothing_has_nothing(tmp_path: Path) -> None:
    assert kept_source(RunFolder.create(tmp_path / "results", "run")) is None


def test_a_run_goes_on_where_its_app_cannot_be_kept(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (shop / "data.bin").open("wb") as file:
        file.truncate(MOST_APP_BYTES + 1)
    folder = RunFolder.create(tmp_path / "results", "run")

    keep_source(app(shop), folder)

    said = capsys.readouterr().err
    assert "is not kept with the run" in said
    assert "bundle.exclude" in said
    assert kept_source(folder) is None


def test_too_many_files_are_refused(shop: Path) -> None:
    with pytest.raises(LabError, match="2 files, at most 1 are kept"):
        collect(app(shop), most_files=1)


def test_of_an_env_file_only_names_are_kept(shop: Path) -> None:
    (shop / ".env").write_text("SIGNING_KEY=hush\nexport DEBUG='1'\n", encoding="utf-8")
    source, files = collect(app(shop, 'env_file = ".env"  # local\n'))

    assert ".env" not in files
    assert files[VARIABLES].content == b"SIGNING_KEY=redacted\nDEBUG=redacted\n"
    assert f'env_file = "{VARIABLES}"  # local'.encode() in files["lab.toml"].content
    assert [each.name for each in source.left_out] == [".env"]


def test_a_file_of_variables_that_may_go_in_stays_as_it_is(shop: Path) -> None:
    (shop / "example.txt").write_text("DEBUG=1\n", encoding="utf-8")
    _, files = collect(app(shop, 'env_file = "example.txt"\n'))

    assert VARIABLES not in files
    assert files["example.txt"].content == b"DEBUG=1\n"


def test_no_symlink_is_followed(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "diary.txt").write_text("dear", encoding="utf-8")
    (shop / "link").symlink_to(tmp_path / "private")
    (shop / "note").symlink_to(tmp_path / "private" / "diary.txt")

    source, files = collect(app(shop))

    assert set(files) == {"app.py", "lab.toml"}
    assert {each.name for each in source.left_out} == {"link", "note"}


def test_a_name_that_no_reader_would_take_stays_out(shop: Path) -> None:
    for name in ("a:b.txt", "back\\slash", "README.md", "readme.md", "line\nfeed"):
        (shop / name).write_text("x", encoding="utf-8")

    source, files = collect(app(shop))

    assert set(files) == {"README.md", "app.py", "lab.toml"}
    assert len(source.left_out) == 4


def test_a_file_that_no_reader_would_unpack_is_told(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "zeros.bin").write_bytes(bytes(8 << 20))

    keep_source(app(shop), RunFolder.create(tmp_path / "results", "run"))

    said = capsys.readouterr().err
    assert "zeros.bin unpacks to more than" in said
    assert "name it in bundle.exclude of lab.toml" in said


HOSTILE_FILES = (
    "../lab.toml",
    "/etc/lab.toml",
    "..",
    "",
    ".",
    "sub/lab.toml",
    "gone.toml",
    "a\nb.toml",
)


@pytest.mark.parametrize("file", HOSTILE_FILES)
def test_a_kept_app_is_described_by_a_file_of_its_own(
    shop: Path, tmp_path: Path, file: str
) -> None:
    folder = RunFolder.create(tmp_path / "results", "run")
    keep_source(app(shop), folder)
    source, files = kept_source(folder) or pytest.fail("nothing was kept")
    everything = {**files, NAME: source_entry(replace(source, file=file))}
    (folder.path / ARCHIVE).write_bytes(zip_of("x", everything))

    with pytest.raises(LabError, match="is not in it") as caught:
        kept_source(folder)
    assert "\n" not in str(caught.value)
