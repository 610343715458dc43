"""The Compose project of an app that has servers beside it, or files that are mounted."""

import json
from pathlib import Path
from typing import Any

import pytest
from lab.app.spec import AppSpec
from lab.app.spec_file import describe
from lab.commands.sharing.bundle_parts import mounts_left_out
from lab.commands.sharing.bundle_project import project_files
from lab.records.experiment import Experiment
from lab.share.archive import ArchiveEntry
from lab.store.run_folder import RunFolder
from support.quoted_runs import TRY_RUN, copy_raw

BASE = {"command": "serve", "requirements": ["flask"]}


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    folder: RunFolder = copy_raw(TRY_RUN, tmp_path / "results")
    return folder.read_experiment()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "web").mkdir(parents=True)
    (folder / "web" / "Dockerfile").write_text("FROM python:3.12 AS run\nFROM run AS tests\n")
    (folder / "rates.json").write_text("{}")
    return folder


def project(spec: AppSpec, experiment: Experiment) -> dict[str, ArchiveEntry]:
    return project_files(experiment, {}, spec, "app/shop")


def services_of(files: dict[str, ArchiveEntry]) -> dict[str, Any]:
    services: dict[str, Any] = json.loads(files["compose.yaml"].content)["services"]
    return services


def test_each_variant_has_servers_of_its_own_and_waits_for_them(
    shop: Path, experiment: Experiment
) -> None:
    spec = describe({**BASE, "services": ["redis", "postgres://shop@db/visits"]}, shop / "lab.toml")

    files = project(spec, experiment)
    services = services_of(files)

    variant, holder = services["own-shop"], "own-shop-with-network"
    assert variant["network_mode"] == f"service:{holder}"
    assert variant["depends_on"][holder] == {"condition": "service_healthy"}
    assert {"own-shop-with-redis", "own-shop-with-postgres"} < set(variant["depends_on"])
    assert "own-shop-traced-with-redis" in services
    assert services[holder]["networks"]["lab"]["aliases"] == ["own-shop"]
    assert services[holder]["image"] == services["driver"]["image"]
    assert "(6379, 5432)" in services[holder]["healthcheck"]["test"][-1]
    assert set(services["driver"]["depends_on"]) >= {"gate", "volumes", "own-shop"}
    redis = services["own-shop-with-redis"]
    assert redis["build"]["dockerfile"] in files
    assert redis["build"]["args"]["PACKAGES"] == "redis-server"
    assert redis["image"].startswith("memlab-bundle-server-redis")
    assert redis["volumes"] == ["logs-own-shop:/var/log/lab"]
    assert "chmod 777 /lab/volumes/logs-*" in files["images/volumes.Dockerfile"].content.decode()


def test_no_service_of_it_sees_the_machine_or_ends_by_itself(
    shop: Path, experiment: Experiment
) -> None:
    spec = describe({**BASE, "services": ["mariadb"], "prepare": "seed"}, shop / "lab.toml")

    files = project(spec, experiment)
    services, volumes = services_of(files), json.loads(files["compose.yaml"].content)["volumes"]

    assert "WORK/" not in files["compose.yaml"].content.decode()
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert "volumes_from" not in service
        assert "service_completed_successfully" not in str(service)
        named = (
            {each.partition(":")[0] for each in service["volumes"]} if "volumes" in service else ()
        )
        assert all(each[0] in "./$" or each in volumes for each in named), name


def test_what_makes_its_data_ready_shares_its_folder_and_comes_first(
    shop: Path, experiment: Experiment
) -> None:
    spec = describe({**BASE, "services": ["redis"], "prepare": "seed"}, shop / "lab.toml")

    services = services_of(project(spec, experiment))

    prepare, variant = services["own-shop-with-prepare"], services["own-shop"]
    assert prepare["command"] == ["sh", "-c", "seed"]
    assert (prepare["image"], prepare["build"]) == (variant["image"], variant["build"])
    assert "folder-1-own-shop:/lab/app" in prepare["volumes"]
    assert set(prepare["volumes"]) == set(variant["volumes"])
    ready = ["CMD", "grep", "-qx", "0", "/var/log/lab/own-shop-with-prepare.exit"]
    assert prepare["healthcheck"]["test"] == ready
    assert variant["depends_on"]["own-shop-with-prepare"] == {"condition": "service_healthy"}


def test_a_server_that_debian_lacks_is_the_official_image(
    shop: Path, experiment: Experiment
) -> None:
    spec = describe({**BASE, "services": ["mongodb"]}, shop / "lab.toml")

    server = services_of(project(spec, experiment))["own-shop-with-mongodb"]

    assert server["image"] == "mongo:7"
    assert "build" not in server


def composed(shop: Path, volumes: str) -> AppSpec:
    (shop / "compose.yaml").write_text(
        "services: {web: {build: {context: web, target: run, args: {A: $$1}}, command: serve, "
        f"volumes: {volumes}}}}}"
    )
    return describe({"compose": "compose.yaml"}, shop / "lab.toml")


def test_an_image_is_built_as_its_compose_file_says(shop: Path, experiment: Experiment) -> None:
    service = services_of(project(composed(shop, "[]"), experiment))["own-shop"]

    assert service["build"] == {
        "context": "./app/shop/web",
        "dockerfile": "../../../images/app/completed.Dockerfile",
        "args": {"A": "$$1"},
    }


def test_what_is_mounted_is_built_into_its_image(shop: Path, experiment: Experiment) -> None:
    spec = composed(shop, '["./web:/code", "./rates.json:/etc/shop/rates.json", "d:/data"]')

    files = project(spec, experiment)
    service = services_of(files)["own-shop"]

    assert service["build"]["context"] == "./app/shop/web"
    assert service["build"]["dockerfile"] == "../../../images/app/completed.Dockerfile"
    lines = files["images/app/completed.Dockerfile"].content.decode().splitlines()
    assert lines[:6] == [
        "FROM python:3.12 AS run",
        "FROM run AS tests",
        "FROM run",
        "LABEL memlab=image",
        "USER 0:0",
        'COPY --chown=1000:1000 [".", "/code"]',
    ]
    assert "mkdir -p /code /data; chown -R 1000:1000 /code /data; " in lines[6]
    assert len(lines) == 7
    assert {"/code", "/data"} < set(service["volumes"])
    (left_out,) = mounts_left_out(spec)
    assert left_out.name == "rates.json in its image"
