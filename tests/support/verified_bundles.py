"""Bundles as `lab verify` is given them."""

import json
from pathlib import Path

from lab.__main__ import main
from lab.share.archive import ArchiveEntry
from lab.share.manifest import NAME, facts_of

Files = dict[str, ArchiveEntry]
DRIVER = ("scripts/", "images/", "apps/")
"""The lab's own files, nine in ten of a bundle's: nothing of them is taken."""


def without_driver(files: Files) -> Files:
    """A bundle without the lab's own files, which is packed and checked sooner."""
    return with_manifest({n: e for n, e in files.items() if not n.startswith(DRIVER)})


def verify(work: Path, content: bytes) -> int:
    (work / "x.zip").write_bytes(content)
    code = main(["verify"])
    assert [path.name for path in work.iterdir()] == ["x.zip"]
    return code


def with_manifest(files: Files) -> Files:
    """The files with a manifest that says what they are now."""
    data = json.loads(files[NAME].content)
    others = {name: entry for name, entry in files.items() if name != NAME}
    facts = {name: {"bytes": f.bytes, "sha256": f.sha256} for name, f in facts_of(others).items()}
    return {**others, NAME: ArchiveEntry(json.dumps({**data, "files": facts}).encode())}
