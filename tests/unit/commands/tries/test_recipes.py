"""Recipes of an app's images: stand-ins, companions and other releases."""

import json
from pathlib import Path

import pytest
from lab.app.described import RECORD, read_described, write_described
from lab.app.spec import AppSpec
from lab.commands.app_runs.container_release import ReleaseWish
from lab.commands.tries.image_needs import whose_recipe
from lab.commands.tries.release_image import WISH
from lab.commands.tries.try_step import Event, step
from lab.errors import LabError
from lab.store.json_file import read_record, write_record
from support.try_steps import assignments, described, given


def test_whose_recipe_makes_the_image() -> None:
    bare = AppSpec(Path("/app/lab.toml"), "app")
    own, image = (
        AppSpec(bare.file, "app", dockerfile=Path("/app/Dockerfile")),
        AppSpec(bare.file, "app", image="x"),
    )
    assert [whose_recipe(each) for each in (bare, own, image)] == ["lab", "own", "none"]


def asked_for(work: Path, spec: AppSpec, package: str = "ujson") -> None:
    (work / "guess").mkdir(exist_ok=True)
    write_record(work / "guess" / WISH, ReleaseWish("20261126-1-try-app", package, "5.3.0"))
    write_described(work / "guess" / RECORD, spec)


def test_a_recipe_on_stand_ins_is_written_beside_its_own(app: Path, work: Path) -> None:
    described(app, 'dockerfile = "Dockerfile"\n')
    (app / "Dockerfile").write_text("FROM python:3.8-slim\nFROM debian:12\n", encoding="utf-8")

    wanted = assignments(step(Event.BEGIN, given(app), work))

    assert wanted["own_officials"] == "python:3.8-slim debian:12"
    assert (wanted["own_bases"], wanted["own_pythons"]) == ("LAB_PY38 LAB_DEBIAN", "3.8")
    text = (work / "stand-in.Dockerfile").read_text(encoding="utf-8")
    assert text.startswith("ARG LAB_PY38\nARG LAB_DEBIAN\nFROM ${LAB_PY38}\n")


def test_a_companions_recipe_on_stand_ins_is_written_beside_its_own(app: Path, work: Path) -> None:
    (app / "compose.yaml").write_text(
        "services: {web: {image: web, depends_on: [api, mail, box]}, mail: {image: mail},"
        " api: {build: ./api}, box: {build: ./box}}"
    )
    for name, base in (("api", "python:3.8-slim"), ("box", "busybox")):
        (app / name).mkdir()
        (app / name / "Dockerfile").write_text(f"FROM {base}\n", encoding="utf-8")
    described(app, 'command = "x"\ncompose = "compose.yaml"\nservice = "web"\n')

    wanted = assignments(step(Event.BEGIN, given(app), work))

    by_name = {wanted[f"own_companion_{n}_name"]: n for n in wanted["own_companions"].split()}
    found = {
        name: [wanted[f"own_companion_{n}_{what}"] for what in ("officials", "bases", "pythons")]
        for name, n in by_name.items()
    }
    none = ["", "", ""]
    assert found == {"api": ["python:3.8-slim", "LAB_PY38", "3.8"], "mail": none, "box": none}
    text = (work / f"companion-{by_name['api']}.Dockerfile").read_text(encoding="utf-8")
    assert text.startswith("ARG LAB_PY38\nFROM ${LAB_PY38}\n")
    assert len(list(work.glob("companion-*.Dockerfile"))) == 1


def test_another_release_is_one_more_image_and_one_more_service(app: Path, work: Path) -> None:
    described(app, 'command = "x"\nrequirements = ["ujson==5.3.0"]\n')
    step(Event.BEGIN, given(app), work)
    asked_for(work, read_described(work / RECORD))

    wanted = assignments(step(Event.RELEASE, given(app), work))
    created = assignments(step(Event.RELEASE_BUILT, given(app, LAB_RELEASE="5.10.0"), work))

    assert wanted == {"own_release": "memlab-own-app-newest-release"}
    recipe = (work / "release" / "Dockerfile").read_text()
    assert recipe.startswith("ARG APP_IMAGE\nFROM ${APP_IMAGE}\n")
    assert "only-if-needed ujson" in recipe
    assert created == {"own_services": "own-app-newest-release", "own_networks": ""}
    services = json.loads((work / "compose.yaml").read_text())["services"]
    release = services["own-app-newest-release"]
    assert release["image"] == "memlab-own-app-newest-release${LAB_TAG:-}"
    assert services["own-app"]["image"] == "memlab-own-app${LAB_TAG:-}"
    assert "lab.scenario" not in release["labels"]
    assert read_record(work / "guess" / WISH, ReleaseWish).newest == "5.10.0"


def test_a_release_that_cannot_be_built_creates_nothing_and_is_told(app: Path, work: Path) -> None:
    described(app, 'command = "x"\nrequirements = ["ujson==5.3.0"]\n')
    step(Event.BEGIN, given(app), work)
    asked_for(work, read_described(work / RECORD))

    created = assignments(step(Event.RELEASE_BUILT, given(app, LAB_REASON="ERROR: no"), work))

    assert created == {"own_services": "", "own_networks": ""}
    refused = read_record(work / "guess" / WISH, ReleaseWish).refused
    assert refused == "the newest release of ujson cannot be had: ERROR: no"


def test_a_name_that_is_no_packages_reaches_no_recipe(app: Path, work: Path) -> None:
    described(app, 'command = "x"\n')
    step(Event.BEGIN, given(app), work)
    asked_for(work, read_described(work / RECORD), "ujson; rm -rf /")

    with pytest.raises(LabError, match=r"^'ujson; rm -rf /' is not"):
        step(Event.RELEASE, given(app), work)
