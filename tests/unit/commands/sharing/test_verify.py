"""`lab verify`: one line for what would harm, and the outcome of what agrees and what does not."""

import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.commands.app_runs.plan import RERUN
from lab.commands.sharing import verify as lab_verify
from lab.commands.sharing.bundle_parts import parts_of
from lab.commands.sharing.verify_rerun import Rerun
from lab.share.archive import ArchiveEntry, zip_of
from lab.share.manifest import NAME, facts_of
from support.planted import TWO, planted_run, two_variants
from support.quoted_runs import DOCKER_RUN, TRY_RUN, copy_raw

Files = dict[str, ArchiveEntry]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    """The files of a bundle of a user app."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = planted_run(tmp_path_factory.mktemp("planted"), monkeypatch)
        yield dict(parts_of(folder, {}).files)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = two_variants(tmp_path_factory.mktemp("suite"))
    return without_driver(dict(parts_of(folder, {}).files))


DRIVER = ("scripts/", "images/", "apps/")
"""The lab's own files, nine in ten of a bundle's: nothing of them is taken."""


def without_driver(files: Files) -> Files:
    """A bundle without the lab's own files, which is packed and checked sooner."""
    return with_manifest({n: e for n, e in files.items() if not n.startswith(DRIVER)})


@pytest.fixture(scope="module")
def made(whole: Files) -> Files:
    return without_driver(whole)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which nothing but the bundle may appear."""
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.setenv("RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("TMPDIR", str(inside))
    monkeypatch.setenv("BUNDLE", str(inside / "x.zip"))
    monkeypatch.setenv("ENGINE", "process")
    monkeypatch.setattr("tempfile.tempdir", None)
    return inside


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


@pytest.fixture
def run_again(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Rerun]]:
    """In the place of a rerun a kept run appears."""

    def give(run_id: str) -> list[Rerun]:
        wanted: list[Rerun] = []

        def fake(rerun: Rerun, _: object) -> int:
            wanted.append(rerun)
            rerun.results.mkdir()
            shutil.move(copy_raw(run_id, rerun.work / "kept").path, rerun.results / run_id)
            return 0

        monkeypatch.setattr("lab.commands.sharing.verify.rerun", fake)
        return wanted

    return give


def test_a_run_of_a_suite_agrees_with_itself_and_is_kept(
    suite: Files,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    run_again: Callable[[str], list[Rerun]],
) -> None:
    wanted = run_again(DOCKER_RUN)

    assert verify(work, zip_of(DOCKER_RUN, suite)) == 0

    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == "outcome: agrees"
    assert "2 variants of this checkout's own, nothing of the bundle" in printed
    assert wanted[0].settings["VARIANTS"].split() == list(TWO)
    results = work.parents[1] / "results"
    assert {path.name for path in results.iterdir()} == {
        *(DOCKER_RUN, f"verify-{DOCKER_RUN}.md", f"verify-{DOCKER_RUN}.json"),
    }


def test_another_outcome_is_told_there_and_here(
    suite: Files,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    run_again: Callable[[str], list[Rerun]],
) -> None:
    run_again("20261124-030536-core")

    assert verify(work, zip_of(DOCKER_RUN, suite)) == 1

    printed = capsys.readouterr().out
    assert "| what else differs | there | here |" in printed
    assert "the ceiling here is" in printed
    assert printed.splitlines()[-1] == "outcome: differs"


def test_a_trusted_app_is_run_by_its_own_description(
    made: Files,
    work: Path,
    run_again: Callable[[str], list[Rerun]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = run_again(TRY_RUN)
    monkeypatch.setenv("TRUST", "1")

    assert verify(work, zip_of(TRY_RUN, made)) == 0

    settings = wanted[0].settings
    assert settings["APP"].endswith("/app/shop/lab.toml")
    assert (settings["HOST_CPUS"], settings["ENGINE"]) == ("4", "process")
    assert settings[RERUN] == "1"
    assert wanted[0].budget == {"BUDGET": "15m"}
    assert wanted[0].script.name == "try"


LIES: Mapping[str, object] = {
    "left_out": [{"name": "servers beside the app: redis; touch x", "reason": "\x1b[2J"}],
    "images": {"memlab-driver": "$(id)", "--privileged": "x"},
    "lab": {"version": "9", "commit": None, "run_commit": "--upload-pack=x"},
    "lock": "\nlab: outcome: agrees",
    "redacted": {"x": -5},
}
SERVICES = b"""{"services": {"driver": {"image": "evil", "privileged": true, "volumes": ["/:/h"]},
 "own-shop": {"image": "evil", "network_mode": "host"}}}"""


def test_of_its_project_and_of_what_its_manifest_says_of_services_nothing_is_taken(
    made: Files,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    run_again: Callable[[str], list[Rerun]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = run_again(TRY_RUN)
    honest: list[Mapping[str, str]] = []
    monkeypatch.setenv("TRUST", "1")
    for lies in (False, True):
        files = dict(made)
        if lies:
            for name in ("compose.yaml", "scripts/lab/__main__.py", "images/driver.Dockerfile"):
                files[name] = ArchiveEntry(SERVICES, is_program=True)
            files[".env"] = ArchiveEntry(b"COMPOSE=touch x\nDOCKER_HOST=tcp://evil\n")
            files = with_manifest(files)
            said = {**json.loads(files[NAME].content), **LIES}
            files[NAME] = ArchiveEntry(json.dumps(said).encode())
        shutil.rmtree(work.parents[1] / "results", ignore_errors=True)
        seen = written_below(monkeypatch)

        assert verify(work, zip_of(TRY_RUN, files)) == 0
        assert seen == {"there", "app"}
        settings = dict(wanted[-1].settings)
        del settings["APP"], settings["RESULTS"]
        honest.append(settings)
        assert "\x1b" not in capsys.readouterr().out
    assert honest[0] == honest[1]


def written_below(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What lies in the work folder when it is run, filled then."""
    seen: set[str] = set()
    run_it = vars(lab_verify)["rerun"]

    def look(rerun: Rerun, given: object) -> object:
        seen.update(path.name for path in rerun.work.iterdir())
        return run_it(rerun, given)

    monkeypatch.setattr(lab_verify, "rerun", look)
    return seen


def test_what_could_not_be_run_is_undecided(
    suite: Files, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(rerun: Rerun, _: object) -> int:
        rerun.results.mkdir()
        return 3

    monkeypatch.setattr("lab.commands.sharing.verify.rerun", fails)

    assert verify(work, zip_of(DOCKER_RUN, suite)) == 2
    assert capsys.readouterr().out.splitlines()[-1] == "outcome: undecided"


def test_without_a_bundle_it_asks_for_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BUNDLE", "")

    assert main(["verify"]) == 64
    assert "BUNDLE is missing" in capsys.readouterr().err
