"""The README and the pages: their size, their lines, their links and the paths that they name."""

import re
from pathlib import Path

import pytest
from support.documents import DOCUMENTS, heading_anchors, links, prose
from support.paths import ROOT

README_BYTES = 10 * 1024
PROSE_CHARACTERS = 140
PAGE_NAMES = {
    *("architecture", "cost", "development", "engines", "lab-toml", "method", "real-leaks"),
    *(
        "reliability",
        "security",
        "settings",
        "sharing",
        "thread",
        "validation",
        "bisect",
        "your-app",
    ),
}
LAB_PATH = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|yaml))`")
ROOT_PATH = re.compile(r"`((?:scripts|tests|apps|images|docs|\.ci)/[\w./-]*[\w/])`")
PACKAGED = {"asyncio", "aiohttp", "logging", "numpy", "prometheus_client", "pydantic"}
"""Packages whose files a tracing run named; they are not paths of this repository."""

pages = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)


def test_the_readme_is_read_in_ten_minutes() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= README_BYTES


def test_there_is_a_page_for_each_reader_and_the_readme_leads_to_it() -> None:
    linked = {Path(target.partition("#")[0]).stem for target in links(ROOT / "README.md")}

    assert {path.stem for path in DOCUMENTS} == {"README", *PAGE_NAMES}
    assert PAGE_NAMES - linked == set()


@pages
def test_no_line_of_prose_is_too_long(path: Path) -> None:
    lines = prose(path.read_text(encoding="utf-8"))
    assert [number for number, line in lines if len(line) > PROSE_CHARACTERS] == []


@pages
def test_every_link_resolves(path: Path) -> None:
    broken = []
    for target in links(path):
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if not file.exists() or (
            anchor and anchor not in heading_anchors(file.read_text(encoding="utf-8"))
        ):
            broken.append(target)
    assert broken == []


@pages
def test_every_path_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = [(ROOT, name) for name in ROOT_PATH.findall(text)]
    named += [
        (ROOT / "scripts" / "lab", name)
        for name in LAB_PATH.findall(text)
        if not ROOT_PATH.fullmatch(f"`{name}`") and name.partition("/")[0] not in PACKAGED
    ]
    assert [name for base, name in named if not (base / name).exists()] == []


def test_every_test_that_is_named_exists() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", text))
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    assert len(named) > 30
    assert named - set(re.findall(r"^ *def (test_\w+)\(", code, re.MULTILINE)) == set()
