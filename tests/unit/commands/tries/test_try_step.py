"""The steps of an app in containers: what scripts/try is told to do, and where nothing follows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lab.app.described import RECORD, read_described, write_described
from lab.app.spec import RequestSpec
from lab.app.spec_file import read_spec
from lab.commands.checks.container_check import CHECKED_GUESS, FAILURES
from lab.commands.tries.try_step import Event, step
from lab.errors import ExitCode, LabError, UsageError
from support.try_steps import assignments, described, given

FLASK = "from flask import Flask\napp = Flask(__name__)\n"


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
