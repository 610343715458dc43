"""`lab bundle`: what goes in, what stays out, and that the same run is the same bytes."""

import contextlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.app.compose_records import Companion
from lab.app.spec import AppSpec
from lab.commands.rebuild import judge_anew, summarise_anew
from lab.commands.sharing.bundle_parts import parts_of, servers_left_out
from lab.records.app_services import ServiceAsked, ServiceKind
from lab.share.bundle_readme import bundle_readme
from lab.share.lock import lock_of
from lab.share.manifest import BundleKind, Manifest, check_files, read_manifest
from lab.share.unpacking import read_archive
from lab.store.run_folder import RunFolder
from lab.yaml_file import read_yaml
from support.planted import NOWHERE, TWO, planted_run, two_variants
from support.quoted_runs import TRY_RUN, copy_raw


@pytest.fixture(scope="module")
def here() -> Iterator[pytest.MonkeyPatch]:
    """The machine of the planted user, for all tests of this module."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch


@pytest.fixture(scope="module")
def planted(here: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return planted_run(tmp_path_factory.mktemp("planted"), here)


@pytest.fixture(scope="module")
def bundled(planted: RunFolder, here: pytest.MonkeyPatch) -> tuple[bytes, str]:
    """Its bundle, and what was printed meanwhile."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        return bundle(here, planted), printed.getvalue()


@pytest.fixture(scope="module")
def archive(bundled: tuple[bytes, str]) -> bytes:
    return bundled[0]


@pytest.fixture(scope="module")
def files(archive: bytes) -> Mapping[str, bytes]:
    return contents(archive)


@pytest.fixture(scope="module")
def manifest(files: Mapping[str, bytes]) -> Manifest:
    return read_manifest(files["manifest.json"])


def bundle(monkeypatch: pytest.MonkeyPatch, folder: RunFolder, **settings: str) -> bytes:
    for name, value in {"RESULTS": str(folder.path.parent), "RUN": folder.id, **settings}.items():
        monkeypatch.setenv(name, value)
    assert main(["bundle"]) == 0
    return (folder.path.parent / f"{folder.id}.zip").read_bytes()


def contents(archive: bytes) -> dict[str, bytes]:
    _, files = read_archive(io.BytesIO(archive), len(archive))
    return {name: entry.content for name, entry in files.items()}


def test_nothing_that_was_planted_is_anywhere_in_it(files: Mapping[str, bytes]) -> None:
    own = {n: c for n, c in files.items() if not n.startswith(("scripts/", "images/l"))}
    leaks = [
        (name, text)
        for name, content in ((name, content.lower()) for name, content in own.items())
        for text in NOWHERE
        if text.encode().lower() in content or text in name
    ]
    assert leaks == []
    assert "app/shop/app.py" in files
    assert "app/shop/static/user.txt" in files
    assert "redacted" in files[f"there/{TRY_RUN}/samples/own-ujson-failing/1.jsonl"].decode()


def test_what_stays_out_is_told_and_listed_before_it_is_written(
    bundled: tuple[bytes, str], files: Mapping[str, bytes], manifest: Manifest
) -> None:
    assert {each.name for each in manifest.left_out} == {
        *(".env", ".git/", "data/", "link", "photo.bin", "tls/server.pem", "venv2/"),
    }
    assert [n for n in files if n.endswith((".env", ".pem")) and n != ".env"] == []
    assert files["app/shop/variables.redacted"] == b"SIGNING_KEY=redacted\nDEBUG=redacted\n"
    _, printed = bundled
    assert printed.index("left out: .git/ (history)") < printed.index("bundle: ")
    assert "app/shop/app.py" in printed


def test_the_manifest_holds_and_says_what_the_bundle_is(
    files: Mapping[str, bytes], manifest: Manifest
) -> None:
    check_files(manifest, files)
    assert (manifest.kind, manifest.app) == (BundleKind.APP, "app/shop/lab.toml")
    assert manifest.run == TRY_RUN
    assert "CPython 3.8.18" in next(iter(manifest.images.values()))
    assert {"issue.md", "report.md", "report.html", "README.md", "compose.yaml"} <= set(files)


def test_the_same_run_is_the_same_bytes(
    planted: RunFolder, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bundle(monkeypatch, planted) == archive


def test_servers_that_the_compose_project_lacks_are_told(
    planted: RunFolder, files: Mapping[str, bytes], manifest: Manifest
) -> None:
    servers = AppSpec(Path("lab.toml"), "shop", services=(ServiceAsked(ServiceKind.POSTGRES),))
    (left_out,) = servers_left_out(replace(servers, companions=(Companion("mail"),)))
    page = bundle_readme(summarise_anew(planted), replace(manifest, left_out=(left_out,)))

    assert left_out.name == "servers beside the app: postgres, mail"
    assert "needs servers that this Compose project does not start** (postgres, mail)" in page
    assert list(servers_left_out(servers)) == []
    assert "does not start" not in files["README.md"].decode()
    assert list(servers_left_out(AppSpec(Path("lab.toml"), "shop"))) == []


def test_what_others_made_for_the_run_stands_at_the_top(planted: RunFolder) -> None:
    made = planted.path / "reproduce.py"
    made.write_text("print('grows')\n", encoding="utf-8")
    searches = []
    picture = "![Bytes a request](bisect.svg)\n\n"
    bisect = f"# First bad release\n\n{picture}5.2.0\n"
    for kind, page in (("bisect", bisect), ("layers", "# Layers\n")):
        searches.append(planted.path.with_name(f"20261126-120000-{kind}-ujson-failing"))
        searches[-1].mkdir()
        (searches[-1] / f"{kind}.md").write_text(page, encoding="utf-8")
    (searches[0] / "bisect.svg").write_text("<svg/>", encoding="utf-8")

    files = {name: each.content for name, each in parts_of(planted, {}).files.items()}
    made.unlink()
    for search in searches:
        shutil.rmtree(search)

    assert files["reproduce.py"] == b"print('grows')\n"
    assert "print('grows')" in files["issue.md"].decode()
    assert "##### First bad release" in files["issue.md"].decode()
    assert files["bisect.svg"] == b"<svg/>"
    assert "bisect.svg" not in files["issue.md"].decode()
    assert "##### Layers" in files["issue.md"].decode()
    assert "exchanging the server" not in files["issue.md"].decode()
    assert "uv run reproduce.py" in files["README.md"].decode()


def test_the_compose_project_has_the_settings_of_the_run_and_no_image_of_the_labs(
    files: Mapping[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "compose.yaml"
    path.write_bytes(files["compose.yaml"])
    document = read_yaml(path)
    services = document["services"]

    assert {"gate", "driver", "volumes", "own-shop", "own-shop-traced"} <= set(services)
    assert "own-shop-control" not in services  # nothing is tried again
    assert {name for each in services.values() for name in each["networks"]} == {
        *document["networks"]
    }
    assert all(network["internal"] for network in document["networks"].values())
    images = {service["image"] for service in services.values()}
    assert all(image.startswith("memlab-bundle-") for image in images)
    assert services["driver"]["environment"]["HOST_CPUS"] == "${HOST_CPUS:-4}"
    assert services["driver"]["environment"]["BUDGET"] == "${BUDGET:-15m}"
    assert services["driver"]["command"] == ["rerun"]
    assert services["own-shop"]["depends_on"] == ["volumes"]
    volumes = {v.partition(":")[0] for s in services.values() for v in s["volumes"]}
    assert not {v for v in volumes if v.startswith("/") and v != "/lab/app"}
    assert services["own-shop"]["cap_drop"] == ["ALL"]
    for service in services.values():
        if "build" in service and service["build"]["context"] == ".":
            assert service["build"]["dockerfile"] in files


def test_a_run_of_a_suite_is_bundled_with_its_variants_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = two_variants(tmp_path / "results")

    files = contents(bundle(monkeypatch, folder))

    path = tmp_path / "compose.yaml"
    path.write_bytes(files["compose.yaml"])
    services = read_yaml(path)["services"]
    assert set(services) == {*TWO, "gate", "driver"}
    assert not any("profiles" in service for service in services.values())
    assert read_manifest(files["manifest.json"]).kind is BundleKind.SUITE
    assert "images/locks/thread.txt" in files


def test_what_is_bundled_gives_the_same_summary_again(archive: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as unpacked:
        unpacked.extractall(tmp_path / "u")
    there = tmp_path / "u" / TRY_RUN / "there" / TRY_RUN

    judged = judge_anew(RunFolder(there))

    assert judged.files["summary.json"] == (there / "summary.json").read_text(encoding="utf-8")


def test_a_run_without_its_app_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_raw(TRY_RUN, tmp_path / "results")
    experiment = json.loads((folder.path / "experiment.json").read_text(encoding="utf-8"))
    experiment["command"] = "lab try"
    (folder.path / "experiment.json").write_text(json.dumps(experiment), encoding="utf-8")
    monkeypatch.setenv("RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("RUN", TRY_RUN)

    assert main(["bundle"]) == 64
    assert "has no copy of its app: give APP=" in capsys.readouterr().err


def test_a_bundle_that_is_too_large_is_refused_and_not_written(
    planted: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lab.commands.sharing.bundle.zip_of", lambda *_: b"x" * (11 << 20))
    monkeypatch.setenv("RESULTS", str(planted.path.parent))
    monkeypatch.setenv("RUN", planted.id)

    assert main(["bundle"]) == 64
    assert "more than BUNDLE_LIMIT=10m" in capsys.readouterr().err
    written = planted.path.parent.glob("*.zip")
    assert [path.name for path in written if path.stat().st_size > 10 << 20] == []


def test_the_lock_is_that_of_the_app(files: Mapping[str, bytes], manifest: Manifest) -> None:
    lock = files["app/shop/lab.lock"].decode()
    assert lock.splitlines()[1:] == ["ujson==5.3.0"]
    assert manifest.lock == lock_of({"ujson": "5.3.0"}, {}, "3.12.1").said


def test_the_shell_scripts_of_a_bundle_may_be_run(archive: bytes, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(archive)

    subprocess.run(["unzip", "-q", path, "-d", tmp_path / "u"], check=True, timeout=60)

    top = tmp_path / "u" / TRY_RUN
    assert (top / "images" / "entry").stat().st_mode & 0o111
    assert (top / "results").stat().st_mode & 0o777 == 0o777
