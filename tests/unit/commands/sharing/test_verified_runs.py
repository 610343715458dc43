"""What `lab verify` runs again, and what it says of the outcome."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.commands.app_runs.plan import RERUN
from lab.commands.sharing import verify as lab_verify
from lab.commands.sharing.bundle_parts import parts_of
from lab.commands.sharing.verify_rerun import Rerun
from lab.share.archive import ArchiveEntry, zip_of
from lab.share.manifest import NAME
from support.planted import TWO, two_variants
from support.quoted_runs import DOCKER_RUN, TRY_RUN, copy_raw
from support.verified_bundles import Files, verify, with_manifest, without_driver


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = two_variants(tmp_path_factory.mktemp("suite"))
    return without_driver(dict(parts_of(folder, {}).files))


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
