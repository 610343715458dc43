"""Figures that a document quotes from a kept run are those that its raw files give."""

import re

import pytest
from lab.commands.setup.doctor import CORE, THREAD
from lab.records.summary import Summary, VariantSummary
from lab.text.phrases import mib
from lab.units import MIB
from support.documents import PAGES, plain_number, range_text, rows, unquoted
from support.quoted_runs import DOCKER_RUN, RUN_IDS, THREAD_RUN, TRY_RUN, rebuilt

README = PAGES["README"]
PROCESS_RUN = "20261124-030410-core"
TABLE_RUN = "20261124-030536-core"


def variants(run_id: str) -> dict[str, VariantSummary]:
    return {variant.name: variant for variant in rebuilt(run_id)[0].variants}


def growth_bytes(variant: VariantSummary) -> int:
    assert variant.memory_bytes is not None
    return variant.memory_bytes.growth


def test_every_kept_run_is_quoted_and_every_run_that_is_quoted_is_kept() -> None:
    text = "\n".join(PAGES.values())
    named = re.findall(r"\b(20\d{6}-\d{6}-[a-z][a-z-]*[a-z])\b", text)

    assert set(named) == set(RUN_IDS)


def test_what_the_suites_cost_is_the_same_on_each_page_and_in_make_doctor() -> None:
    docker, process = (
        round(rebuilt(run)[0].run.elapsed_seconds) for run in (DOCKER_RUN, PROCESS_RUN)
    )
    costs = {row[0]: row[1:3] for row in rows(README, "| on 2 cores |")}
    engines = {row[0]: row[1:] for row in rows(PAGES["engines"], "| | Docker | local processes |")}

    assert CORE.run_time == f"{process} to {docker} s"
    assert costs["time"] == engines["a run of the core suite, 2 cores"]
    assert costs["time"] == [f"{docker} s", f"{process} s"]
    assert costs["set-up, once"] == [CORE.images_time, CORE.environments_time]
    assert costs["disk"] == [CORE.images_disk, CORE.environments_disk]
    first = (CORE.images, CORE.environments)
    assert engines["the first time"] == [each.replace(" for ", ", for the ") for each in first]
    assert f"{THREAD.run_time}; the first time {THREAD.images}\n" in PAGES["thread"]
    assert f"in {THREAD.run_time}, images apart" in README


def core_row(variant: VariantSummary) -> list[str]:
    memory, threads = variant.memory_bytes, variant.threads
    assert memory is not None
    sizes = (memory.baseline, memory.settled, memory.growth, variant.prediction.growth_bytes)
    return [
        f"`{variant.name}`",
        variant.verdict.value,
        *map(mib, sizes),
        f"{threads.baseline} \N{RIGHTWARDS ARROW} {threads.settled}",
    ]


def test_the_readmes_table_is_the_runs_own() -> None:
    expected = [core_row(variant) for variant in variants(DOCKER_RUN).values()]

    assert rows(README, "| variant | verdict |") == expected
    assert f"docs/runs/{DOCKER_RUN}/curves.svg" in README


def test_the_readmes_run_is_whole_and_decided() -> None:
    summary: Summary = rebuilt(DOCKER_RUN)[0]
    assert (len(summary.variants), summary.run.exit_code, summary.run.partial) == (12, 0, False)


def test_growth_was_predicted_as_closely_as_the_readme_says() -> None:
    ratios = [
        growth_bytes(variant) / variant.prediction.growth_bytes
        for variant in variants(DOCKER_RUN).values()
        if variant.verdict.value == "bounded" and variant.prediction.growth_bytes
    ]
    within = re.search(r"The eight growths lie within ([\d.]+) %", " ".join(README.split()))

    assert within is not None
    assert len(ratios) == 8
    assert max(abs(ratio - 1) for ratio in ratios) * 100 <= float(within[1])


ENGINE_GROUPS = {
    "`py37-fastapi-sync`": r"py37-fastapi-sync",
    "`py38-` to `py310-fastapi-sync`": r"py(38|39|310)-fastapi-sync",
    "Flask, all four": r".*-flask",
    "`fastapi-async`, all four": r".*-fastapi-async",
}


@pytest.mark.parametrize("label", ENGINE_GROUPS)
def test_the_engines_are_compared_as_their_runs_say(label: str) -> None:
    docker, process = variants(DOCKER_RUN), variants(PROCESS_RUN)
    names = [name for name in docker if re.fullmatch(ENGINE_GROUPS[label], name)]
    ratios = [growth_bytes(process[name]) / growth_bytes(docker[name]) for name in names]
    verdicts = {(docker[name].verdict.value, process[name].verdict.value) for name in names}
    (row,) = (
        row
        for row in rows(PAGES["engines"], "| | Docker | local processes | ratio")
        if row[0] == label
    )

    assert row[1:4] == [
        range_text([mib(growth_bytes(docker[name])) for name in names]),
        range_text([mib(growth_bytes(process[name])) for name in names]),
        range_text([f"{ratio:.2f}" for ratio in ratios]),
    ]
    assert {tuple(row[4].split(", "))} == verdicts


def test_the_core_suite_takes_as_long_as_its_runs_took() -> None:
    elapsed = [rebuilt(run_id)[0].run.elapsed_seconds for run_id in (DOCKER_RUN, PROCESS_RUN)]
    costs = {row[0]: row[1:] for row in rows(PAGES["engines"], "| | Docker | local processes |")}

    assert costs["a run of the core suite, 2 cores"] == [f"{each:.0f} s" for each in elapsed]


def test_processes_have_no_memory_of_the_kernel_as_their_run_says() -> None:
    docker, process = (
        {
            name: each.memory_bytes.baseline
            for name, each in variants(run).items()
            if each.memory_bytes
        }
        for run in (DOCKER_RUN, PROCESS_RUN)
    )
    less = range_text([mib(docker[name] - process[name]) for name in docker])

    assert f"baselines lie {less} MiB below what `docker stats`" in PAGES["engines"]


def test_the_threads_first_table_is_its_runs_own() -> None:
    found = variants(TABLE_RUN)
    for name, published, predicted, measured, ratio in rows(PAGES["thread"], "| | published |"):
        variant = found[unquoted(name)]
        size_bytes = growth_bytes(variant)
        share = size_bytes / MIB / plain_number(published.removesuffix(" MiB"))
        assert [predicted, measured, ratio] == [
            f"{mib(variant.prediction.growth_bytes)} MiB",
            f"{mib(size_bytes)} MiB",
            f"{share:.2f}",
        ]
    flask = [mib(growth_bytes(found[f"py{minor}-flask"])) for minor in (38, 39, 310)]
    assert f"Flask grew by {range_text(flask)} MiB on 3.8 to 3.10" in PAGES["thread"]


@pytest.mark.parametrize("page", ["README", "thread"])
def test_the_claims_counted_are_those_of_the_run(page: str) -> None:
    outcomes = [claim.outcome.value for claim in rebuilt(THREAD_RUN)[0].claims]
    counts = [f"{outcomes.count(name)} {name}" for name in ("reproduced", "refuted", "conditional")]

    assert len(outcomes) == 42
    assert "inconclusive" not in outcomes
    assert ", ".join(counts) in " ".join(PAGES[page].split())


THREAD_ROWS = {
    "Is it uvloop?": "uvicorn-asyncio uvicorn-uvloop",
    "Which Python brought the limit?": "fastapi-sync py38-fastapi-sync py39-fastapi-sync",
    "The pool, or garbage?": "pool1 pool8 pool40 cpus8 collect",
    "Who holds it?": "cpus8 arena1 thresholds",
    "Does Flask stay constant?": "flask-dev-single flask-sync flask-dev flask",
    "Does the H11 worker matter?": "h11 cpus8",
    "Does async help?": "fastapi-async fastapi-sync",
}
"""The variants whose growth a row quotes; those without a Python are py37's."""


@pytest.mark.parametrize(
    ("page", "first"),
    [("README", "| the thread asks | measured |"), ("thread", "| the thread asks |")],
)
def test_what_came_out_of_the_thread_is_what_was_measured(page: str, first: str) -> None:
    found = variants(THREAD_RUN)
    quoting = {question: said for question, said, *_ in rows(PAGES[page], first)}
    checked = quoting.keys() & THREAD_ROWS
    assert checked == (quoting.keys() if page == "README" else THREAD_ROWS.keys())
    for question in checked:
        said = quoting[question]
        names = [
            name if name in found else f"py37-{name}" for name in THREAD_ROWS[question].split()
        ]
        if page == "README" and question == "Does Flask stay constant?":
            names = names[2:]
        quoted = [mib(growth_bytes(found[name])) for name in names]
        missing = [
            figure for figure in quoted if not re.search(rf"(?<![\d.,]){figure}(?![\d.]*\d)", said)
        ]
        assert missing == [], question


@pytest.mark.parametrize("page", ["README", "thread"])
def test_what_async_costs_is_the_cpu_of_both_pythons(page: str) -> None:
    found = variants(THREAD_RUN)

    def seconds(kind: str) -> float:
        spent = [found[f"{python}-table1-{kind}"].cpu_seconds for python in ("py37", "py38")]
        return sum(each.user + each.system for each in spent if each)

    assert f"costs {seconds('async') / seconds('sync'):.1f} times the CPU" in PAGES[page]


def test_the_causes_of_what_grew_are_likely_as_the_readme_says() -> None:
    found = variants(DOCKER_RUN).values()
    causes = {each.name: each.cause for each in found if each.verdict.value == "bounded"}

    assert causes.pop("py37-flask") == "fragmentation (likely)"
    assert set(causes.values()) == {"thread arenas (likely)"}
    said = "the cause is likely: thread arenas, and for `py37-flask` fragmentation."
    assert f"From this run alone {said}" in " ".join(README.split())


def test_an_answer_takes_as_long_as_its_run_took() -> None:
    seconds = f"{rebuilt(TRY_RUN)[0].run.elapsed_seconds:.0f} s"

    assert f"The third command gave, in {seconds} on local processes" in " ".join(README.split())
    assert f"(local processes, 2 cores, {seconds}; run `{TRY_RUN}`)" in " ".join(
        PAGES["lab-toml"].split()
    )


def test_the_answer_about_an_app_is_the_runs_own() -> None:
    own = rebuilt(TRY_RUN)[0].own
    assert own is not None
    (variant,) = (v for name, v in variants(TRY_RUN).items() if name == "own-ujson-failing")
    rate, text = variant.growth_bytes_per_request, " ".join(README.split())
    assert rate is not None

    assert variant.verdict.value == "leak"
    quoted = f"leak, {rate.estimate / 1024:.1f} KiB a request, {mib(growth_bytes(variant))} MiB"
    assert f"{quoted} in {variant.requests.ok:,} requests" in text
    assert [f"{cause.cause} ({cause.standing})" for cause in own.causes] == [
        "native memory (proven)"
    ]
    assert f"native memory (proven), first asked for by `{own.lines[0].site}`" in text
    (held,) = own.held_by
    assert held.startswith("No container that Python's collector knows grew by as much")
    assert "ujson.dumps of ujson 5.3.0: an extension may have kept a reference" in held
    assert "`ujson.dumps` of ujson 5.3.0, which may have kept a reference" in text
    assert own.helps == "ujson>=5.10.0 (measured: flat)"
    assert f"`{own.helps.split()[0]}` (measured: flat)" in text
