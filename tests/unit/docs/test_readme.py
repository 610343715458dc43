"""What the README quotes can be rebuilt from the raw files beside it."""

import re

import pytest
from lab.app.spec_file import read_description
from lab.app.spec_keys import key_table
from lab.records.summary import Summary
from lab.text.phrases import MIB
from support.paths import ROOT
from support.quoted_runs import rebuilt

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUN = re.search(r"docs/runs/(\S+)/curves\.svg", README)
ROW = re.compile(r"^\| `(py\S+)` \| (\w+) \| ([\d.,]+) \| ([\d.,]+) \| ([\d.,]+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def core_run() -> Summary:
    assert RUN is not None
    return rebuilt(RUN[1])[0]


def number(size_bytes: int) -> str:
    mib = size_bytes / MIB
    return f"{mib:,.0f}" if mib >= 100 else f"{mib:.1f}"


def test_the_table_is_the_runs_own(core_run: Summary) -> None:
    expected = [
        (
            variant.name,
            variant.verdict.value,
            number(memory.baseline),
            number(memory.settled),
            number(memory.growth),
        )
        for variant in core_run.variants
        if (memory := variant.memory_bytes) is not None
    ]
    assert expected == ROW.findall(README)


def test_the_run_is_whole_and_decided(core_run: Summary) -> None:
    assert (len(core_run.variants), core_run.run.exit_code, core_run.run.partial) == (12, 0, False)


def test_every_setting_has_its_row() -> None:
    makefile_settings = (ROOT / "scripts" / "command-line").read_text(encoding="utf-8")
    names = re.findall(r"\b[A-Z_]{4,}\b", makefile_settings)
    assert [name for name in names if f"| `{name}` |" not in README] == []


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    described = re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)
    assert sorted(described) == sorted(phony[1].split())


def test_one_claim_is_a_setting_and_has_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert "| `ID` |" in README
    assert re.findall(r"^(claims?):", makefile, re.MULTILINE) == ["claims", "claim"]
    assert "make claim ID=T23" in README


def test_the_table_of_an_apps_keys_is_the_readers_own() -> None:
    assert key_table() in README


def test_every_example_is_described_and_can_be_read() -> None:
    for file in sorted((ROOT / "apps" / "examples").glob("*/*.toml")):
        text = file.read_text(encoding="utf-8")
        assert read_description(file).count == 4000
        assert text.startswith("# ")


CLAIMS_RUN = re.search(r"Run `(\S+-thread)` .*?: (.*?) of 42 decided", README)
COUNTS = re.search(r"(\d+) reproduced, (\d+) refuted, (\d+) conditional;", README)


def test_the_claims_counted_are_those_of_the_run_beside_it() -> None:
    assert CLAIMS_RUN is not None
    assert COUNTS is not None
    outcomes = [claim.outcome.value for claim in rebuilt(CLAIMS_RUN[1])[0].claims]
    decided = len(outcomes) - outcomes.count("inconclusive")
    counted = [str(outcomes.count(name)) for name in ("reproduced", "refuted", "conditional")]

    assert (len(outcomes), str(decided)) == (42, CLAIMS_RUN[2])
    assert list(COUNTS.groups()) == counted
