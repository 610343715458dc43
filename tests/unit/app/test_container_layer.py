"""The layer that completes an app's own image, so that it can write where it works."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from lab.app.container import hardened
from lab.app.container_folders import move_from_top
from lab.app.container_layer import SET_ASIDE, completed_recipe, ownership_lines
from lab.app.image_facts import image_facts
from lab.app.services import services
from lab.app.spec import AppSpec
from lab.app.spec_file import describe
from lab.records.app_services import ServiceAsked, ServiceKind
from lab.records.image_facts import ImageFacts


@pytest.fixture
def spec(tmp_path: Path) -> AppSpec:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM x\nWORKDIR /srv/shop\nCMD serve\n", encoding="utf-8")
    return describe({"dockerfile": "Dockerfile"}, folder / "lab.toml")


def volumes(spec: AppSpec) -> list[str]:
    found = services(spec, (), None)["own-shop"]
    limited = hardened(found, "own-shop", Path("/work"), Path("/lab"), None)
    assert limited["read_only"]
    assert limited["cap_drop"] == ["ALL"]
    mounted: list[str] = limited["volumes"]
    return [each for each in mounted if ":" not in each]


def test_each_variant_has_its_own_copy_of_the_folder_that_its_image_works_in(spec: AppSpec) -> None:
    known = replace(spec, image_facts=image_facts('["/srv/shop/", null]'))

    assert volumes(known) == ["/srv/shop"]
    assert {each["image"] for each in services(known, (), None).values()} == {
        "memlab-own-shop-completed"
    }


@pytest.mark.parametrize(
    "folder",
    ["/etc", "/usr/local", "/lab/home", "/proc", "/a:/b", "/a b", "/../etc", "relative"],
)
def test_a_folder_that_no_app_fills_stays_as_it_is(spec: AppSpec, folder: str) -> None:
    known = replace(spec, image_facts=image_facts(json.dumps([folder, None])))

    assert volumes(known) == []


@pytest.mark.parametrize("folder", ["/", ""])
def test_what_an_image_has_at_the_top_is_run_where_it_can_be_written(
    spec: AppSpec, folder: str
) -> None:
    known = replace(spec, image_facts=image_facts(json.dumps([folder, None])))

    assert volumes(known) == ["/lab/root"]
    assert services(known, (), None)["own-shop"]["working_dir"] == "/lab/root"


@pytest.mark.parametrize("reported", ["", "[", "{}", "[1, 2]", '["/a"', "null", '[["/a"], {}]'])
def test_a_report_that_is_cut_short_says_nothing(reported: str) -> None:
    assert image_facts(reported) == ImageFacts()


def test_what_its_image_puts_on_pythons_path_stays_there(spec: AppSpec) -> None:
    facts = image_facts('["/a", ["PATH=/bin", "PYTHONPATH=/a/$lib", "X"]]')
    known = replace(spec, image_facts=facts)

    variables = services(known, (), None)["own-shop"]["environment"]

    assert variables["PYTHONPATH"].split(":")[-1] == "/a/$$lib"
    stated = replace(known, environment={"PYTHONPATH": "mine"})
    assert services(stated, (), None)["own-shop"]["environment"]["PYTHONPATH"].endswith(":mine")


def test_an_image_that_is_only_named_is_taken_as_it_is(spec: AppSpec) -> None:
    named = replace(spec, dockerfile=None, image="shop:1", image_facts=ImageFacts("/srv/shop"))

    assert not named.is_completed
    assert volumes(named) == []


def test_its_data_are_made_ready_in_the_layer_unless_servers_stand_beside_it(spec: AppSpec) -> None:
    prepares = replace(spec, prepare="migrate 'all'", environment={"DEBUG": "a b"})
    beside = replace(prepares, services=(ServiceAsked(ServiceKind.REDIS),))

    last = completed_recipe(prepares, "app", "1000:1000").splitlines()[-2:]

    assert last[0] == "USER 1000:1000"
    assert json.loads(last[1].removeprefix("RUN "))[2] == (
        '[ "$PWD" != / ] || cd /lab/root; '
        "exec env HOME=/tmp PYTHONUSERBASE=/lab/user 'DEBUG=a b' sh -c 'migrate '\"'\"'all'\"'\"''"
    )
    assert "migrate" not in completed_recipe(beside, "app", "1000:1000")


def run(spec: AppSpec, folder: Path, programs: Path) -> str:
    """What the layer's own lines give away in a folder, with a chown that only tells."""
    programs.mkdir()
    told = programs / "told"
    for name in ("chown", "chmod", "mkdir", "ln"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $* in $PWD" >> {told}\n', "utf-8")
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    line = "; ".join(ownership_lines(spec, "7:7"))
    subprocess.run(["/bin/sh", "-c", line], cwd=folder, env={"PATH": path}, check=True, timeout=20)
    return told.read_text(encoding="utf-8")


def test_the_folder_and_the_way_to_it_are_opened(spec: AppSpec, tmp_path: Path) -> None:
    inner = tmp_path / "a b" / "c"
    inner.mkdir(parents=True)

    told = run(spec, inner, tmp_path / "bin")

    assert f"chown -R 7:7 . in {inner}" in told
    assert f"chmod a+x {inner.parent} in" in told


def test_installed_packages_are_not_copied_for_each_variant(spec: AppSpec, tmp_path: Path) -> None:
    for name in (".venv/pyvenv.cfg", "web/node_modules/a.js", "env/__init__.py", "a.py"):
        (tmp_path / "x" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "x" / name).write_text(name, encoding="utf-8")
    line = SET_ASIDE.replace("/lab/kept", str(tmp_path / "kept"))

    subprocess.run(["/bin/sh", "-ec", line], cwd=tmp_path / "x", check=True, timeout=20)

    links = {
        str(each.relative_to(tmp_path / "x"))
        for each in tmp_path.rglob("x/**/*")
        if each.is_symlink()
    }
    assert links == {".venv", "web/node_modules"}
    assert (tmp_path / "x" / ".venv" / "pyvenv.cfg").read_text(
        encoding="utf-8"
    ) == ".venv/pyvenv.cfg"


def test_what_lies_at_the_top_beside_a_system_moves(tmp_path: Path) -> None:
    for name in ("bin", "etc", "app", "lab", "a b"):
        (tmp_path / name).mkdir()
    for name in ("app/main.py", ".env", "boot.sh", "etc/passwd"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    inside = move_from_top().replace("/*", "./*").replace(" /", " ./").replace("|/", "|./")
    line = inside.replace('"/lab/root$each"', '"$PWD/lab/root/${each#./}"')

    subprocess.run(["/bin/sh", "-ec", line], cwd=tmp_path, check=True, timeout=20)

    assert sorted(each.name for each in (tmp_path / "lab/root").iterdir()) == [
        *(".env", "a b", "app", "boot.sh"),
    ]
    assert (tmp_path / "app/main.py").read_text(encoding="utf-8") == "app/main.py"
    assert (tmp_path / "app").is_symlink()
    assert not (tmp_path / "etc").is_symlink()


@pytest.mark.parametrize("folder", ["/etc", "/proc/self", "/usr"])
def test_nothing_of_the_system_is_given_away(spec: AppSpec, folder: str, tmp_path: Path) -> None:
    assert "chown" not in run(spec, Path(folder), tmp_path / "bin")
