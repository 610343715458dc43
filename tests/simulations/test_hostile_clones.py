"""Clones of a stranger: what their configuration names is never run, whatever is asked of them."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lab.errors import LabError, UsageError
from lab.points.clone import opened_clone
from lab.points.commits import commit_of, commits, write_commit
from support.git_clone import commit, git, made


def written(folder: Path, files: Path, label: str = "v1") -> str:
    """What is in the file of a commit's version."""
    files.mkdir(parents=True)
    write_commit(folder, label, files)
    return (files / "package" / "version.txt").read_text(encoding="utf-8")


PROGRAM_KEYS = (
    "filter.x.smudge",
    "filter.x.clean",
    "filter.x.process",
    "diff.x.textconv",
    "diff.x.command",
    "diff.external",
    "merge.x.driver",
    "core.fsmonitor",
    "core.sshCommand",
    "core.gitProxy",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.alternateRefsCommand",
    "pager.log",
    "pager.archive",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "tar.tar.command",
    "uploadpack.packObjectsHook",
    "remote.origin.uploadpack",
)
"""Keys of a configuration whose value is a program."""


def programs(mark: Path) -> Mapping[str, str]:
    """Keys of a configuration that name a program, each of which leaves a mark."""
    program = mark.with_suffix(".sh")
    program.write_text(f"#!/bin/sh\necho $0 $* >> {mark}\ncat\n", encoding="utf-8")
    program.chmod(0o755)
    run = str(program)
    return {
        **dict.fromkeys(PROGRAM_KEYS, run),
        "filter.x.required": "true",
        "core.hooksPath": str(mark.parent),
        "log.showSignature": "true",
        "credential.helper": f"!{run}",
        "alias.log": f"!{run}",
        "alias.rev-parse": f"!{run}",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.partialCloneFilter": "blob:none",
        "remote.origin.url": f"ext::{run}",
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
    }


def add_keys(file: Path, keys: Mapping[str, str]) -> None:
    """The keys at the end of a configuration, as `git config` writes each."""
    with file.open("a", encoding="utf-8") as config:
        for name, value in keys.items():
            section, _, key = name.rpartition(".")
            kind, _, of = section.partition(".")
            config.write(f'[{kind} "{of}"]' if of else f"[{kind}]")
            config.write(f'\n\t{key} = "{value}"\n')


def remove_object(folder: Path, reference: str) -> None:
    name = git(folder, "rev-parse", reference)
    (folder / ".git" / "objects" / name[:2] / name[2:]).unlink()


@pytest.mark.parametrize("file", ["config", "included", "worktree"])
def test_no_program_of_a_clones_configuration_is_run(tmp_path: Path, file: str) -> None:
    folder, mark = made(tmp_path / "clone"), tmp_path / "mark"
    named = programs(mark)
    file = (
        folder
        / ".git"
        / {"config": "config", "included": "more", "worktree": "config.worktree"}[file]
    )
    add_keys(file, named)
    more = {"include.path": "more", "core.repositoryformatversion": "1"}
    add_keys(folder / ".git" / "config", {**more, "extensions.worktreeConfig": "true"})
    for hook in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ):
        path = folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text((tmp_path / "mark.sh").read_text(encoding="utf-8"), encoding="utf-8")
        path.chmod(0o755)

    points = commits(folder, "v0", "HEAD")
    assert [point.notes for point in points] == [("change 0",), ("change 1",), ("change 2",)]
    assert written(folder, tmp_path / "files") == "1"
    assert points[0].link is None
    remove_object(folder, "v0:package/version.txt")
    with pytest.raises(LabError):  # a promise of the clone to have it elsewhere is not asked for
        written(folder, tmp_path / "more", "v0")
    assert not mark.exists(), mark.read_text(encoding="utf-8")


def test_the_programs_of_the_configuration_would_be_run_by_git_itself(tmp_path: Path) -> None:
    """That the test above can fail: git with the clone's own configuration leaves the mark."""
    folder, mark = made(tmp_path / "clone"), tmp_path / "mark"
    named = programs(mark)
    git(folder, "config", "filter.x.smudge", named["filter.x.smudge"])

    git(folder, "archive", "--format=tar", f"--output={tmp_path}/out.tar", "v1")

    assert mark.exists()


def test_two_names_of_one_commit_and_commits_of_two_histories_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "clone")
    git(folder, "checkout", "--quiet", "--orphan", "other")
    commit(folder, "alone")

    with pytest.raises(UsageError, match=r"GOOD=v2 and BAD=main are one commit of .*: give two$"):
        commits(folder, "v2", "main")
    with pytest.raises(UsageError, match=r"neither leads to the other in .*: give two commits of"):
        commits(folder, "v0", "other")


@pytest.mark.parametrize(
    "variable", ["GIT_DIR", "GIT_CONFIG_COUNT", "GIT_EXTERNAL_DIFF", "GIT_TRACE"]
)
def test_variables_of_who_runs_it_do_not_lead_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    folder = made(tmp_path / "clone")
    monkeypatch.setenv(variable, str(tmp_path / "nowhere"))

    assert len(commits(folder, "v0", "HEAD")) == 3


def test_users_filters_are_not_run_for_a_strangers_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, mark = made(tmp_path / "clone"), tmp_path / "mark"
    home = tmp_path / "home"
    home.mkdir()
    for name in ("filter.x.smudge", "gpg.program"):
        git(folder, "config", "--file", str(home / ".gitconfig"), name, programs(mark)[name])
    monkeypatch.setenv("HOME", str(home))

    assert written(folder, tmp_path / "files") == "1"
    assert not mark.exists()


@pytest.mark.parametrize("name", ["packed-refs", "shallow", "refs/heads/x", "refs/tags"])
@pytest.mark.parametrize("kind", ["pipe", "symlink"])
def test_files_that_would_be_waited_for_are_one_line(tmp_path: Path, name: str, kind: str) -> None:
    folder = made(tmp_path / "clone")
    path = folder / ".git" / name
    if path.is_dir():
        path.rename(tmp_path / "aside")
    path.unlink(missing_ok=True)
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")

    with pytest.raises(LabError, match="cannot be read: it is a"):
        commits(folder, "main~1", "main")


@pytest.mark.parametrize("kind", ["pipe", "device", "large", "missing", "folder"])
@pytest.mark.parametrize("name", ["HEAD", "config", "../.git"])
def test_what_stands_where_git_looks_first(tmp_path: Path, name: str, kind: str) -> None:
    folder = made(tmp_path / "clone")
    path = folder / ".git" / name
    if name == "../.git":
        path = folder / ".git"
        path.rename(tmp_path / "aside")
    else:
        path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "large":
        path.write_bytes(b"gitdir: x\n" * 2_000_000)
    elif kind == "folder":
        path.mkdir()

    if name == "config":
        assert len(commits(folder, "v0", "v2")) == 3
    else:
        with pytest.raises(LabError) as error:
            commits(folder, "v0", "v2")
        assert "\n" not in str(error.value)


def test_output_has_an_end(tmp_path: Path) -> None:
    with opened_clone(made(tmp_path / "clone")) as repository:
        limited = replace(repository, most_text_bytes=100)
        with pytest.raises(LabError, match="git log prints more than 100 B"):
            limited.text("log", "v2")


def test_time_has_an_end(tmp_path: Path) -> None:
    folder = made(tmp_path / "clone")
    with opened_clone(folder) as repository:
        os.mkfifo(folder / ".git" / "objects" / "info" / "alternates")
        limited = replace(repository, seconds=0.3)
        with pytest.raises(LabError, match="git log takes more than"):
            limited.text("log", "v2")


def test_subjects_of_any_length_are_cut(tmp_path: Path) -> None:
    folder = made(tmp_path / "clone")
    (folder / "message").write_text("x" * 3_000_000, encoding="utf-8")
    git(folder, "commit", "--allow-empty", "--quiet", "--file", "message")

    assert len(commits(folder, "v2", "HEAD")[-1].notes[0]) == 60


def test_linked_work_trees_bare_clones_and_folders_of_a_clone(tmp_path: Path) -> None:
    folder = made(tmp_path / "clone")
    git(folder, "worktree", "add", "--quiet", str(tmp_path / "linked"), "v1")
    git(tmp_path, "clone", "--quiet", "--bare", str(folder), "bare.git")

    assert [point.notes for point in commits(tmp_path / "linked", "v0", "HEAD")][-1] == (
        "change 1",
    )
    assert len(commits(tmp_path / "bare.git", "v0", "HEAD")) == 3
    files = tmp_path / "files"
    files.mkdir()
    package = write_commit(folder / "package", "v1", files)
    assert (package / "version.txt").read_text(encoding="utf-8") == "1"
    assert not (files / "signed.txt").exists()


def test_what_a_package_asks_of_its_archive_is_filled_in(tmp_path: Path) -> None:
    folder = made(tmp_path / "clone")
    (folder / "signed.txt").write_text("$Format:%H %(describe:tags)$\n", encoding="utf-8")
    commit(folder, "change 3")
    files = tmp_path / "files"
    files.mkdir()
    write_commit(folder, "HEAD", files)

    said = (files / "signed.txt").read_text(encoding="utf-8")
    assert re.fullmatch(r"[0-9a-f]{40} v2-1-g[0-9a-f]+\n", said)


def test_other_formats_of_git(tmp_path: Path) -> None:
    folder = made(tmp_path / "clone", "--object-format=sha256")
    assert len(commit_of(folder, "HEAD", "BAD")) == 64
    try:
        folder = made(tmp_path / "tables", "--ref-format=reftable")
    except subprocess.CalledProcessError:
        pytest.skip("this git has one format of references")
    assert len(commits(folder, "v0", "HEAD")) == 3
    assert written(folder, tmp_path / "files") == "1"
