"""Commits of a local clone as points, and the files of one of them."""

import contextlib
import re
import tarfile
from pathlib import Path

from lab.errors import LabError, UsageError, VariantError
from lab.points.clone import Repository, configured_value, opened_clone
from lab.records.bisection import Point
from lab.text.phrases import clipped, printable
from lab.units import MIB

MOST_COMMITS = 5000
MOST_SUBJECT = 60
MOST_COMMIT_BYTES = 512 * MIB
FORMAT = "--format=%H%x09%cs%x09%<(200,trunc)%s"
COMMIT = re.compile(r"([0-9a-f]{40,64})\t(\d{4}-\d{2}-\d{2})\t(.*)")
PAGES = re.compile(r"(?:https://|git@)(github\.com|gitlab\.com)[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?")
LABEL_LENGTH = 12


def commit_of(clone: Path, reference: str, setting: str) -> str:
    """The commit that a reference names.

    Raises:
        UsageError: it names none.
        LabError: the clone cannot be read.
    """
    with opened_clone(clone) as repository:
        return named(repository, reference, setting)


def named(repository: Repository, reference: str, setting: str) -> str:
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    try:
        return repository.text(*words).strip()
    except UsageError as error:
        said = f"{setting}={reference!r} names no commit of {repository.clone}"
        raise UsageError(said) from error


def commits(clone: Path, good: str, bad: str) -> tuple[Point, ...]:
    """The first parents from one commit to the other, both included, the oldest first.

    Raises:
        UsageError: one does not lead to the other, or there are too many between.
        LabError: the clone cannot be read.
    """
    with opened_clone(clone) as repository:
        first, last = named(repository, good, "GOOD"), named(repository, bad, "BAD")
        if not leads(repository, first, last):
            first, last = last, first
        if first == last:
            raise UsageError(f"GOOD={good} and BAD={bad} are one commit of {clone}: give two")
        if not leads(repository, first, last):
            raise UsageError(
                f"GOOD={good} and BAD={bad}: neither leads to the other in {clone}: give two "
                "commits of one branch"
            )
        between = f"{first}..{last}"
        count = int(repository.text("rev-list", "--count", "--first-parent", between)) + 1
        if count > MOST_COMMITS:
            raise UsageError(
                f"{count:,} commits lie between GOOD and BAD, at most {MOST_COMMITS:,} can be "
                "searched: move them closer"
            )
        lines = repository.text("log", "-1", FORMAT, first)
        lines += repository.text("log", "--first-parent", "--reverse", FORMAT, between)
        page = page_of(repository)
    matches = [match for line in lines.splitlines() if (match := COMMIT.fullmatch(line))]
    return tuple(
        Point(
            label=match[1][:LABEL_LENGTH],
            date=match[2],
            link=f"{page}/commit/{match[1]}" if page else None,
            notes=(clipped(printable(match[3]), MOST_SUBJECT),),
        )
        for match in matches
    )


def leads(repository: Repository, first: str, last: str) -> bool:
    """Whether the first commit is an ancestor of the last, or the same."""
    with contextlib.suppress(UsageError):
        repository.text("merge-base", "--is-ancestor", first, last)
        return True
    return False


def page_of(repository: Repository) -> str | None:
    """The page of the clone's origin, where it is one that is known."""
    match = PAGES.fullmatch(configured_value(repository, "remote.origin.url"))
    return f"https://{match[1]}/{match[2]}" if match else None


def write_commit(clone: Path, commit: str, folder: Path) -> Path:
    """Where the files of a commit were written: those of the clone's folder that was named.

    Raises:
        VariantError: it cannot be had.
    """
    archive = folder.with_suffix(".tar")
    try:
        with opened_clone(clone) as repository, archive.open("wb") as file:
            inside = repository.layout.inside
            words = ("archive", "--format=tar", commit, *((inside,) if inside else ()))
            repository.write(file, MOST_COMMIT_BYTES, *words)
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
    except (LabError, OSError, tarfile.TarError) as error:
        raise VariantError(f"commit {commit} cannot be had: {error}") from error
    finally:
        archive.unlink(missing_ok=True)
    return folder / inside
