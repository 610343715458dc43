"""Thresholds that the method's page states are those of the code."""

import pytest
from lab.causes.advice import COST_BYTES, WORTH_SAVING_SHARE
from lab.causes.holders import NAMED_SHARE
from lab.measure.blocks import TRACED_BLOCK_SECONDS
from lab.measure.cooldown_rules import (
    GIVEN_BACK_BYTES,
    SHORT_WATCHED_SECONDS,
    STABLE_BYTES,
    WATCHED_SECONDS,
)
from lab.records.judgement import MIN_LEAK_BYTES_PER_REQUEST
from lab.stopping import CONFIRMED_LOADS
from lab.units import KIB, MIB
from lab.verdict.end_criteria import FLAT_BYTES_A_WORKER, FLAT_SHARE_OF_BASELINE
from lab.verdict.harmless_growth import GARBAGE_SHARE_OF_GROWTH, MOSTLY_FREE_SHARE
from lab.verdict.leak_criteria import (
    FILLING_BYTES_A_WORKER,
    FILLING_REQUESTS,
    FILLING_SHARE_OF_GROWTH,
    LEAST_EVIDENCE,
    LEAST_EVIDENCE_OF_TAIL,
)
from support.documents import PAGES

METHOD, README = (" ".join(PAGES[name].split()) for name in ("method", "README"))
FILLING = FILLING_BYTES_A_WORKER // MIB
STATED = (
    f"growth below {FLAT_BYTES_A_WORKER // MIB} MiB a worker or {FLAT_SHARE_OF_BASELINE:.0%}",
    f"Below {FILLING} MiB a worker it is only called after {FILLING_REQUESTS:,} requests a worker",
    f"fewer than {FILLING_REQUESTS:,} requests a worker a trend below {FILLING} MiB a worker, or "
    f"below {FILLING_SHARE_OF_GROWTH:.1%} of the growth",
    f"A leak has to win by {LEAST_EVIDENCE:.0f}, in the second half alone by "
    f"{LEAST_EVIDENCE_OF_TAIL:.0f},",
    f"at least {WATCHED_SECONDS:.0f} s apart ({SHORT_WATCHED_SECONDS:.0f} s in a short cooldown)",
    f"Memory must agree to {STABLE_BYTES // KIB} KiB",
    f"up to {GIVEN_BACK_BYTES // MIB} MiB of memory that falls was free",
    f"a block of it ends after {TRACED_BLOCK_SECONDS:.0f} s",
)
QUARTERS = {0.25: "a quarter", 0.75: "three quarters"}


@pytest.mark.parametrize("stated", STATED)
def test_the_method_states_the_thresholds_of_the_code(stated: str) -> None:
    assert stated.replace("%", " %") in METHOD


@pytest.mark.parametrize(
    ("share", "stated"),
    [
        (NAMED_SHARE, "A container is named when it holds {} of what"),
        (WORTH_SAVING_SHARE, "an intervention is named when it saves {} of the growth"),
        (MOSTLY_FREE_SHARE, "is `bounded` (*filling*) where {} of all that it grew by are free"),
        (GARBAGE_SHARE_OF_GROWTH, "collecting at the end freed {} of the growth"),
    ],
)
def test_the_method_names_the_shares_of_the_code(share: float, stated: str) -> None:
    assert stated.format(QUARTERS[share]) in METHOD


def test_each_hundredth_of_the_rate_costs_what_the_method_says() -> None:
    assert "for each hundredth of the requests a second that it costs, 1 MiB" in METHOD
    assert COST_BYTES / 100 == MIB


def test_the_readme_states_what_is_not_looked_for() -> None:
    words = {1.5: "one and a half times the load"}
    assert f"A leak below {MIN_LEAK_BYTES_PER_REQUEST} B a request is not looked for" in README
    assert words[CONFIRMED_LOADS] in README
