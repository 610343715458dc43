"""Tables of the documents that have an owner in the code: each row, and none beside them."""

import importlib.util
import re
import tomllib

import pytest
from lab.app.spec_file import read_spec
from lab.app.spec_table import keys_markdown
from lab.errors import ExitCode
from lab.settings import parse_settings
from lab.settings.table import settings_markdown
from support.documents import PAGES, rows, unquoted
from support.paths import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETTINGS = {unquoted(row[0]): unquoted(row[1]) for row in rows(PAGES["settings"], "| name |")}
README_SETTINGS = {unquoted(row[0]): unquoted(row[1]) for row in rows(PAGES["README"], "| name |")}


def test_the_table_of_the_settings_is_the_parsers_own() -> None:
    assert settings_markdown() in PAGES["settings"]


@pytest.mark.parametrize("name", SETTINGS)
def test_the_default_that_is_written_is_the_settings_own(name: str) -> None:
    default = SETTINGS[name]
    given = {} if default == "none" else {name: default}

    assert parse_settings(given) == parse_settings({})


def test_the_readmes_settings_are_some_of_them() -> None:
    assert README_SETTINGS.items() <= SETTINGS.items()


def test_every_exit_code_has_its_row() -> None:
    codes = [int(row[0]) for row in rows(PAGES["settings"], "| code |")]
    (said,) = re.findall(r"Exit codes: ([^.]*)\.", PAGES["README"])

    assert codes == sorted(ExitCode)
    assert [int(code) for code in re.findall(r"(?:^|, )(\d+)", said)] == codes
    assert "`make` turns every code but 0 into 2." in PAGES["settings"]


def test_the_table_of_an_apps_keys_is_the_readers_own() -> None:
    assert keys_markdown() in PAGES["lab-toml"]


@pytest.mark.parametrize("page", ["README", "lab-toml"])
def test_the_description_that_is_shown_can_be_read(
    page: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    described = re.findall(r"```toml\n(.*?)```", PAGES[page], re.DOTALL)
    file = tmp_path_factory.mktemp("app") / "lab.toml"
    (file.parent / "access.log").write_text('- "GET / HTTP/1.1" 200 -', encoding="utf-8")

    assert described
    for shown in described:
        file.write_text(shown, encoding="utf-8")
        assert read_spec(file).command == "python app.py"


def test_every_example_is_described_and_can_be_read() -> None:
    examples = sorted((ROOT / "apps" / "examples").glob("*/*.toml"))

    assert examples
    for file in examples:
        assert read_spec(file).count == 4000
        assert file.read_text(encoding="utf-8").startswith("# ")


def test_every_pair_of_releases_is_an_example() -> None:
    named = [unquoted(row[0]) for row in rows(PAGES["real-leaks"], "| example |")]
    pairs = sorted(path.parent.name for path in (ROOT / "apps" / "examples").glob("*/mended.toml"))

    assert sorted(named) == pairs


@pytest.mark.parametrize(
    ("container", "head"), [("lab", "| room |"), ("lab.commands", "| part of `commands` |")]
)
def test_the_rooms_stand_in_the_order_of_their_layers(container: str, head: str) -> None:
    (layers,) = (
        contract["layers"]
        for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
        if contract.get("containers") == [container]
    )
    order = [room for layer in layers for room in layer.split(" | ") if room != "__main__"]

    assert [unquoted(row[0]) for row in rows(PAGES["architecture"], head)] == order


def test_every_dependency_has_its_reason() -> None:
    wanted = [re.split(r"[<>=~!\[; ]", name)[0] for name in PYPROJECT["project"]["dependencies"]]
    written = [unquoted(row[0]) for row in rows(PAGES["development"], "| package |")]

    assert written == wanted


def test_the_hostile_calls_are_counted() -> None:
    path = ROOT / "tests" / "integration" / "test_gate.py"
    spec = importlib.util.spec_from_file_location("gate_tests", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert f"{len(module.HOSTILE)} hostile calls to the engine" in PAGES["security"]


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    described = re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)
    assert sorted(described) == sorted(phony[1].split())


@pytest.mark.parametrize("page", PAGES)
def test_every_target_that_is_named_is_makes(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z]+)", PAGES[page], re.MULTILINE)

    assert set(named) - targets == set()
