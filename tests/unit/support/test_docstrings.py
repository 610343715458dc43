"""A docstring names its subject first: none begins with what it is part of."""

import re
from pathlib import Path

from support.paths import ROOT

WITHOUT_SUBJECT = re.compile(r'^[ \t]*[rR]?"""[ \t\n]*Of\b.*', re.MULTILINE)


def without_subject(text: str) -> list[str]:
    """The first lines of docstrings that begin with "Of"."""
    return [found.strip() for found in WITHOUT_SUBJECT.findall(text)]


def test_a_docstring_without_a_subject_is_found() -> None:
    text = 'MOST = 3\n"""Of a run; each costs."""\n\ndef f():\n    """\n    Of both.\n    """\n'
    assert without_subject(text) == ['"""Of a run; each costs."""', '"""\n    Of both.']
    assert without_subject('"""The most of a run."""\n"""Offers: none."""\nx = "Of a run"\n') == []


def test_no_docstring_begins_without_its_subject() -> None:
    found: dict[Path, list[str]] = {
        path.relative_to(ROOT): lines
        for folder in ("scripts", "apps", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (lines := without_subject(path.read_text(encoding="utf-8")))
    }
    assert found == {}
