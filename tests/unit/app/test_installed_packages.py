"""What an environment says of its packages is a stranger's text."""

from pathlib import Path

import pytest
from lab.app.installed_packages import distributions, with_point
from lab.app.spec import AppSpec


def environment(folder: Path, **texts: str) -> Path:
    """An interpreter whose environment has packages with these METADATA."""
    for name, text in texts.items():
        metadata = folder / "lib" / "python3.12" / "site-packages" / f"{name}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(text, encoding="utf-8", errors="surrogateescape")
    return folder / "bin" / "python3"


@pytest.mark.parametrize(
    "text",
    [
        "Name: evil\nVersion: 1.0\n --index-url http://x\n",
        "Name: evil\n -r x\nVersion: 1.0\n",
        "Name: --pre\nVersion: 1.0\n",
        "Name: ../evil\nVersion: 1.0\n",
        "Name: evil @ file:///etc\nVersion: 1.0\n",
        "Name: evil\nVersion: 1.0; python_version>'3'\n",
        "Name: evil\nVersion: 1.0 --hash=sha256:0\n",
        "Name: evil\nVersion: -1\n",
        "Name: \udcff\nVersion: 1.0\n",
        "Name: evil\n",
        "",
    ],
)
def test_what_is_more_than_a_name_and_a_version_is_no_package(tmp_path: Path, text: str) -> None:
    python = environment(tmp_path, evil=text, honest="Name: Honest_One\nVersion: 1.0+local\n")

    found = distributions(python)
    assert {name: each.version for name, each in found.items()} == {"honest-one": "1.0+local"}
    spec = with_point(AppSpec(tmp_path / "lab.toml", "a"), found, None, set())
    assert spec.requirements == ("Honest_One==1.0+local",)


def test_what_it_requires_is_names_alone(tmp_path: Path) -> None:
    lines = "".join(f"Requires-Dist: {each}\n" for each in ("b>1", "-r x", "\udcff", "c; x"))
    python = environment(tmp_path, a=f"Name: a\nVersion: 1\n{lines}")

    assert distributions(python)["a"].requires == ("b", "c")
