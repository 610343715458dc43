"""Services are variants, and globs choose among them."""

from functools import cache
from pathlib import Path

import pytest
from builders import raw
from lab.errors import UsageError
from lab.matrix.variants import pool_threads, read_matrix, select
from lab.records.variant import Axes, Variant
from support.compose_files import SERVICE, matrix
from support.paths import ROOT

COMPOSE = ROOT / "compose.yaml"
ARMS = ("fastapi-sync", "fastapi-async", "flask")
NAMES = [f"py{python}-{arm}" for python in ("37", "38", "39", "310") for arm in ARMS]
CORE_IN_BOTH = {f"py{python}-fastapi-sync" for python in ("37", "38", "39", "310")} | {
    "py37-fastapi-async",
    "py38-fastapi-async",
    "py37-flask",
}


@cache
def core(**values: str) -> dict[str, Variant]:
    variants = read_matrix(COMPOSE, values)
    return {v.name: v for v in variants if "core" in v.axes.suite.split()}


def test_the_core_suite_is_twelve_variants() -> None:
    chosen = select(read_matrix(COMPOSE, {}), raw.settings())

    assert [variant.name for variant in chosen] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_axes_of_a_core_variant_are_those_of_its_name(name: str) -> None:
    python, _, arm = name.partition("-")
    flask = arm == "flask"

    assert core()[name].axes == Axes(
        python=f"3.{python[3:]}",
        stack="thread",
        framework="flask" if flask else "fastapi",
        server="gunicorn-gthread" if flask else "gunicorn-uvicorn",
        endpoint="async" if arm == "fastapi-async" else "sync",
        workload="lists",
        workers=1,
        host_cpus=16,
        pool_threads=8 if flask else None,
        suite="core thread" if name in CORE_IN_BOTH else "core",
    )


def test_what_else_the_file_says_of_a_variant() -> None:
    variant = core()["py37-fastapi-sync"]

    assert variant.image == "memlab-py37-thread"
    assert variant.memory_limit_bytes == 4 << 30
    assert variant.path == "/sync/lists"
    assert core()["py310-fastapi-async"].path == "/async/lists"


def test_workers_and_cpus_reach_every_variant() -> None:
    found = core(WORKERS="4", HOST_CPUS="40").values()

    assert {(v.axes.workers, v.axes.host_cpus) for v in found} == {(4, 40)}


def test_the_hosts_own_cpus_are_none() -> None:
    assert {variant.axes.host_cpus for variant in core(HOST_CPUS="host").values()} == {None}


def test_a_service_without_labels_is_no_variant() -> None:
    assert {"gate", "driver"}.isdisjoint(core())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("      lab.stack: thread\n", "", "service one has no label lab.stack"),
        ("lab.workers: ${WORKERS:-1}", "lab.workers: few", "lab.workers=few, not a number"),
        ("    mem_limit: 512m\n", "", "service one has no mem_limit"),
        ("512m", "much", "service one has mem_limit=much, not a size such as 512m"),
        ("LAB_WORKLOAD: lists", "LAB_WORKLOAD: db", "LAB_WORKLOAD other than its lab.workload"),
        ('["serve", "--threads", "4"]', "serve 'x", "the command of one "),
        ('"4"', '"many"', "the command of one "),
    ],
)
def test_a_service_that_cannot_be_used_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        matrix(tmp_path, SERVICE.replace(old, new))


def test_workers_that_are_no_number_are_refused_and_not_run() -> None:
    with pytest.raises(UsageError, match="not a number"):
        read_matrix(COMPOSE, {"WORKERS": '1" --reload "'})


@pytest.mark.parametrize(
    ("command", "threads"),
    [
        ("gunicorn --threads 8 app", 8),
        ("gunicorn --threads=8 app", 8),
        (["gunicorn", "--threads", "8"], 8),
        ("gunicorn app", None),
        (None, None),
    ],
)
def test_the_pool_that_a_command_fixes(command: object, threads: int | None) -> None:
    assert pool_threads("one", {"command": command}) == threads


def test_globs_choose_in_the_files_order() -> None:
    settings = raw.settings(VARIANTS="py38-flask py37-*")
    chosen = [variant.name for variant in select(tuple(core().values()), settings)]

    assert chosen == ["py37-fastapi-sync", "py37-fastapi-async", "py37-flask", "py38-flask"]


def test_an_unknown_suite_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="SUITE='nope' is unknown: choose one of core, thread"):
        select(tuple(core().values()), raw.settings(SUITE="nope"))


def test_a_glob_that_matches_nothing_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"VARIANTS='py27-\*' matches nothing: choose from suite core: py37"
    ):
        select(tuple(core().values()), raw.settings(VARIANTS="py37-* py27-*"))


@pytest.mark.parametrize(("pool", "threads"), [("8", 8), ("many", None)])
def test_lab_pool_is_the_pool(tmp_path: Path, pool: str, threads: int | None) -> None:
    path = tmp_path / "compose.yaml"
    text = SERVICE.replace("lists}", f"lists, LAB_POOL: '{pool}'}}").replace(
        '["serve", "--threads", "4"]', "serve"
    )
    path.write_text(text)
    if threads is None:
        with pytest.raises(UsageError, match="the LAB_POOL of one cannot be read: 'many'"):
            read_matrix(path, {})
    else:
        assert read_matrix(path, {})[0].axes.pool_threads == threads


def test_a_server_without_threads_has_a_pool_of_none() -> None:
    assert pool_threads("one", {"command": "serve", "environment": {"LAB_THREADED": 0}}) == 0
    assert pool_threads("one", {"command": "serve", "environment": {"LAB_THREADED": 1}}) is None


@pytest.mark.parametrize(
    ("globs", "names"),
    [
        ("py37-flask", ["py37-flask"]),
        ("py37-h11", ["py37-h11"]),
        ("py37-h11 py38-flask", ["py38-flask", "py37-h11"]),
        ("py38-*", ["py38-fastapi-sync", "py38-fastapi-async", "py38-flask"]),
    ],
)
def test_a_variant_of_another_suite_can_be_named(globs: str, names: list[str]) -> None:
    chosen = select(read_matrix(COMPOSE, {}), raw.settings(VARIANTS=globs))

    assert [variant.name for variant in chosen] == names
