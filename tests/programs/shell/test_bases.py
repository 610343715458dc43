"""The bases of the images: by digests where those are known; the digest that was used is told."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.paths import ROOT

DIGEST = "sha256:" + "ab" * 32
TAG = "python:3.7.17-slim-bookworm"
ENGINE = """#!/bin/sh
echo "$*" >> "$ASKED"
for name; do :; done
case $name in *"${{REFUSED:-none}}") exit 1 ;; esac
[ "$1" != pull ] || exit "$REGISTRY"
[ "$1 $2" = "image inspect" ] || exit 9
case $3$4 in
--format*Env*) echo "$name" | sed "s/python:\\([0-9.]*\\).*/PYTHON_VERSION=${{HOLDS:-\\1}}/" ;;
--format*) echo "$name" | sed 's/[:@].*/@{digest}/' ;;
*) exit "$STORE" ;;
esac
"""
BUILDER = """#!/bin/sh
exit 1
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of the lab as the script reads, and an engine that has every image."""
    (tmp_path / "images").mkdir()
    shutil.copytree(ROOT / "scripts" / "shell", tmp_path / "scripts" / "shell")
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    comments = (ROOT / "images" / "bases.txt").read_text().splitlines()[:2]
    (tmp_path / "images" / "bases.txt").write_text("\n".join(comments) + "\n")
    (tmp_path / "bin").mkdir()
    for name, text in (("docker", ENGINE.format(digest=DIGEST)), ("mmdebstrap", BUILDER)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def bases(
    clone: Path, *words: str, registry: int = 0, store: int = 0, **given: str
) -> subprocess.CompletedProcess[str]:
    """Code and words of the script where pulls and looks into the store end with these codes."""
    codes = {"REGISTRY": str(registry), "STORE": str(store)}
    own = {"ASKED": str(clone / "asked"), "HOME": str(clone), **codes}
    path = f"{clone / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [clone / "scripts" / "shell" / "bases", *words],
        env={"PATH": path, **own, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def assignments(printed: str) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in printed.splitlines())


def test_a_tag_without_a_digest_is_taken_as_it_is_and_the_digest_is_told(clone: Path) -> None:
    values = assignments(bases(clone).stdout)

    assert values["BASE_KIND"] == "official"
    assert values["BASE_PY37"] == TAG
    assert values["BASE_PY37_REFERENCE"] == f"python@{DIGEST}"
    assert values["BASE_DEBIAN_REFERENCE"] == f"debian@{DIGEST}"


def test_that_tags_are_taken_without_a_digest_is_said_once(clone: Path) -> None:
    said = bases(clone).stderr

    assert said.count("\n") == 1
    assert "official images are taken by their tags: images/bases.txt has no digest" in said
    assert bases(clone, LAB_PYTHONS="3.12", BASE_KIND="official").stderr == ""
    assert bases(clone, "--lock").returncode == 0
    assert bases(clone).stderr == ""


def test_a_digest_that_is_written_down_is_what_is_built_from(clone: Path) -> None:
    pinned = pin(clone)
    values = assignments(bases(clone).stdout)

    assert values["BASE_PY37"] == pinned
    assert values["BASE_PY38"] == "python:3.8.20-slim-bookworm"
    assert f"image inspect {TAG}@{DIGEST}\n" in (clone / "asked").read_text()


def pin(clone: Path, tag: str = TAG) -> str:
    with (clone / "images" / "bases.txt").open("a") as file:
        file.write(f"{tag}@{DIGEST}\n")
    return f"{tag}@{DIGEST}"


def test_a_digest_that_the_registry_has_not_ends_in_one_line(clone: Path) -> None:
    pinned = pin(clone)
    done = bases(clone, store=1, REFUSED=pinned)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert f"the registry has {TAG}, but not with the digest of images/bases.txt" in done.stderr
    assert "make lock" in done.stderr


def test_a_digest_of_another_release_is_not_built_from(clone: Path) -> None:
    pin(clone, "debian:12.11-slim")
    assert bases(clone, HOLDS="3.7.9").returncode == 0
    pinned = pin(clone)
    done = bases(clone, HOLDS="3.7.9")

    assert (done.returncode, done.stdout) == (3, "")
    assert f"{pinned} holds Python 3.7.9: its line in images/bases.txt is wrong" in done.stderr


def test_without_a_registry_a_pinned_base_is_a_stand_in(clone: Path) -> None:
    """Here the builder of stand-ins fails: that it was asked is what shows."""
    pin(clone)
    done = bases(clone, registry=1, store=1)

    assert done.returncode == 3
    assert "official images cannot be pulled here; using stand-ins" in done.stderr
    assert "digest" not in done.stderr


def test_a_pinned_base_in_the_store_needs_no_registry(clone: Path) -> None:
    pinned = pin(clone)
    done = bases(clone, registry=1)

    assert done.returncode == 0, done.stderr
    assert assignments(done.stdout)["BASE_PY37"] == pinned
    assert not [line for line in (clone / "asked").read_text().split() if line == "pull"]


def test_locking_writes_the_digest_of_every_base(clone: Path) -> None:
    listed = re.findall(
        r"\$\{BASE_(?:DEBIAN|PY\d+):-([^}]+)\}", (ROOT / "compose.yaml").read_text()
    )
    for _ in range(2):
        done = bases(clone, "--lock")
        assert done.returncode == 0, done.stderr
        lines = (clone / "images" / "bases.txt").read_text().splitlines()
        written = [line for line in lines if not line.startswith("#")]
        assert sorted(written) == sorted(f"{tag}@{DIGEST}" for tag in set(listed))
    values = assignments(bases(clone).stdout)
    assert all("@sha256:" in values[name] for name in values if name != "BASE_KIND")


def test_without_a_registry_nothing_is_locked(clone: Path) -> None:
    before = (clone / "images" / "bases.txt").read_text()
    done = bases(clone, "--lock", registry=1)

    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "no registry answers" in done.stderr
    assert (clone / "images" / "bases.txt").read_text() == before


def test_what_is_written_down_is_one_digest_of_each_base() -> None:
    lines = (ROOT / "images" / "bases.txt").read_text().splitlines()
    written = [line for line in lines if not line.startswith("#")]

    for line in written:
        assert re.fullmatch(r"[a-z]+:[\w.-]+@sha256:[0-9a-f]{64}", line), line
    named = re.findall(r"\$\{BASE_(?:DEBIAN|PY\d+):-([^}]+)\}", (ROOT / "compose.yaml").read_text())
    assert sorted(line.partition("@")[0] for line in written) == sorted(set(named))
