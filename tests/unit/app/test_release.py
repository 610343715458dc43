"""Another release of one package: which requirements it needs, and how it comes to be installed."""

from dataclasses import replace
from pathlib import Path

import pytest
from lab.app import release
from lab.app.release import (
    NoRelease,
    installed_versions,
    newer_python,
    newest_release,
    unpinned,
)
from lab.app.spec import AppSpec
from lab.engines.process.environments import Installed
from lab.engines.process.uv import Uv
from lab.errors import LabError
from lab.records.interventions import Release

APP = AppSpec(Path("/app/lab.toml"), "shop", python="3.8", requirements=("U.json==5.3.0",))


@pytest.mark.parametrize(
    ("line", "free"),
    [
        ("ujson==5.3.0", "ujson"),
        ("U_Json[fast] >=5,<6 ; python_version < '4'", "U_Json[fast] ; python_version < '4'"),
        ("ujson==5.3.0 --hash=sha256:1", "ujson"),
        ("ujson==5.3.0 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2", "ujson"),
        ("ujson-extra==5.3.0", "ujson-extra==5.3.0"),
        ("--index-url https://example.org", "--index-url https://example.org"),
        ("# ujson==5.3.0", "# ujson==5.3.0"),
    ],
)
def test_a_package_is_freed_from_its_version_and_no_other(line: str, free: str) -> None:
    name = "u-json" if line.startswith("U_") else "ujson"

    assert unpinned(f"{line}\n", name) == f"{free}\n"


def environment(folder: Path, **versions: str) -> Path:
    """The Python of a made-up environment with these distributions."""
    for name, version in versions.items():
        site = folder / "lib/python3.8/site-packages" / f"{name}-{version}.dist-info"
        site.mkdir(parents=True)
    return folder / "bin" / "python3"


def test_what_was_installed_from_a_folder_has_no_release(tmp_path: Path) -> None:
    python = environment(tmp_path, Flask_Login="1.0", own="2.0")
    (tmp_path / "lib/python3.8/site-packages/own-2.0.dist-info/direct_url.json").touch()

    assert installed_versions(python) == {"flask-login": "1.0"}


class NotedUv:
    """uv's place: it notes what it is told, and installs what it was made with."""

    def __init__(self, newest: str, failed: str = "") -> None:
        self.newest, self.failed = newest, failed
        self.told: list[list[str]] = []

    def attempt(self, *given: object) -> str:
        made = given[-1]
        assert isinstance(made, release.NewEnvironment)
        environment(made.folder, u_json=self.newest)
        return self.failed


def tried(
    tmp_path: Path, machine: NotedUv, monkeypatch: pytest.MonkeyPatch, app: AppSpec = APP
) -> release.NewerEnvironment:
    monkeypatch.setattr(release, "attempt", machine.attempt)
    python = environment(tmp_path / "old", u_json="5.3.0", flask="2.0")
    old, uv = Installed(python, "CPython 3.8.18"), Uv(tmp_path / "environments")
    return newest_release(app, "U.json", old, uv, tmp_path / "new")


def test_what_completes_the_environment_completes_the_one_of_the_newest_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the newest release is measured without a model, a patch, a translation."""
    folder = tmp_path / "app"
    folder.mkdir()
    app = replace(APP, file=folder / "lab.toml", install=f'echo "$VIRTUAL_ENV" > {tmp_path}/ran')

    newer = tried(tmp_path, NotedUv("5.12.1"), monkeypatch, app)

    assert (tmp_path / "ran").read_text().strip() == str(newer.installed.python.parents[1])
    broken = replace(app, install="echo boom; exit 1")
    with pytest.raises(NoRelease, match="install failed: boom"):
        tried(tmp_path / "again", NotedUv("5.12.1"), monkeypatch, broken)


def test_the_newest_release_is_known_by_both_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = tried(tmp_path, NotedUv("5.12.1"), monkeypatch)

    assert attempt.release == Release("U.json", "5.3.0", "5.12.1")
    assert attempt.installed.python == tmp_path / "new/itself/bin/python3"


def test_a_package_that_another_fixes_moves_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempt(_: object, name: str, *given: object) -> str:
        made = given[-1]
        assert isinstance(made, release.NewEnvironment)
        environment(made.folder, flask="3.0" if name == "flask" else "2.0", u_json="5.3.0")
        return ""

    monkeypatch.setattr(release, "attempt", attempt)
    python = environment(tmp_path / "old", u_json="5.3.0", flask="2.0")
    metadata = tmp_path / "old/lib/python3.8/site-packages/flask-2.0.dist-info/METADATA"
    metadata.write_text("Requires-Dist: other\nRequires-Dist: u.json==5.3.0 ; extra == 'a'\n")
    old = Installed(python, "CPython 3.8.18")

    uv = Uv(tmp_path / "environments")
    found = newest_release(APP, "u.json", old, uv, tmp_path / "new")

    assert found.release == Release("flask", "2.0", "3.0")


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (NotedUv("5.3.0"), "U.json 5.3.0 is the newest release that installs beside the rest"),
        (NotedUv("5.4.0", "error: no index"), "of U.json cannot be had: no index"),
    ],
)
def test_without_another_release_one_line_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: NotedUv, said: str
) -> None:
    with pytest.raises(NoRelease, match=said):
        tried(tmp_path, machine, monkeypatch)


def test_the_newest_python_that_takes_the_packages_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def prepared(description: AppSpec, *_: object) -> Installed:
        if description.python == "3.13":
            raise LabError("no wheel")
        return Installed(Path("/env/bin/python3"), f"CPython {description.python}")

    here = {"3.13", "3.12", "3.8"}
    monkeypatch.setattr(release, "find_interpreter", lambda minor: minor in here or None)
    monkeypatch.setattr(release, "prepare_app", prepared)

    assert newer_python(APP, Path(), print).release == Release("Python", "3.8", "3.12")
    here.remove("3.12")
    with pytest.raises(NoRelease, match=r"no newer Python than 3\.8"):
        newer_python(APP, Path(), print)
