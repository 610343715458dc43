"""The database beside a variant of local processes, as far as it needs no PostgreSQL."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import raw
from lab.engines.process import postgres
from lab.engines.process.cpus import CpuWay, ShownCpus
from lab.engines.process.engine import ProcessEngine
from lab.engines.process.environments import Installed
from lab.engines.process.launch_plan import VariantSources
from lab.errors import LabError, VariantError

ONE = replace(raw.variant("one"), needs=("postgres",))
COMPOSE = """
services:
  one:
    image: memlab-one-thread
    command: serve
    environment: {LAB_WORKLOAD: db}
"""
ENTRY = "exec sleep 1000\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose entries go on for long."""
    folder = tmp_path / "repository"
    (folder / "images" / "postgres").mkdir(parents=True)
    (folder / "images" / "postgres" / "entry").write_text(ENTRY)
    (folder / "images" / "entry").write_text("#!/bin/sh\nexec sleep 1000\n")
    (folder / "images" / "entry").chmod(0o755)
    (folder / "compose.yaml").write_text(COMPOSE)
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Where PostgreSQL is installed."""
    folder = tmp_path / "postgresql" / "15" / "bin"
    folder.mkdir(parents=True)
    (folder / "initdb").write_text("#!/bin/sh\n")
    (folder / "initdb").chmod(0o755)
    return tmp_path / "postgresql"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is not."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "none"


@pytest.fixture
def _as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


Engines = Callable[[Path], ProcessEngine]


@pytest.fixture
def engine_with(root: Path) -> Iterator[Engines]:
    """An engine that looks for PostgreSQL in a folder."""
    installed = {ONE.image: Installed(root / "env/bin/python3", "CPython of a test")}
    made: list[ProcessEngine] = []

    def engine(programs: Path) -> ProcessEngine:
        sources = VariantSources(root / "compose.yaml", {}, root, installed, databases=programs)
        made.append(ProcessEngine(sources, ShownCpus(CpuWay.AS_IT_IS), 16))
        return made[-1]

    yield engine
    for each in made:
        each.stop(ONE)


def test_debians_own_folder_is_searched_first(programs: Path) -> None:
    first, *others = postgres.search_path(programs).split(os.pathsep)

    assert first == str(programs / "15" / "bin")
    assert others == os.environ["PATH"].split(os.pathsep)


def test_without_postgresql_one_line_says_what_to_do(
    root: Path, tmp_path: Path, nowhere: Path
) -> None:
    with pytest.raises(LabError, match="has no initdb: install postgresql"):
        postgres.prepare(root, tmp_path, nowhere)


@pytest.mark.usefixtures("_as_user")
def test_a_user_starts_it_directly(root: Path, tmp_path: Path, programs: Path) -> None:
    (tmp_path / "work").mkdir()
    command = postgres.prepare(root, tmp_path / "work", programs)

    assert command == ["sh", str(tmp_path / "work/programs/entry")]
    assert (tmp_path / "work/programs/entry").read_text() == ENTRY


def test_as_root_it_is_nobodys(
    root: Path, tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, user, _: given.append((path.name, user)))
    folder = tmp_path / "work" / "postgres"
    folder.mkdir(parents=True)
    command = postgres.prepare(root, folder, programs)

    assert command[:4] == ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    assert given == [("postgres", 65534), ("data", 65534)]
    assert folder.parent.stat().st_mode & 0o777 == 0o711


def test_a_variant_that_needs_it_fails_with_that_line(engine_with: Engines, nowhere: Path) -> None:
    with pytest.raises(VariantError, match="one cannot start: it needs PostgreSQL, and this"):
        engine_with(nowhere).start(ONE)


def test_what_nobody_has_is_refused(engine_with: Engines, programs: Path) -> None:
    with pytest.raises(VariantError, match="it needs redis, which local processes do not have"):
        engine_with(programs).start(replace(ONE, needs=("postgres", "redis")))


@pytest.mark.usefixtures("_as_user")
def test_a_database_runs_beside_its_variant_and_ends_with_it(
    engine_with: Engines, programs: Path
) -> None:
    engine = engine_with(programs)
    engine.start(ONE)
    running = engine.running["one"]
    assert running.beside
    assert running.beside[0].poll() is None
    assert running.beside[0].pid != running.process.pid
    engine.stop(ONE)

    assert running.beside[0].poll() is not None
    assert not running.work.exists()


def test_it_is_told_its_folder() -> None:
    given = postgres.environment(Path("/trial/postgres"), 15_001, Path("/programs"))

    assert given["LAB_DATA"] == "/trial/postgres/data"
    assert (given["LAB_HOST"], given["LAB_PORT"]) == ("127.0.0.1", "15001")


def test_a_variant_without_needs_has_none(engine_with: Engines, programs: Path) -> None:
    engine = engine_with(programs)
    plan = engine.plan(replace(ONE, needs=()))
    shutil.rmtree(plan.work)

    assert engine.start_database(plan) == (None, {})
