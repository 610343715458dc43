"""What a Compose file mounts into the measured service, and the layer that has it."""

from pathlib import Path

import pytest
from lab.app.compose_mounts import mounts_of
from lab.app.compose_reader import ComposeReader
from lab.app.container import hardened
from lab.app.container_layer import completed_recipe, mounted_folders
from lab.app.services import services
from lab.app.spec import AppSpec
from lab.app.spec_file import describe
from lab.errors import UsageError


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "web").mkdir(parents=True)
    (folder / "rates.json").write_text("{}")
    (folder / "Dockerfile").write_text("FROM x\n")
    return folder


def spec_of(app: Path, volumes: str, more: str = "") -> AppSpec:
    text = f"services:\n  web:\n    build: .\n    working_dir: /code/web\n    volumes: {volumes}\n"
    (app / "compose.yaml").write_text(text)
    values = {"compose": "compose.yaml", "command": "serve"}
    return describe(values | dict(word.split("=") for word in more.split()), app / "lab.toml")


def test_the_projects_files_and_throw_away_folders_are_told_apart(app: Path) -> None:
    volumes = '[".:/code", data:/data, "./new:/new", /anon, "./rates.json:/etc/shop/rates.json:ro"]'

    mounts = spec_of(app, volumes).mounts

    assert mounts.files == {"/code": app, "/etc/shop/rates.json": app / "rates.json"}
    assert mounts.folders == ("/data", "/new", "/anon")
    assert spec_of(app, volumes).left_out == ()


def test_a_long_form_is_read_as_a_short_one(app: Path) -> None:
    volumes = "[{type: bind, source: ./web, target: /code/}, {type: volume, target: /data}]"

    mounts = spec_of(app, volumes).mounts

    assert mounts.files == {"/code": app / "web"}
    assert mounts.folders == ("/data",)


@pytest.mark.parametrize(
    "source", ["/var/run/docker.sock", "~/.aws", "../other", "/", "./../../etc", "~root"]
)
def test_nothing_else_of_the_machine_is_mounted(app: Path, source: str) -> None:
    spec = spec_of(app, f'["{source}:/there"]')

    assert (spec.mounts.files, spec.mounts.folders) == ({}, ())
    assert spec.left_out == (f"{source} lies outside of the app's folder: it is not mounted",)


@pytest.mark.parametrize(
    "target",
    ["/lab/apps", "/lab", "/proc/1", "/sys", "/code/../lab", "/", "relative", "/etc", "/a b"],
)
def test_a_place_that_is_not_the_apps_to_fill_is_refused(app: Path, target: str) -> None:
    with pytest.raises(UsageError, match=r"compose.yaml: volumes: .* cannot hold an app's files"):
        spec_of(app, f'[".:{target}"]')


@pytest.mark.parametrize("name", ["a*", 'q"q', "a[b]", "a\\b"])
def test_a_name_that_a_recipe_would_read_otherwise_is_refused(app: Path, name: str) -> None:
    (app / name).mkdir()
    (app / "compose.yaml").write_text("services: {web: {image: x}}")
    reader = ComposeReader(app / "compose.yaml", app)

    with pytest.raises(UsageError, match="has characters that no Dockerfile can name"):
        mounts_of(reader, {"volumes": [f"./{name}:/code"]})


def test_a_symlink_that_leads_out_is_not_followed(app: Path) -> None:
    (app / "out").symlink_to("/etc")

    assert spec_of(app, '["./out:/code"]').mounts.files == {}


def test_the_layer_has_the_files_for_who_serves(app: Path) -> None:
    spec = spec_of(app, '["./web:/code", data:/code/data, "./rates.json:/etc/rates.json", d:/d]')

    lines = completed_recipe(spec, "app", "1000:1000").splitlines()

    assert lines[0:2] == ["ARG APP_IMAGE", "FROM ${APP_IMAGE}"]
    assert 'COPY --chown=1000:1000 ["app/web", "/code"]' in lines
    assert 'COPY --chown=1000:1000 ["app/rates.json", "/etc/rates.json"]' in lines
    (given,) = (line for line in lines if line.startswith("RUN "))
    assert "; mkdir -p /code /d /code/data; chown -R 1000:1000 /code /d; " in given
    assert not any(line.startswith("LABEL") for line in lines)


def test_each_variant_has_its_own_copy_in_the_folder_of_its_command(app: Path) -> None:
    spec = spec_of(app, '[".:/code", data:/data]')

    written = services(spec, (), None)

    assert {each["image"] for each in written.values()} == {"memlab-own-shop-completed"}
    assert {each["working_dir"] for each in written.values()} == {"/code/web"}
    limited = hardened(written["own-shop"], "own-shop", Path("/work"), Path("/lab"), None)
    assert {"/code", "/data"} < set(limited["volumes"])
    assert not any(str(app) in volume for volume in limited["volumes"])


def test_an_image_of_the_labs_needs_no_mounts(app: Path) -> None:
    spec = spec_of(app, '[".:/code"]', "python=3.12")

    assert not spec.is_completed
    assert {each["image"] for each in services(spec, (), None).values()} == {"memlab-own-shop"}


def test_a_named_image_gets_the_layer_too(app: Path) -> None:
    (app / "compose.yaml").write_text(
        'services: {web: {image: "python:3.12", command: serve, volumes: [".:/code"]}}'
    )
    spec = describe({"compose": "compose.yaml", "service": "web"}, app / "lab.toml")

    assert spec.image == "python:3.12"
    assert services(spec, (), None)["own-shop"]["image"] == "memlab-own-shop-completed"
    assert mounted_folders(spec) == ("/code",)
