"""A description survives the way from one step to the next."""

from pathlib import Path

import pytest
from lab.app.described import read_described, write_described
from lab.app.spec import AppSpec, RequestProtocol, RequestSpec, Upload
from lab.app.spec_file import read_spec
from lab.records.codec import ShapeError
from lab.records.variant import Connection
from support.paths import ROOT

EVERYTHING = AppSpec(
    Path("/a folder/lab.toml"),
    "shop",
    requirements=("a", "b"),
    requirements_file=Path("/a folder/requirements.txt"),
    command="serve 'caf\u00e9' \n $PORT",
    environment={"A": "${x} \" '", "B": ""},
    matters_bytes=512,
    requests=(
        RequestSpec(RequestProtocol.TCP, connection=Connection.KEEP_ALIVE),
        RequestSpec(
            headers={"X": "{n}"},
            body_file=Path("/a folder/body"),
            multipart=(Upload("field", file=Path("/a folder/x.png")), Upload("text", "t")),
            expect=(200, 404),
        ),
    ),
)


def test_everything_that_a_description_says_is_handed_on(tmp_path: Path) -> None:
    write_described(tmp_path / "record", EVERYTHING)

    assert read_described(tmp_path / "record") == EVERYTHING
    assert (tmp_path / "record").read_text("ascii").count("\n") == 1


def test_every_example_is_handed_on_as_it_is(tmp_path: Path) -> None:
    examples = sorted((ROOT / "apps" / "examples").glob("*/*.toml"))

    assert examples
    for file in examples:
        spec = read_spec(file)
        write_described(tmp_path / "record", spec)
        assert read_described(tmp_path / "record") == spec, file


def test_a_path_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "record").write_text('{"file": 1, "name": "shop"}', encoding="utf-8")
    with pytest.raises(ShapeError, match=r"^file: 1 where str "):
        read_described(tmp_path / "record")
