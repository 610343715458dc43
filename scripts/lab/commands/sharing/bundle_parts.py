"""The files of a bundle and its manifest, from a run's folder."""

import contextlib
import glob
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lab.app.spec import AppSpec, RequestProtocol
from lab.commands.rebuild import summarise_anew
from lab.commands.sharing.bundle_app import BundledApp, Kept, app_source, bundled
from lab.commands.sharing.bundle_lock import lock_of_run
from lab.commands.sharing.bundle_project import outside_of_build, project_files
from lab.commands.sharing.bundle_run import THERE, copy_run, run_files
from lab.commands.sharing.bundle_secrets import (
    NO_SECRETS,
    StatedSecrets,
    stated_secrets,
    without_secrets,
)
from lab.commands.sharing.bundle_servers import starts_servers
from lab.commands.sharing.private import private_here
from lab.errors import LabError
from lab.files import is_plain_name, read_bytes
from lab.paths import ROOT
from lab.records.experiment import Experiment
from lab.records.summary import Summary
from lab.records.trial import Environment, Trial
from lab.settings.declared import SETTINGS
from lab.share.agreement import open_variants
from lab.share.archive import ArchiveEntry
from lab.share.bundle_readme import bundle_readme
from lab.share.issue import issue_text
from lab.share.issue_facts import IssueInput
from lab.share.issue_forms import address_of
from lab.share.manifest import NAME as MANIFEST
from lab.share.manifest import (
    SCHEMA_VERSION,
    SERVERS,
    BundleKind,
    LabFact,
    LeftOut,
    Manifest,
    facts_of,
    manifest_text,
)
from lab.share.recorded_settings import budget_of, given_of
from lab.share.redaction import PrivateWords, Redactor
from lab.store.run_folder import RunFolder
from lab.units import MIB

SEARCHES = {"bisect.md": "bisect", "bisect.svg": "bisect", "layers.md": "layers"}
"""What `make bisect` and `make layers` write, each into a run's folder of its own."""
EXTRAS = ("reproduce.py", "test_growth.py", "not-reproduced.txt", *SEARCHES)
"""Files of the run's folder that stand at the top of its bundle, where they are there."""
PAGES = ("report.md", "report.html")
MOST_EXTRA_BYTES = MIB
NO_PACKAGES = "none, as the app reported no package beside Python's own, or has no probes."
CHANGED = "+changes"
"""Behind the commit of a checkout in which something was changed since."""
STACKS = "The stacks of the lab, each a lock with hashes in `images/locks`."


@dataclass(frozen=True, slots=True)
class BundleParts:
    """Everything that the archive will hold."""

    manifest: Manifest
    files: Mapping[str, ArchiveEntry]
    tracker: str
    """Where the issue goes; empty: not known."""
    open_variants: tuple[str, ...] = ()
    """Those with which no run elsewhere can agree."""


def parts_of(folder: RunFolder, given: Mapping[str, str]) -> BundleParts:
    """What the bundle of a run holds.

    Raises:
        LabError: the run cannot be read, or its app was not kept.
    """
    original = summarise_anew(folder)
    experiment, trials = folder.read_experiment(), folder.read_trials()
    kept = app_source(folder, original, experiment, given)
    secrets = stated_secrets(kept) if kept else NO_SECRETS
    redactor = Redactor(private_of(kept, secrets))
    kept = without_secrets(kept, secrets) if kept else None
    with tempfile.TemporaryDirectory(prefix="memlab-bundle-") as name:
        work = Path(name)
        judged, files = run_files(copy_run(folder, redactor, work / THERE))
        lock = lock_of_run(folder, environment_of(original, trials)) if kept else None
        app = bundled(kept, redactor, lock, work) if kept else None
        files |= app.files if app else {}
        files |= project_of(experiment, redactor, app, budget_of(original))
    files |= extras(folder, redactor, original.own.app if original.own else None)
    files |= {name: files[f"{THERE}/{judged.summary.run.id}/{name}"] for name in PAGES}
    said = lock.said if lock else (NO_PACKAGES if app else STACKS)
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        run=judged.summary.run.id,
        kind=BundleKind.APP if app else BundleKind.SUITE,
        app=f"{app.folder}/{app.spec.file.name}" if app else None,
        lab=LabFact(lab_version(), lab_commit(), experiment.git_commit),
        images=images_of(judged.summary, trials),
        lock=said,
        redacted=dict(sorted(redactor.counts.items())),
        left_out=left_out_of(app) if app else (),
        files={},
    )
    return with_pages(manifest, files, judged.summary, app.spec if app else None)


def left_out_of(app: BundledApp) -> tuple[LeftOut, ...]:
    """What of the app is not in its bundle, or not in its Compose project."""
    return (*app.left_out, *servers_left_out(app.spec), *mounts_left_out(app.spec))


def servers_left_out(spec: AppSpec) -> Iterator[LeftOut]:
    """What stands beside the app, which the Compose project does not start."""
    names = [*(each.kind.value for each in spec.services), *(e.name for e in spec.companions)]
    if names and not starts_servers(spec):
        yield LeftOut(
            f"{SERVERS}{', '.join(names)}", "make verify starts them, the project does not"
        )


def mounts_left_out(spec: AppSpec) -> Iterator[LeftOut]:
    """What its Compose file mounts from beside the folder that its image is built from."""
    for path in outside_of_build(spec).values() if spec.is_completed else ():
        name = path.relative_to(spec.folder.resolve()).as_posix()
        reason = "mounted from outside of its build's context; make verify mounts it"
        yield LeftOut(f"{name} in its image", reason)


def with_pages(
    manifest: Manifest, files: dict[str, ArchiveEntry], summary: Summary, spec: AppSpec | None
) -> BundleParts:
    """The parts with the pages that tell of them, and the hashes of all."""
    pages = {name: files[name].content.decode() for name in EXTRAS if name in files}
    given = IssueInput(summary, pages)
    if spec is not None:
        given = replace(given, command=spec.command or "", requests=request_kinds(spec))
    files["issue.md"] = ArchiveEntry(issue_text(given).encode())
    manifest = replace(manifest, files=facts_of(files))
    files["README.md"] = ArchiveEntry(bundle_readme(summary, manifest).encode())
    manifest = replace(manifest, files=facts_of(files))
    files[MANIFEST] = ArchiveEntry(manifest_text(manifest).encode())
    return BundleParts(manifest, files, address_of(summary), open_variants(summary))


def request_kinds(spec: AppSpec) -> tuple[str, ...]:
    """The kinds of requests of an app that speaks HTTP."""
    kinds = [each for each in spec.requests if each.kind is RequestProtocol.HTTP]
    return tuple(dict.fromkeys(f"{each.method} {each.path}" for each in kinds))


def private_of(kept: Kept | None, secrets: StatedSecrets) -> PrivateWords:
    """What is private on this machine, and of the app where it stands or stood."""
    return private_here(Path(kept[0].folder) if kept else None, secrets.telling_values())


def environment_of(summary: Summary, trials: Mapping[str, Sequence[Trial]]) -> Environment | None:
    """What the app as it is reported of its environment."""
    own = summary.own
    own_trials = trials.get(own.variant, ()) if own else ()
    return next((trial.environment for trial in own_trials if trial.environment), None)


def project_of(
    experiment: Experiment, redactor: Redactor, app: BundledApp | None, budget: Mapping[str, str]
) -> Mapping[str, ArchiveEntry]:
    typed = {**given_of(experiment, SETTINGS), **budget}
    given = {name: redactor.text(value) for name, value in typed.items()}
    given |= {"LAB_GIT_COMMIT": lab_commit() or ""}
    return project_files(experiment, given, app.spec if app else None, app.folder if app else "")


def extras(folder: RunFolder, redactor: Redactor, app: str | None) -> dict[str, ArchiveEntry]:
    """What others made for this run: a reproducer, its test, a history of releases, its layers.

    Raises:
        LabError: one of them is not a plain file.
    """
    entries = {}
    for name in EXTRAS:
        path = folder.path / name
        content = None
        if os.path.lexists(path):
            content = read_bytes(path, MOST_EXTRA_BYTES)
        elif name in SEARCHES and app is not None:
            content = newest_search(folder.path.parent, app, name)
        if content is not None:
            text = content.decode("utf-8", "replace")
            entries[name] = ArchiveEntry(redactor.text(text).encode())
    return entries


def newest_search(results: Path, app: str, page: str) -> bytes | None:
    """The page of the newest `make bisect` or `make layers` of this app; None without one.

    A folder beside the run that cannot be read is not the run's fault.
    """
    if not is_plain_name(app):
        return None
    pages = results.glob(f"*-{SEARCHES[page]}-{glob.escape(app)}/{page}")
    for path in sorted(pages, reverse=True):
        with contextlib.suppress(LabError):
            return read_bytes(path, MOST_EXTRA_BYTES)
    return None


def images_of(summary: Summary, trials: Mapping[str, Sequence[Trial]]) -> Mapping[str, str]:
    """What each image of the run was, by its name: its base, and its own digest if it had one."""
    digests = {
        trial.start.variant.image: trial.start.container.get("image", "")
        for of_variant in trials.values()
        for trial in of_variant
    }
    said = {base.image: f"{base.kind}: {base.reference}" for base in summary.run.bases}
    return {
        image: f"{text}; {digests[image]}" if digests.get(image, "").startswith("sha256:") else text
        for image, text in sorted(said.items())
    }


def lab_version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def lab_commit() -> str | None:
    """The checkout's commit, and whether it was changed; None where there is no git or checkout."""
    commit = git_line("rev-parse", "HEAD")
    if not commit:
        return None
    return (
        f"{commit}{CHANGED}" if git_line("status", "--porcelain", "scripts", "images") else commit
    )


def git_line(*words: str) -> str:
    """What git says; empty where it fails, or where there is none."""
    try:
        asked = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError:
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
