"""Made-up measurements of variants, from the few numbers that a case names."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from builders import factories
from lab.claims.book import read_claims
from lab.claims.judge import judge_claims, topics_of
from lab.claims.records import ClaimRecord
from lab.errors import ExitCode
from lab.records.judgement import Verdict
from lab.records.summary import (
    CpuSeconds,
    Memory,
    PostLoadSummary,
    RequestCounts,
    Summary,
    ThreadCounts,
    VariantSummary,
)
from lab.records.trial import EndKind
from lab.records.variant import Scenario
from lab.units import MIB
from lab.verdict.end_criteria import FLAT_BYTES_A_WORKER
from lab.yaml_file import read_yaml

BASELINE_MIB = 24
BOOK = read_claims()
RECORDS = {record.id: record for record in BOOK.claims}
CASES: Mapping[str, Mapping[str, list[dict[str, dict[str, Any]]]]] = read_yaml(
    Path(__file__).with_name("claims_cases.yaml")
)


def made(name: str, given: Mapping[str, Any]) -> VariantSummary:
    """One variant with one trial; what is not given is that of a flat one."""
    growth = given.get("growth", 0) * MIB
    workers = given.get("workers", 1)
    flat = growth < FLAT_BYTES_A_WORKER * workers
    verdict = Verdict(given.get("verdict", "flat" if flat else "bounded"))
    counts = requests_of(given.get("failed", 0))
    threads = ThreadCounts(*given.get("threads", (5, 5)))
    memory = memory_of(growth, given.get("peak", given.get("growth", 0)))
    trial = factories.trial_summary(
        verdict=verdict,
        end=EndKind(given.get("end", "complete")),
        memory_bytes=memory,
        requests=counts,
        threads=threads,
        troughs_bytes=troughs_of(given),
    )
    return replace(
        factories.variant_summary(name, verdict, growth),
        axes=factories.axes(name, workers=workers),
        trials=(trial,),
        requests=counts,
        memory_bytes=memory,
        memory_limit_bytes=given.get("limit", 4096) * MIB,
        threads=threads,
        cpu_seconds=cpu_of(given.get("cpu", 20.0)),
        oom_kills=given.get("oom", 0),
        companion_seconds={"p50": given["companion"]} if "companion" in given else {},
        post_load=post_load_summary_of(given) if "before" in given else None,
    )


def requests_of(failed: int) -> RequestCounts:
    return RequestCounts(1000, 1000 - failed, failed, {"reset": failed} if failed else {})


def memory_of(growth: int, peak_growth_mib: float | None) -> Memory:
    baseline = BASELINE_MIB * MIB
    peak = None if peak_growth_mib is None else int(baseline + peak_growth_mib * MIB)
    return Memory(baseline, baseline + int(growth), peak, int(growth), 0)


def troughs_of(given: Mapping[str, Any]) -> tuple[int, ...]:
    """The baseline and eight troughs; each of the four marks may be named."""
    growth = given.get("growth", 0)
    half = given.get("half", growth)
    gains = [half, half, half, half, growth, growth, growth, growth]
    for index, mark in ((0, "first"), (1, "second"), (4, "lowest"), (6, "highest")):
        gains[index] = given.get(mark, gains[index])
    return tuple(int((BASELINE_MIB + gain) * MIB) for gain in (0, *gains))


def post_load_summary_of(given: Mapping[str, Any]) -> PostLoadSummary:
    before, after = given["before"] * MIB, given["after"] * MIB
    asked, answered = given.get("asked", 0), given.get("answered", 0)
    return PostLoadSummary(Scenario.GIVE_BACK, 16.0, before, after, 3, 3, asked, answered)


def measured(record: ClaimRecord, case: Mapping[str, Mapping[str, Any]]) -> list[VariantSummary]:
    """Every variant of the claim, as the case has it."""
    unknown = case.keys() - record.roles.keys()
    assert not unknown, f"{record.id}: {unknown} are no roles"
    return [made(name, case.get(role, {})) for role, name in record.roles.items()]


def everything() -> list[VariantSummary]:
    """Each variant that any claim reads, once."""
    cases = {name: {} for r in BOOK.claims for name in (*r.roles.values(), *r.beside.values())}
    for record in BOOK.claims:
        for outcome in ("conditional", "refuted", "reproduced"):
            for role, numbers in CASES[record.id].get(outcome, [{}])[0].items():
                cases[record.roles[role]] = cases[record.roles[role]] or numbers
    return [made(name, numbers) for name, numbers in cases.items()]


def cpu_of(seconds: float | None) -> CpuSeconds | None:
    return None if seconds is None else CpuSeconds(user=seconds, system=0.0)


def claims_summary() -> Summary:
    """A run of the thread's whole suite, made up."""
    variants = everything()
    claims = judge_claims(BOOK.claims, variants)
    summary = factories.summary(variants, suite="thread", exit_code=ExitCode.DECIDED)
    return replace(summary, claims=claims, topics=topics_of(BOOK.topics, claims))
