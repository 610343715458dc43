"""The user's app of a bundle: as it was kept with the run, without what is private."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lab.app.container_folders import MOVED, open_folder
from lab.app.folder import app_folder
from lab.app.spec import AppSpec
from lab.app.spec_file import read_spec, slug
from lab.app.traffic_reduced import reduced, traffic_name
from lab.commands.app_runs.source import TOP, collect, kept_source
from lab.engines.choice import say
from lab.errors import UsageError
from lab.paths import ROOT
from lab.records.experiment import Experiment
from lab.records.image_facts import ImageFacts
from lab.records.summary import Summary
from lab.share.archive import ArchiveEntry
from lab.share.lock import LockText
from lab.share.manifest import LeftOut
from lab.share.recorded_settings import typed
from lab.share.redaction import Redactor
from lab.share.source import AppArchive
from lab.store.run_folder import RunFolder
from lab.text.packages import LOCK

DESCRIPTIONS = (".toml", ".redacted")
"""Endings of an app's files in which a value behind a name that looks secret goes, too."""

Kept = tuple[AppArchive, Mapping[str, ArchiveEntry]]


@dataclass(frozen=True, slots=True)
class BundledApp:
    """The app in a bundle."""

    folder: str
    """Such as `app/shop`."""
    spec: AppSpec
    """As its description in the bundle says; a command that it leaves to its image is the one that
    served."""
    files: Mapping[str, ArchiveEntry]
    """By their names in the bundle."""
    left_out: tuple[LeftOut, ...]


def app_source(
    folder: RunFolder, summary: Summary, experiment: Experiment, given: Mapping[str, str]
) -> Kept | None:
    """The app of a run; None for a run of a suite.

    Raises:
        LabError: the run has no copy of its app, and nothing says where it stands.
    """
    if summary.own is None:
        return None
    if (kept := kept_source(folder)) is not None:
        return kept
    words = {**typed(experiment.command), **chosen(given)}
    if not words.get("APP") and not words.get("EXAMPLE"):
        raise UsageError(f"{folder.id} has no copy of its app: give APP=path/to/folder as it was")
    say(f"{folder.id} has no copy of its app: it is taken as it is now")
    return collect(read_spec(app_folder(words, ROOT)))


def chosen(given: Mapping[str, str]) -> Mapping[str, str]:
    """The app that was named for the bundle, in the place of the run's."""
    named = {name: given[name] for name in ("APP", "EXAMPLE") if given.get(name)}
    return {"APP": "", "EXAMPLE": "", **named} if named else {}


def bundled(kept: Kept, redactor: Redactor, lock: LockText | None, work: Path) -> BundledApp:
    """The app without what is private, and its description read again.

    Args:
        work: a folder of its own, in which the app is written down to be read.

    Raises:
        LabError: it cannot be used without what was left out.
    """
    source, files = kept
    folder = f"{TOP}/{slug(redactor.text(source.name))}"
    entries: dict[str, ArchiveEntry] = {}
    left_out = list(source.left_out)
    for name, entry in without_senders(source, files).items():
        clean = cleaned(name, entry, redactor)
        if clean is None:
            left_out.append(LeftOut(name, "it is not a text, and holds something private"))
        else:
            entries[f"{folder}/{redactor.text(name)}"] = clean
    if lock is not None:
        entries[f"{folder}/{LOCK}"] = ArchiveEntry(lock.text.encode())
    write_down(entries, work)
    spec = read_spec(work / folder / redactor.text(source.file))
    if source.command is not None and (spec.command is None or spec.is_after_entry):
        spec = replace(spec, command=redactor.text(source.command), is_after_entry=False)
    spec = replace(spec, image_facts=kept_facts(source.image_facts, redactor))
    return BundledApp(folder, spec, entries, tuple(redacted_names(left_out, redactor)))


def kept_facts(facts: ImageFacts, redactor: Redactor) -> ImageFacts:
    """What was kept of the app's image, which a stranger may have written."""
    folder = redactor.text(facts.folder or "")
    return ImageFacts(
        folder if folder == MOVED else open_folder(folder), redactor.text(facts.python_path)
    )


def without_senders(
    source: AppArchive, files: Mapping[str, ArchiveEntry]
) -> Mapping[str, ArchiveEntry]:
    """The files, of traffic only what its mix is made of."""
    name = traffic_name(files[source.file].content) if source.file in files else None
    if name is None or name not in files:
        return files
    try:
        return {**files, name: ArchiveEntry(reduced(files[name].content))}
    except ValueError:
        return {each: entry for each, entry in files.items() if each != name}


def cleaned(name: str, entry: ArchiveEntry, redactor: Redactor) -> ArchiveEntry | None:
    """A file without what is private; None for one that is not text and holds some."""
    try:
        text = entry.content.decode()
    except UnicodeDecodeError:
        readable = entry.content.decode("latin-1")
        return entry if redactor.text(readable) == readable else None
    is_description = PurePosixPath(name).suffix in DESCRIPTIONS
    clean = redactor.said(text) if is_description else redactor.text(text)
    return ArchiveEntry(clean.encode(), entry.is_program)


def write_down(files: Mapping[str, ArchiveEntry], work: Path) -> None:
    for name, entry in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content)


def redacted_names(left_out: list[LeftOut], redactor: Redactor) -> Iterator[LeftOut]:
    for each in left_out:
        yield LeftOut(redactor.text(each.name), each.reason)
