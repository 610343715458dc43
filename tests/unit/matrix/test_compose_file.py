from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from builders import raw
from lab.errors import UsageError
from lab.matrix.compose_file import command_words, interpolate, read_service, read_services
from lab.matrix.variants import pool_threads, read_matrix, select
from lab.records.variant import Axes, Connection, LoadShape, RequestKind, Scenario, Variant
from support.paths import ROOT

COMPOSE = ROOT / "compose.yaml"
ARMS = ("fastapi-sync", "fastapi-async", "flask")
NAMES = [f"py{python}-{arm}" for python in ("37", "38", "39", "310") for arm in ARMS]
CORE_IN_BOTH = {f"py{python}-fastapi-sync" for python in ("37", "38", "39", "310")} | {
    "py37-fastapi-async",
    "py38-fastapi-async",
    "py37-flask",
}
SERVICE = """
services:
  one:
    image: memlab-one
    command: ["serve", "--threads", "4"]
    mem_limit: 512m
    environment: {LAB_WORKLOAD: lists}
    labels:
      lab.python: "3.7"
      lab.stack: thread
      lab.framework: flask
      lab.server: gunicorn-gthread
      lab.endpoint: sync
      lab.workload: lists
      lab.suite: core
      lab.workers: ${WORKERS:-1}
      lab.host_cpus: ${HOST_CPUS:-16}
"""


def matrix(
    tmp_path: Path, text: str = SERVICE, values: Mapping[str, str] | None = None
) -> tuple[Variant, ...]:
    path = tmp_path / "compose.yaml"
    path.write_text(text, encoding="utf-8")
    return read_matrix(path, values or {})


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A:-1}", "1"),
        ("${B:-1}", "two"),
        ("${C:-1}", "1"),
        ("${C-1}", "1"),
        ("${B}", "two"),
        ("${A}", ""),
        ("x ${B} ${A:-} y", "x two  y"),
        ("$B", "$B"),
    ],
)
def test_interpolation_as_compose_does_it(text: str, expected: str) -> None:
    assert interpolate(text, {"B": "two", "C": ""}) == expected


@pytest.mark.parametrize(
    "value",
    ["*", "py37-*", "'", '"', "a: b", "x\n  evil: {image: other}", "{}", "[1]", "&a", "# c", "- x"],
)
def test_no_value_changes_the_shape_of_the_document(value: str) -> None:
    before = read_services(COMPOSE, {})
    after = read_services(COMPOSE, {"VARIANTS": value, "LAB_COMMAND": value})

    assert list(after) == list(before)
    assert after["driver"]["environment"]["VARIANTS"] == value
    assert after["driver"]["environment"]["LAB_COMMAND"] == value


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
        ('["serve", "--threads", "4"]', "serve 'x", "the command of one cannot be read"),
        ('"4"', '"many"', "the command of one cannot be read"),
    ],
)
def test_a_service_that_cannot_be_used_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        matrix(tmp_path, SERVICE.replace(old, new))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "compose.yaml cannot be read"),
        ("", "compose.yaml has no services"),
        ("- 1", "compose.yaml has no services"),
        ("services: [1]", "compose.yaml has no services"),
        ("services:\n  one:\n", "service one is empty: write its image"),
        (
            "services:\n  one:\n    labels: ['lab.suite=core']\n",
            "service one must write its labels as `name: value` lines",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        matrix(tmp_path, text)

    assert "\n" not in str(refused.value)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"compose\.yaml cannot be read"):
        read_matrix(tmp_path / "compose.yaml", {})


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


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("serve --threads 4", ("serve", "--threads", "4")),
        (
            "serve\n  --name 'a b' --say \"it's\" x\\ y",
            ("serve", "--name", "a b", "--say", "it's", "x y"),
        ),
        ("serve $HOME; *", ("serve", "$HOME;", "*")),
        ("serve ''", ("serve", "")),
        (["serve", "a b", "'", 4], ("serve", "a b", "'", "4")),
        ("", ()),
        ([], ()),
        (None, ()),
    ],
)
def test_a_command_is_words_for_no_shell(command: object, words: tuple[str, ...]) -> None:
    assert command_words("one", command) == words


@pytest.mark.parametrize("command", ["serve 'x", 'serve "x', "serve x\\", 5])
def test_a_command_that_cannot_be_split_is_refused(command: object) -> None:
    with pytest.raises(UsageError, match=r"the command of one cannot be read: .") as refused:
        command_words("one", command)

    assert "\n" not in str(refused.value)


def test_a_service_is_its_command_and_its_environment(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(SERVICE.replace("lists}", "lists, LAB_PROBES: 1, LAB_SHOWN: '${X:-none}'}"))
    service = read_service(path, "one", {"X": "a b"})

    assert service.command == ("serve", "--threads", "4")
    assert service.environment == {"LAB_WORKLOAD": "lists", "LAB_PROBES": "1", "LAB_SHOWN": "a b"}


def test_a_service_without_command_and_environment_has_none(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services: {one: {image: memlab-one}}", encoding="utf-8")
    service = read_service(path, "one", {})

    assert (service.command, service.environment) == ((), {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SERVICE.replace("one:", "two:"), r"compose\.yaml has no service one"),
        (SERVICE.replace("{LAB_WORKLOAD: lists}", "[A=1]"), "must write its environment as"),
        ("a: [", r"compose\.yaml cannot be read"),
    ],
)
def test_a_service_that_cannot_be_started_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageError, match=message):
        read_service(path, "one", {})


@pytest.mark.parametrize("name", NAMES)
def test_a_core_variant_is_bound_where_it_is_told(name: str) -> None:
    given = {"LAB_HOST": "127.0.0.1", "LAB_PORT": "15001", "LAB_SHM": "/a-folder"}
    in_a_container = read_service(COMPOSE, name, {})
    here = read_service(COMPOSE, name, given)

    assert here.command == in_a_container.command
    shared = in_a_container.environment["GUNICORN_CMD_ARGS"]
    assert shared == "--bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm --timeout 120"
    told = here.environment["GUNICORN_CMD_ARGS"]
    assert told == "--bind 127.0.0.1:15001 --worker-tmp-dir /a-folder --timeout 120"


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


def labelled(tmp_path: Path, extra: str, values: dict[str, str] | None = None) -> Variant:
    path = tmp_path / "compose.yaml"
    path.write_text(
        SERVICE.replace("      lab.stack: thread\n", f"      lab.stack: thread\n{extra}")
    )
    return read_matrix(path, values or {})[0]


def test_a_variant_without_labels_of_its_own_takes_the_settings(tmp_path: Path) -> None:
    variant = labelled(tmp_path, "")

    assert (variant.load, variant.scenario, variant.needs) == (LoadShape(), None, ())


def test_a_variants_own_load_is_read(tmp_path: Path) -> None:
    variant = labelled(
        tmp_path,
        "      lab.requests: ${REQUESTS:-80}\n      lab.concurrency: 10\n      lab.blocks: 9\n"
        "      lab.connection: keep-alive\n      lab.request: upload\n"
        "      lab.companion: /health\n      lab.scenario: give-back\n      lab.needs: postgres\n",
    )

    assert variant.load == LoadShape(
        80, 10, Connection.KEEP_ALIVE, 9, RequestKind.UPLOAD, "/health"
    )
    assert variant.scenario is Scenario.GIVE_BACK
    assert variant.needs == ("postgres",)


@pytest.mark.parametrize(("label", "exact"), [("yes", True), ("no", False)])
def test_an_exact_load_is_read(tmp_path: Path, label: str, exact: bool) -> None:
    assert labelled(tmp_path, f"      lab.exact: {label!r}\n").load.exact is exact


def test_makes_line_comes_before_a_variants_default(tmp_path: Path) -> None:
    extra = "      lab.requests: ${REQUESTS:-80}\n"

    assert labelled(tmp_path, extra, {"REQUESTS": "16"}).load.requests == 16


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("      lab.requests: 0\n", "has lab.requests=0, less than 1"),
        ("      lab.blocks: many\n", "has lab.blocks=many, not a number"),
        (
            "      lab.scenario: flood\n",
            "lab.scenario=flood: choose one of master-killed, give-back",
        ),
        ("      lab.request: put\n", "lab.request=put: choose one of get, upload"),
        ("      lab.exact: maybe\n", "lab.exact=maybe: choose one of yes, no"),
    ],
)
def test_a_label_that_cannot_be_used_is_refused(tmp_path: Path, extra: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        labelled(tmp_path, extra)


def test_a_variant_may_belong_to_several_suites(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(SERVICE.replace("lab.suite: core", "lab.suite: core thread"))
    variants = read_matrix(path, {})

    for suite in ("core", "thread"):
        assert select(variants, raw.settings(SUITE=suite)) == variants


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
