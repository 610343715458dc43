"""An app as services of a compose file: read back as the matrix reads its own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lab.app.container import driver, hardened, recipe
from lab.app.interventions import NO_ALLOCATORS, interventions_for
from lab.app.services import services, traced_name
from lab.app.spec import AppSpec, RequestSpec
from lab.app.spec_file import UsageError
from lab.app.workdir import copy_app, find_allocators, write_services
from lab.matrix.compose_file import read_service
from lab.matrix.variants import read_matrix
from lab.records.variant import Connection, Scenario, Variant

WORK, ROOT = Path("/w"), Path("/r")


def app(**changes: Any) -> AppSpec:
    known: dict[str, Any] = {
        "file": Path("/app/lab.toml"),
        "name": "shop",
        "command": "serve $PORT",
    }
    return AppSpec(**{**known, **changes})


def read(tmp_path: Path, description: AppSpec) -> dict[str, Variant]:
    file = tmp_path / "compose.yaml"
    write_services(description, None, NO_ALLOCATORS, file)
    return {variant.name: variant for variant in read_matrix(file, {})}


def test_the_app_its_changes_and_its_trace_are_variants(tmp_path: Path) -> None:
    content = read(tmp_path, app())

    assert next(iter(content)) == "own-shop"
    assert set(content) == {
        "own-shop",
        "own-shop-again",
        "own-shop-traced",
        "own-shop-control",
        *(f"own-shop-{change.name}" for change in interventions_for(app())),
    }
    assert {variant.axes.suite for variant in content.values()} == {"try"}


def test_its_load_and_limits_are_the_descriptions(tmp_path: Path) -> None:
    asked = (RequestSpec(connection=Connection.KEEP_ALIVE),)
    described = app(count=900, concurrency=3, blocks=9, memory_bytes=77 << 20, requests=asked)
    base = read(tmp_path, described)["own-shop"]

    assert (base.load.requests, base.load.concurrency, base.load.blocks) == (900, 3, 9)
    assert base.load.connection is Connection.KEEP_ALIVE
    assert base.memory_limit_bytes == 77 << 20
    assert base.scenario is Scenario.GIVE_BACK


def test_what_repeats_and_what_traces_has_a_higher_limit(tmp_path: Path) -> None:
    content = read(tmp_path, app(memory_bytes=100 << 20))

    assert content["own-shop-again"].scenario is Scenario.GIVE_BACK
    assert content["own-shop-again"].load.exact
    assert {name for name, each in content.items() if each.memory_limit_bytes == 300 << 20} == {
        "own-shop-again",
        "own-shop-traced",
    }


@pytest.mark.parametrize(
    ("described", "told"),
    [
        (app(workers=3), "3"),
        (app(), None),
        (app(workers=3, environment={"WEB_CONCURRENCY": "2"}), "2"),
    ],
)
def test_the_server_is_told_how_many_workers_there_are(
    described: AppSpec, told: str | None
) -> None:
    base = services(described, (), None)["own-shop"]

    assert base["environment"].get("WEB_CONCURRENCY") == told


def test_nothing_is_added_to_what_runs_side_by_side(tmp_path: Path) -> None:
    exact = {name for name, variant in read(tmp_path, app()).items() if variant.load.exact}
    assert exact == set(read(tmp_path, app())) - {"own-shop", "own-shop-traced"}


def test_a_traced_run_is_short_and_explains(tmp_path: Path) -> None:
    variant = read(tmp_path, app())[traced_name(app())]
    assert (variant.scenario, variant.load.requests, variant.load.blocks) == (
        Scenario.TRACED,
        1000,
        2,
    )


def test_where_memray_has_a_wheel_all_allocations_are_traced_too(tmp_path: Path) -> None:
    write_services(app(), None, NO_ALLOCATORS, tmp_path / "compose.yaml", memray="/m")
    found = read_service(tmp_path / "compose.yaml", "own-shop-memray", {})
    assert found.environment["LAB_MEMRAY"] == "/m"


def service(tmp_path: Path, description: AppSpec, **values: str) -> Any:
    write_services(description, None, NO_ALLOCATORS, tmp_path / "compose.yaml")
    return read_service(tmp_path / "compose.yaml", "own-shop", values)


def test_dollars_are_the_apps_own_and_ports_the_engines(tmp_path: Path) -> None:
    entry = service(
        tmp_path, app(environment={"PRICE": "$5", "PYTHONPATH": "lib"}), LAB_PORT="1", LAB_HOST="h"
    )

    assert entry.command == ("sh", "-c", "serve $PORT")
    assert entry.environment["PRICE"] == "$5"
    assert (entry.environment["PORT"], entry.environment["HOST"]) == ("1", "h")
    assert entry.environment["PYTHONPATH"] == "/lab/apps/outside:lib"


def test_without_probes_nothing_of_pythons_is_touched(tmp_path: Path) -> None:
    entry = service(tmp_path, app(probes=False))

    assert not [name for name in entry.environment if name.startswith("PYTHON")]
    assert read(tmp_path, app(probes=False))["own-shop"].scenario is None
    assert traced_name(app()) not in read(tmp_path, app(probes=False))


def contained(description: AppSpec, cpus: int | None = None) -> Mapping[str, Any]:
    found = services(description, (), None)["own-shop"]
    return hardened(found, "own-shop", WORK, ROOT, cpus)


def test_a_container_is_hardened_as_the_labs_own_are() -> None:
    found = contained(app())

    assert found["cap_drop"] == ["ALL"]
    assert found["logging"]["options"] == {"max-size": "5m", "max-file": "2"}
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["read_only"]
    assert found["networks"] == ["lab"]
    assert found["mem_limit"] == found["memswap_limit"]
    assert not found["user"].startswith(("0", "root"))
    assert "ports" not in found


@pytest.mark.parametrize(
    ("description", "cpus", "mounted"),
    [
        (app(), None, {"/lab/entry", "/var/log/lab", "/lab/apps", "/lab/probes", "/lab/home"}),
        (app(probes=False), None, {"/lab/entry", "/var/log/lab", "/lab/home"}),
        (
            app(probes=False),
            4,
            {"/lab/entry", "/var/log/lab", "/lab/home", "/sys/devices/system/cpu/online"},
        ),
    ],
)
def test_only_what_is_needed_comes_from_outside(
    description: AppSpec, cpus: int | None, mounted: set[str]
) -> None:
    volumes = [text.split(":") for text in contained(description, cpus)["volumes"]]
    assert {volume[1] for volume in volumes if len(volume) > 1} == mounted
    assert [volume for volume in volumes if len(volume) == 1] == [["/lab/app"]]


def test_an_image_of_ones_own_stays_in_its_folder() -> None:
    found = services(app(image="shop:1"), (), None)["own-shop"]
    assert (found["image"], found["environment"]["LAB_FOLDER"]) == ("shop:1", ".")


def test_the_recipe_installs_what_is_described() -> None:
    text = recipe(app(system_packages=("libpq5", "curl")))

    assert "install -y -qq --no-install-recommends libpq5 curl" in text
    assert text.endswith("RUN chmod -R a+rwX /lab/app\n")
    assert "libpq5" not in recipe(app())
    # An older Python has its setuptools before anything is built with it.
    assert "ensurepip" not in text
    assert "ensurepip" in recipe(app(python="3.9")).partition("requirements.txt -c")[0]


def test_where_the_app_installs_itself_its_folder_is_open_before_its_data_are_made(
    tmp_path: Path,
) -> None:
    (tmp_path / "setup.py").write_text("", encoding="utf-8")
    keys: dict[str, Any] = {"file": tmp_path / "lab.toml", "prepare": "migrate"}

    itself = recipe(app(**keys, requirements=(".",))).partition("migrate")[0]
    alone = recipe(app(**keys, requirements=("flask",))).partition("migrate")[0]

    assert "chmod -R a+rwX /lab/app && exec setpriv --reuid=1000" in itself
    assert "chmod -R a+rwX /lab/app" not in alone


def test_cpus_that_are_shown_are_told_to_the_entry() -> None:
    assert services(app(), (), 40)["own-shop"]["environment"]["HOST_CPUS"] == "40"
    assert "HOST_CPUS" not in services(app(), (), None)["own-shop"]["environment"]


def test_the_driver_sees_the_app_and_nothing_else_of_the_host() -> None:
    found = driver(app(), WORK)
    assert [text.split(":")[0] for text in found["volumes"]] == [
        "/w/compose.yaml",
        "/w/app",
        "/w/logs",
        "/w/probes",
        "/w/homes",
        "/w/guess",
        "/w/described.json",
    ]


def test_a_copy_leaves_out_what_is_no_part_of_the_app(tmp_path: Path) -> None:
    for name in ("app.py", ".git/x", ".venv/x", "lib/a.py"):
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    copy_app(tmp_path / "app", tmp_path / "copy")

    files = {p.relative_to(tmp_path / "copy").as_posix() for p in (tmp_path / "copy").rglob("*.py")}
    assert files == {"app.py", "lib/a.py"}
    assert not (tmp_path / "copy" / ".git").exists()
    with pytest.raises(UsageError, match="cannot be copied"):
        copy_app(tmp_path / "gone", tmp_path / "other")


def test_the_file_is_json_which_compose_reads_as_yaml(tmp_path: Path) -> None:
    write_services(app(), 4, NO_ALLOCATORS, tmp_path / "c.yaml")
    assert "services" in json.loads((tmp_path / "c.yaml").read_text())


def test_allocators_are_found_by_the_names_that_their_libraries_have(tmp_path: Path) -> None:
    folder = tmp_path / "x86_64-linux-gnu"
    folder.mkdir()
    (folder / "libmimalloc.so.2.0").touch()
    found = find_allocators((tmp_path / "no", tmp_path))

    assert (found.jemalloc, found.mimalloc) == (None, str(folder / "libmimalloc.so.2.0"))
