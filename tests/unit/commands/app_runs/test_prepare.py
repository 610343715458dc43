"""What is read of an app before its run: its limits, its image, its workdir."""

from pathlib import Path

import pytest
from lab.app.described import write_described
from lab.app.folder import app_folder
from lab.app.workdir import app_workdir, installed_here
from lab.commands.app_runs.input import app_settings, given_app, with_command
from lab.errors import UsageError
from support.tried_app import app


def test_the_machines_own_cpus_are_seen_unless_others_are_asked_for() -> None:
    assert app_settings({}).host_cpus is None
    assert app_settings({"HOST_CPUS": "4"}).host_cpus == 4


def test_probes_are_left_out_by_the_setting_as_by_the_key(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('command = "x"\n')
    given = {"APP": str(tmp_path)}
    assert given_app(given, tmp_path).probes
    assert not given_app({**given, "LAB_PROBES": "0"}, tmp_path).probes


def test_what_an_earlier_step_has_read_is_not_read_again(tmp_path: Path) -> None:
    write_described(tmp_path / "record", app())
    given = {"APP": str(tmp_path / "not-there"), "LAB_DESCRIBED": str(tmp_path / "record")}
    assert given_app(given, tmp_path) == app()


def test_an_images_own_command_stands_in_for_none() -> None:
    bare = app(command=None, image="shop")
    served = with_command(bare, {"LAB_IMAGE_COMMAND": '[["sh"], ["-c", "a b"]]'})
    assert served.command == "sh -c 'a b'"


@pytest.mark.parametrize(
    ("image_command", "command"),
    [
        ('[null,["serve"]]', "serve"),
        ('[["serve"],null]', "serve"),
        ('[["a] [b null"],["null"]]', "'a] [b null' null"),
    ],
)
def test_an_images_entry_point_and_command_are_kept_word_by_word(
    image_command: str, command: str
) -> None:
    bare = app(command=None, image="shop")
    assert with_command(bare, {"LAB_IMAGE_COMMAND": image_command}).command == command


@pytest.mark.parametrize("image_command", ["", "[null,null]", "[[],null]", '[["cut sho'])
def test_an_image_without_a_command_that_can_be_read_asks_for_one(image_command: str) -> None:
    with pytest.raises(UsageError, match="its image names none"):
        with_command(app(command=None, image="shop"), {"LAB_IMAGE_COMMAND": image_command})


def test_an_image_needs_containers(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="image needs Docker"):
        installed_here(app(image="shop"), tmp_path, print)


def test_the_workdir_is_gone_afterwards(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('command = "x"\n')
    with app_workdir(app(file=tmp_path / "lab.toml")) as work:
        assert (work / "app" / "lab.toml").exists()
    assert not work.exists()


def test_an_example_is_named_by_its_folder_and_file(tmp_path: Path) -> None:
    for name in ("a/lab.toml", "a/mended.toml"):
        path = tmp_path / "apps" / "examples" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    assert app_folder({"EXAMPLE": "a/mended"}, tmp_path).name == "mended.toml"
    assert app_folder({"APP": "x", "EXAMPLE": "a"}, tmp_path) == Path("x")
    for given, said in (
        ({}, "one of a; or a mended"),
        ({"EXAMPLE": "b"}, "EXAMPLE='b' is unknown"),
    ):
        with pytest.raises(UsageError, match=said):
            app_folder(given, tmp_path)
