"""The manifest of a bundle: what it is, what was left out, and the SHA-256 of each file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lab.errors import UsageError
from lab.records.codec import ShapeError, decode, encode
from lab.share.archive import ArchiveEntry
from lab.text.phrases import clipped

SCHEMA_VERSION = "1.0"
NAME = "manifest.json"
MOST_SHOWN_CHARACTERS = 120
AGAIN = "it was damaged or changed on its way, so ask its sender for it again"


class BundleKind(StrEnum):
    """What a bundle's run measured."""

    APP = "app"
    SUITE = "suite"


@dataclass(frozen=True, slots=True)
class FileFact:
    """One file of the bundle."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LabFact:
    """The lab that made the run and the bundle."""

    version: str
    commit: str | None
    """The commit of the checkout that made the bundle; None: not known."""
    run_commit: str | None
    """The commit of the checkout that made the run."""


SERVERS = "servers beside the app: "
"""Begins the name of what is left out where the Compose project lacks what the app needs."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that stayed out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that a bundle says of itself."""

    schema_version: str
    run: str
    """The run's id; its files stand in `there/<id>/`."""
    kind: BundleKind
    app: str | None
    """The file that describes the app, such as `app/shop/lab.toml`; None: a run of a suite."""
    lab: LabFact
    images: Mapping[str, str]
    """What each image of the run was: its digest or base, by its name."""
    lock: str
    """What the lock of the environment is, in one sentence."""
    redacted: Mapping[str, int]
    """How often something private was replaced, by what stands in its place."""
    left_out: tuple[LeftOut, ...]
    files: Mapping[str, FileFact]
    """Every file but this one, by its name."""


def facts_of(files: Mapping[str, ArchiveEntry]) -> Mapping[str, FileFact]:
    return {name: fact_of(files[name].content) for name in sorted(files)}


def fact_of(content: bytes) -> FileFact:
    return FileFact(len(content), hashlib.sha256(content).hexdigest())


def manifest_text(manifest: Manifest) -> str:
    return json.dumps(encode(manifest, by_key=True), indent=1, ensure_ascii=True) + "\n"


def read_manifest(content: bytes) -> Manifest:
    """The manifest of a stranger's bundle.

    Raises:
        UsageError: it is not a manifest that this lab reads.
    """
    try:
        data = json.loads(content)
        manifest: Manifest = decode(Manifest, data)
    except ShapeError as error:
        raise UsageError(f"{NAME} cannot be used: {error}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{NAME} is not JSON: {AGAIN}") from error
    if manifest.schema_version != SCHEMA_VERSION:
        version = clipped(manifest.schema_version, MOST_SHOWN_CHARACTERS)
        raise UsageError(
            f"{NAME} has the version {version}, this lab reads {SCHEMA_VERSION}: verify it with a "
            "checkout of the lab that reads it"
        )
    return manifest


def check_files(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Hold the files of a bundle to its manifest.

    Raises:
        UsageError: one is missing, not listed, or not what its hash says.
    """
    there = {name for name in files if name != NAME}
    for name in sorted(there ^ set(manifest.files)):
        what = "is not in the manifest" if name in there else "is missing"
        raise not_as_said(f"{name_text(name)} {what}")
    for name, fact in sorted(manifest.files.items()):
        if fact_of(files[name]) != fact:
            raise not_as_said(f"{name_text(name)} differs")


def not_as_said(fault: str) -> UsageError:
    """The refusal of a bundle that lacks, or has more than, what its manifest lists."""
    return UsageError(f"the bundle is not what its manifest says: {fault}: {AGAIN}")


def name_text(name: str) -> str:
    return clipped(repr(name)[1:-1], MOST_SHOWN_CHARACTERS)
