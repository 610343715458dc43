"""YAML as Compose reads it: a duplicate key is refused."""

import re
from pathlib import Path

import pytest
import yaml
from lab.yaml_file import read_yaml
from support.paths import ROOT


def written(folder: Path, text: str) -> Path:
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: 1\nb: 2\na: 3\n", "a is a duplicate key.*line 3"),
        ("x:\n  environment:\n    ID: 1\n    ID: 1\n", "ID is a duplicate key.*line 4"),
        ("- a: 1\n- {b: 1, b: 2}\n", "b is a duplicate key.*line 2"),
        ("? [a]\n: 1\n", "unhashable key.*line 1"),
    ],
)
def test_a_key_that_is_there_twice_or_is_none_is_refused(
    tmp_path: Path, text: str, where: str
) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        read_yaml(written(tmp_path, text))
    assert re.search(where, " ".join(str(caught.value).split()))


def test_what_is_merged_may_be_overridden(tmp_path: Path) -> None:
    text = (
        "base: &base {a: 1, b: 2}\nnext: &next\n  <<: *base\n  a: 3\nlast:\n  <<: *next\n  b: 4\n"
    )
    found = read_yaml(written(tmp_path, text))
    assert found["last"] == {"a": 3, "b": 4}
    assert found["next"] == {"a": 3, "b": 2}


def test_a_number_and_its_text_are_two_keys(tmp_path: Path) -> None:
    assert read_yaml(written(tmp_path, "1: a\n'1': b\n")) == {1: "a", "1": "b"}


def test_an_empty_file_is_no_document(tmp_path: Path) -> None:
    assert read_yaml(written(tmp_path, "# nothing\n")) is None


def test_the_labs_own_file_has_no_key_twice() -> None:
    assert read_yaml(ROOT / "compose.yaml")
