"""Secrets of an app's Compose file stay out of its bundle, and the app can still be read."""

from pathlib import Path

import pytest
from lab.app.spec_file import read_spec
from lab.commands.app_runs.source import keep_source, kept_source
from lab.commands.sharing.bundle_app import BundledApp, bundled
from lab.commands.sharing.bundle_parts import private_of
from lab.commands.sharing.bundle_secrets import (
    StatedSecrets,
    stated_secrets,
    with_value_replaced,
    without_secrets,
    without_values,
)
from lab.share.redaction import Redactor
from lab.store.run_folder import RunFolder
from support.quoted_runs import TRY_RUN, copy_raw

COMPOSE = """\
services:
  web:
    build: {context: ., args: {PIP_TOKEN: planted-1-token}}
    command: python app.py --user admin
    ports: ["8000"]
    environment:
      SECRET_KEY: "planted-2-key"
      DB_PASSWORD: ${DB_PASSWORD:-planted3}
      DB_PASSWORD_FILE: /run/secrets/db_password
      PUBLIC_NAME: shop
      DATABASE_URL: postgres://shop:planted-9-url@db/shop
    secrets: [db_password]
    depends_on: [mail, db]
  mail:
    image: mail:1
    environment:
      - API_TOKEN=postgres
      - SMTP_PASSWORD=planted-4$$dollar
    secrets: [db_password, other]
  db:
    image: postgres:15
    environment: {POSTGRES_PASSWORD: planted3, POSTGRES_USER: shop}
secrets:
  db_password: {file: ./config/db.txt}
  other: {file: ./other.txt}
"""
PLANTED = ("planted-1", "planted-2", "planted3", "planted-4", "planted-5", "planted-6", "planted-9")
"""Texts of which a bundle holds none."""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    app = tmp_path / "shop"
    for name, text in {
        "compose.yaml": COMPOSE,
        "lab.toml": 'compose = "compose.yaml"\nservice = "web"\n',
        "Dockerfile": "FROM python:3.12\nCOPY . .\n",
        "app.py": "KEY = 'planted-2-key'\n",
        "config/db.txt": "planted-5-in-a-file\n",
        "other.txt": "abc planted-6\nmore lines\n",
    }.items():
        path = app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return app


@pytest.fixture
def in_bundle(app: Path, tmp_path: Path) -> BundledApp:
    folder = copy_raw(TRY_RUN, tmp_path / "results")
    return of_run(RunFolder(folder.path), app, tmp_path / "read")


def of_run(folder: RunFolder, app: Path, work: Path) -> BundledApp:
    keep_source(read_spec(app), folder)
    kept = kept_source(folder)
    assert kept is not None
    secrets = stated_secrets(kept)
    redactor = Redactor(private_of(kept, secrets))
    return bundled(without_secrets(kept, secrets), redactor, None, work)


def test_no_secret_of_a_compose_file_is_in_the_bundle(in_bundle: BundledApp) -> None:
    files = {name: entry.content.decode() for name, entry in in_bundle.files.items()}

    found = [(name, each) for name, text in files.items() for each in PLANTED if each in text]
    assert found == []
    assert files["app/shop/config/db.txt"] == files["app/shop/other.txt"] == "redacted\n"
    said = {each.name: each.reason for each in in_bundle.left_out}
    assert said["config/db.txt"] == "a secret of its Compose file; a word in its place"


def test_the_app_can_still_be_read_with_all_that_stands_beside_it(in_bundle: BundledApp) -> None:
    spec = in_bundle.spec
    compose = in_bundle.files["app/shop/compose.yaml"].content.decode()

    assert spec.environment["SECRET_KEY"] == "redacted"
    assert spec.environment["DB_PASSWORD"] == "redacted"
    assert spec.environment["DB_PASSWORD_FILE"] == "/run/secrets/db_password"
    assert spec.environment["PUBLIC_NAME"] == "shop"
    assert set(spec.secrets) == {"db_password"}
    assert [each.name for each in spec.companions] == ["mail"]
    assert spec.companions[0].environment == {
        "API_TOKEN": "redacted",
        "SMTP_PASSWORD": "redacted",
    }
    assert "image: postgres:15" in compose  # a plain word is a secret behind its name alone
    assert [each.kind.value for each in spec.services] == ["postgres"]


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("A_KEY: v", "A_KEY: redacted"),
        ("- A_KEY=v", "- A_KEY=redacted"),
        ('"A_KEY": "v"', '"A_KEY": "redacted"'),
        ("{B: v, A_KEY: v, C: v}", "{B: v, A_KEY: redacted, C: v}"),
        ("A_KEY: ${A_KEY:-v}", "A_KEY: ${A_KEY:-redacted}"),
        ("A_KEY: ${A_KEY}", "A_KEY: ${A_KEY}"),
        ("MY_A_KEY: v", "MY_A_KEY: v"),
        ("A_KEY_FILE: v", "A_KEY_FILE: v"),
        ("# v is the A_KEY", "# v is the A_KEY"),
    ],
)
def test_a_value_goes_where_it_stands_behind_its_name(line: str, clean: str) -> None:
    assert with_value_replaced(line, "A_KEY", "v") == clean


def test_lines_of_megabytes_take_no_time() -> None:
    line = "A_KEY: " * 500_000
    assert without_values(line, {"A_KEY": ("v",)}) == line
    many = {f"A_KEY_{number}": ("v",) for number in range(500)}
    assert without_values("A_KEY_1: x\n" * 5_000, many).startswith("A_KEY_1: x\n")


def test_plain_words_are_no_secrets_wherever_they_stand() -> None:
    stated = StatedSecrets({"A_TOKEN": ("postgres", "abc123xyz")}, (), ("planted-5", "redis"))

    assert list(stated.telling_values().values()) == ["abc123xyz", "planted-5"]
