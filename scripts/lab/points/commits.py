"""Commits of a local clone as points, and the files of one of them."""

import contextlib
import re
import subprocess
import tarfile
from pathlib import Path

from lab.errors import LabError, UsageError, VariantError
from lab.records.bisection import Point
from lab.text.phrases import clipped, printable

GIT = (
    "git",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showSignature=false",
)
SECONDS = 60.0
MOST_COMMITS = 5000
MOST_SUBJECT = 60
COMMIT = re.compile(r"([0-9a-f]{40,64})\t(\d{4}-\d{2}-\d{2})\t(.*)")
PAGES = re.compile(r"(?:https://|git@)(github\.com|gitlab\.com)[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?")
LABEL_LENGTH = 12


def git(clone: Path, *words: str) -> str:
    """What git prints.

    Raises:
        UsageError: git refuses; says why.
        LabError: there is no git, or it takes too long.
    """
    command = [*GIT, "-C", str(clone), *words]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"git cannot be run in {clone}: {type(error).__name__}") from error
    if ended.returncode:
        lines = printable(ended.stderr.decode(errors="replace")).strip().splitlines()
        raise UsageError(f"GIT={clone}: {clipped(lines[-1] if lines else 'git failed', 200)}")
    return ended.stdout.decode(errors="replace")


def commit_of(clone: Path, reference: str, setting: str) -> str:
    """The commit that a reference names.

    Raises:
        UsageError: it names none.
    """
    try:
        return git(
            clone, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}"
        ).strip()
    except UsageError as error:
        raise UsageError(f"{setting}={reference!r} names no commit of {clone}") from error


def commits(clone: Path, good: str, bad: str) -> tuple[Point, ...]:
    """The first parents from one commit to the other, both included, the oldest first.

    Raises:
        UsageError: one does not lead to the other, or there are too many between.
    """
    first, last = commit_of(clone, good, "GOOD"), commit_of(clone, bad, "BAD")
    if not leads(clone, first, last):
        first, last = last, first
    if first == last or not leads(clone, first, last):
        raise UsageError(f"GOOD={good} and BAD={bad} are not one behind the other in {clone}")
    lines = git(
        clone, "log", "--first-parent", "--reverse", "--format=%H%x09%cs%x09%s", f"{first}..{last}"
    )
    own = git(clone, "log", "-1", "--format=%H%x09%cs%x09%s", first)
    page = page_of(clone)
    matches = [match for line in (own + lines).splitlines() if (match := COMMIT.fullmatch(line))]
    if len(matches) > MOST_COMMITS:
        raise UsageError(
            f"{len(matches):,} commits lie between GOOD and BAD, at most "
            f"{MOST_COMMITS:,} can be searched: move them closer"
        )
    return tuple(
        Point(
            label=match[1][:LABEL_LENGTH],
            date=match[2],
            link=f"{page}/commit/{match[1]}" if page else None,
            notes=(clipped(printable(match[3]), MOST_SUBJECT),),
        )
        for match in matches
    )


def leads(clone: Path, first: str, last: str) -> bool:
    """Whether the first commit is an ancestor of the last, or the same."""
    with contextlib.suppress(UsageError):
        git(clone, "merge-base", "--is-ancestor", first, last)
        return True
    return False


def page_of(clone: Path) -> str | None:
    """The page of the clone's origin, where it is one that is known."""
    with contextlib.suppress(UsageError):
        match = PAGES.fullmatch(git(clone, "remote", "get-url", "origin").strip())
        return f"https://{match[1]}/{match[2]}" if match else None
    return None


def write_commit(clone: Path, commit: str, folder: Path) -> None:
    """Write the files of a commit into a folder.

    Raises:
        VariantError: it cannot be had.
    """
    archive = folder.with_suffix(".tar")
    try:
        git(clone, "archive", "--format=tar", f"--output={archive}", commit)
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
    except (LabError, OSError, tarfile.TarError) as error:
        raise VariantError(f"commit {commit} cannot be had: {error}") from error
    finally:
        archive.unlink(missing_ok=True)
