"""`lab verify`: one line for what would harm, and the outcome of what agrees and what does not."""

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lab.share.archive import ArchiveEntry, zip_of
from lab.share.manifest import NAME
from support.quoted_runs import TRY_RUN
from support.verified_bundles import Files, verify, with_manifest


def hostile_entry(name: str, mode: int = 0o100644) -> Callable[[Files], bytes]:
    def pack(files: Files) -> bytes:
        buffer = io.BytesIO(zip_of(TRY_RUN, files))
        with zipfile.ZipFile(buffer, "a") as archive:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, b"/etc/passwd")
        return buffer.getvalue()

    return pack


def changed(name: str, content: bytes) -> Callable[[Files], bytes]:
    return lambda files: zip_of(TRY_RUN, {**files, name: ArchiveEntry(content)})


def without(name: str) -> Callable[[Files], bytes]:
    return lambda files: zip_of(TRY_RUN, {n: e for n, e in files.items() if n != name})


def renamed_run(files: Files) -> bytes:
    data = json.loads(files[NAME].content)
    return zip_of(
        TRY_RUN, {**files, NAME: ArchiveEntry(json.dumps({**data, "run": "../x"}).encode())}
    )


def led_away(files: Files) -> bytes:
    data = json.loads(files[NAME].content)
    content = json.dumps({**data, "app": "app/shop/../../lab.toml"}).encode()
    return zip_of(TRY_RUN, {**files, NAME: ArchiveEntry(content)})


HOSTILE = {
    "zip slip": (hostile_entry("../../escaped"), "leads out of its folder"),
    "absolute": (hostile_entry("/tmp/escaped"), "is an absolute name"),
    "symlink": (hostile_entry(f"{TRY_RUN}/link", stat.S_IFLNK | 0o777), "is a symlink"),
    "twice": (hostile_entry(f"{TRY_RUN}/app/shop/APP.py"), "is in it twice"),
    "not listed": (changed("more.py", b""), "more.py is not in the manifest"),
    "another content": (changed("app/shop/app.py", b"import os"), "app.py differs"),
    "missing": (without("app/shop/app.py"), "app.py is missing"),
    "no manifest": (without(NAME), "it has no manifest.json"),
    "no JSON": (changed(NAME, b"{"), "manifest.json is not JSON"),
    "nested JSON": (changed(NAME, b"[" * 100_000), "manifest.json is not JSON"),
    "another shape": (changed(NAME, b"{}"), "manifest.json cannot be used"),
    "run elsewhere": (renamed_run, "its run is not there"),
    "app elsewhere": (led_away, "its app is not there"),
    "bomb": (changed("bomb", b"\0" * (9 << 20)), "times its size"),
    "no zip": (lambda _: b"#!/bin/sh\n" * 10, "it is not a bundle"),
}


@pytest.mark.parametrize(("pack", "said"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_bundle_is_one_line_and_nothing_is_written(
    made: Files,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    pack: Callable[[Files], bytes],
    said: str,
) -> None:
    assert verify(work, pack(made)) == 64

    printed = capsys.readouterr()
    assert said in printed.err
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert len(printed.err) < 500
    assert sorted(path.name for path in work.parents[1].iterdir()) == ["a"]


def test_without_docker_and_trust_nothing_of_it_is_run(
    whole: Files,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lab.commands.sharing.verify.rerun", lambda *_: pytest.fail("it was run"))

    assert verify(work, zip_of(TRY_RUN, whole)) == 2

    printed = capsys.readouterr().out
    assert "raw files judged anew: the same summary.json, byte by byte" in printed
    assert "Nothing of the bundle was run" in printed
    assert printed.splitlines()[-1] == "outcome: undecided"


def test_raw_files_that_do_not_give_its_summary_differ(
    made: Files, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"there/{TRY_RUN}/summary.json"
    better = made[name].content.replace(b'"leak"', b'"flat"')

    assert verify(work, zip_of(TRY_RUN, with_manifest({**made, name: ArchiveEntry(better)}))) == 1

    assert capsys.readouterr().out.splitlines()[-1] == "outcome: differs"


def test_a_raw_file_that_cannot_be_read_is_one_line(
    made: Files, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"there/{TRY_RUN}/samples/own-ujson-failing/1.jsonl"
    files = with_manifest({**made, name: ArchiveEntry(b'{"record": "start"}\n')})

    assert verify(work, zip_of(TRY_RUN, files)) == 64
    assert capsys.readouterr().err.count("\n") == 1
