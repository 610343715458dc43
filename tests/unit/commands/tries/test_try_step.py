"""The steps of an app in containers: what scripts/try is told to do, and where nothing follows."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from lab.app.described import RECORD, read_described, write_described
from lab.app.spec import AppSpec, RequestSpec
from lab.app.spec_file import read_spec
from lab.commands.app_runs.container_release import ReleaseWish
from lab.commands.checks.container_check import CHECKED_GUESS, FAILURES
from lab.commands.tries.image_needs import whose_recipe
from lab.commands.tries.release_image import WISH
from lab.commands.tries.try_step import Event, step
from lab.errors import ExitCode, LabError, UsageError
from lab.store.json_file import read_record, write_record

FLASK = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def app(work: Path) -> Path:
    """The copy; it is mounted at the path of the original, too."""
    folder = work / "app"
    folder.mkdir()
    return folder


def given(app: Path, **more: str) -> dict[str, str]:
    hosts = {"LAB_HOST_ROOT": "/r", "LAB_HOST_WORK": "/w"}
    return {"APP": f"{app}/lab.toml", **hosts, **more}


def described(app: Path, text: str) -> None:
    (app / "lab.toml").write_text(text, encoding="utf-8")


def assignments(lines: tuple[str, ...]) -> dict[str, str]:
    return dict("".join(shlex.split(line)).split("=", 1) for line in lines)


def test_a_described_app_is_built_and_then_created(app: Path, work: Path) -> None:
    described(app, 'command = "x"\nrequirements = ["a"]\n')

    wanted = assignments(step(Event.BEGIN, given(app), work))
    created = assignments(step(Event.BUILT, given(app, LAB_MEMRAY="/m"), work))

    assert wanted == {
        "own_python": "3.12",
        "own_image": "memlab-own-app",
        "own_recipe": "lab",
        "own_completed": "",
        "own_build": "",
        "own_officials": "",
        "own_bases": "",
        "own_pythons": "",
        "own_index": "",
        "own_servers": "",
        "own_companions": "",
    }
    expected = {"own-app", "own-app-control", "own-app-traced", "own-app-memray"}
    assert expected <= set(created["own_services"].split())
    assert created["own_networks"] == ""
    services = json.loads((work / "compose.yaml").read_text())["services"]
    assert services["driver"]["command"] == ["try"]
    assert services["driver"]["environment"]["LAB_DESCRIBED"] == f"/lab/{RECORD}"
    assert services["own-app"]["entrypoint"] == ["/lab/entry"]
    assert (work / "requirements.txt").read_text() == "a\n"
    assert (work / "probes" / "own-app").is_dir()


def test_its_servers_are_created_beside_each_variant(app: Path, work: Path) -> None:
    described(app, 'command = "x"\nprepare = "seed"\nservices = ["redis", "postgres"]\n')

    wanted = assignments(step(Event.BEGIN, given(app), work))
    created = assignments(step(Event.BUILT, given(app), work))
    checked = assignments(step(Event.BUILT, given(app, CHECK="1"), work))

    assert wanted["own_servers"].split() == [
        "redis|redis:7|redis|redis-server|",
        "postgres|postgres:16|postgres|postgresql|",
    ]
    assert {"own-app-with-redis", "own-app-control-with-postgres"} <= set(
        created["own_services"].split()
    )
    assert created["own_networks"].split()[:1] == ["own-app-with-network"]
    assert checked["own_services"].split() == [
        "own-app-with-network",
        "own-app-with-redis",
        "own-app-with-postgres",
        "own-app",
        "own-app-with-prepare",
    ]
    services = json.loads((work / "compose.yaml").read_text())["services"]
    assert services["own-app"]["network_mode"] == "service:own-app-with-network"
    assert "networks" not in services["own-app"]
    assert 'RUN ["sh", "-c"' not in (work / "Dockerfile").read_text()


def test_a_described_build_that_lacks_something_of_the_system_names_the_key(
    app: Path, work: Path
) -> None:
    described(app, 'command = "x"\nrequirements = ["psycopg2"]\n')
    step(Event.BEGIN, given(app), work)
    log = "Error: pg_config executable not found.\nERROR: Failed to build psycopg2"

    needed = r'cannot be installed: boom: its build needs system_packages = \["libpq-dev", "gcc"'
    with pytest.raises(LabError, match=needed):
        step(Event.NOT_BUILT, given(app, LAB_REASON="boom", LAB_BUILD_LOG=log), work)


def test_a_server_that_cannot_be_had_ends_a_described_app(app: Path, work: Path) -> None:
    described(app, 'command = "x"\nservices = ["mongodb"]\n')
    step(Event.BEGIN, given(app), work)

    with pytest.raises(LabError, match="services: mongodb: no registry answers"):
        step(Event.NO_SERVER, given(app, LAB_REASON="mongodb: no registry answers"), work)


def test_what_its_compose_file_needs_besides_is_started_or_ends_the_run(
    app: Path, work: Path
) -> None:
    (app / "compose.yaml").write_text(
        "services: {web: {image: web, depends_on: [mail]}, mail: {image: mail}}"
    )
    described(app, 'command = "x"\ncompose = "compose.yaml"\nservice = "web"\n')

    wanted = assignments(step(Event.BEGIN, given(app), work))
    created = assignments(step(Event.BUILT, given(app, CHECK="1"), work))

    assert (wanted["own_companions"], wanted["own_companion_1_image"]) == ("1", "mail")
    assert "own-app-with-companion-1" in created["own_services"].split()
    with pytest.raises(LabError, match=r"compose: it needs mail: .*; services = \[...\] says"):
        step(Event.NO_COMPANION, given(app, LAB_REASON="mail: it cannot be pulled"), work)


def test_what_its_compose_file_mounts_is_a_layer_of_its_image(
    app: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "compose.yaml").write_text(
        'services: {web: {image: "python:3", volumes: [".:/code", "d:/data", "/etc:/there"]}}'
    )
    described(app, 'command = "x"\ncompose = "compose.yaml"\nservice = "web"\n')

    wanted = assignments(step(Event.BEGIN, given(app), work))
    step(Event.BUILT, given(app), work)

    names = ("own_image", "own_recipe", "own_completed")
    assert [wanted[name] for name in names] == ["python:3", "none", "memlab-own-app-completed"]
    assert "COPY --chown=" in (work / "completed.Dockerfile").read_text()
    service = json.loads((work / "compose.yaml").read_text())["services"]["own-app"]
    assert service["image"] == "memlab-own-app-completed${LAB_TAG:-}"
    assert {"/code", "/data"} < set(service["volumes"])
    assert "lab.toml: compose: /etc " in capsys.readouterr().err


def test_its_description_is_read_once(app: Path, work: Path) -> None:
    described(app, 'image = "shop"\n')
    write_described(work / RECORD, read_spec(app))
    described(app, "this is no TOML")

    assert assignments(step(Event.BEGIN, given(app), work))["own_recipe"] == "none"
    step(Event.BUILT, given(app, LAB_IMAGE_COMMAND='[null,["serve","it"]]'), work)

    assert read_described(work / RECORD).command == "serve it"


def test_without_a_python_on_the_host_the_first_step_reads_it(app: Path, work: Path) -> None:
    described(app, "this is no TOML")
    with pytest.raises(UsageError, match="is not TOML"):
        step(Event.BEGIN, given(app), work)


def test_probes_are_left_out_for_all_steps(app: Path, work: Path) -> None:
    described(app, 'command = "x"\n')
    step(Event.BEGIN, given(app, LAB_PROBES="0"), work)

    assert not read_described(work / RECORD).probes


@pytest.mark.parametrize(
    ("text", "event", "line"),
    [
        ('command = "x"', Event.NOT_BUILT, "lab.toml: requirements cannot be installed: boom"),
        ('dockerfile = "Dockerfile"', Event.NOT_BUILT, "/Dockerfile cannot be built: boom"),
        ('command = "x"', Event.NO_PYTHON, "python = 3.12 cannot be had: no registry answers"),
        ('image = "shop"', Event.NO_IMAGE, "image = shop is not here and cannot be pulled: build"),
        ('image = "shop"', Event.UNUSABLE, "shop cannot be used: boom"),
    ],
)
def test_what_cannot_be_built_ends_with_one_line(
    app: Path, work: Path, text: str, event: Event, line: str
) -> None:
    if "dockerfile" in text:
        (app / "Dockerfile").write_text("FROM x\n", encoding="utf-8")
    described(app, text)
    step(Event.BEGIN, given(app), work)

    with pytest.raises(LabError) as caught:
        step(event, given(app, LAB_REASON="boom"), work)

    assert line in str(caught.value)
    assert caught.value.exit_code == ExitCode.INCOMPLETE


def test_of_a_guess_the_next_one_follows(app: Path, work: Path) -> None:
    (app / "app.py").write_text(FLASK, encoding="utf-8")
    (app / "Dockerfile").write_text('FROM x\nCMD ["python", "app.py"]\n', "utf-8")

    first = assignments(step(Event.BEGIN, given(app), work))
    log = "Step 1/2 : FROM x"
    second = assignments(step(Event.NOT_BUILT, given(app, LAB_BUILD_LOG=log), work))

    assert (first["own_recipe"], second["own_recipe"]) == ("own", "lab")
    assert read_described(work / RECORD).file == app / "lab.toml"


def test_a_guess_is_checked_before_all_its_variants_are_created(app: Path, work: Path) -> None:
    (app / "app.py").write_text(FLASK, encoding="utf-8")
    step(Event.BEGIN, given(app), work)
    first = assignments(step(Event.BUILT, given(app), work))
    asked = (RequestSpec(path="/a"), RequestSpec(path="/b"))
    came_up = replace(read_described(work / RECORD), requests=asked)
    write_described(work / "guess" / CHECKED_GUESS, came_up)

    then = assignments(step(Event.CHECKED, given(app), work))

    assert first["own_services"] == "own-app"
    assert {"own-app", "own-app-only-1", "own-app-only-2"} <= set(then["own_services"].split())
    assert read_described(work / RECORD) == came_up
    assert not (work / "guess" / FAILURES.name).exists()


def test_a_guess_without_its_python_goes_on_with_another(app: Path, work: Path) -> None:
    (app / "app.py").write_text(FLASK, encoding="utf-8")
    (app / ".python-version").write_text("3.14\n", encoding="utf-8")

    first = assignments(step(Event.BEGIN, given(app), work))
    second = assignments(step(Event.NO_PYTHON, given(app), work))

    assert (first["own_python"], second["own_python"]) == ("3.14", "3.13")


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
