"""Blocks that are added to an undecided trial."""

import math
from pathlib import Path

from lab.units import MIB
from support.conducted_runs import conducted
from support.paths import ROOT
from support.script import Script
from support.scripted_engine import ScriptedEngine

COMPOSE = ROOT / "compose.yaml"
FLASK = "py37-flask"


def late_step(served: int) -> int:
    """The last of the pool's threads starts in the last eighth of 80 requests."""
    return (30 + 100 * (served > 0) + 20 * (served > 70)) * MIB


def test_an_undecided_variant_gets_more_load_until_it_is_decided(tmp_path: Path) -> None:
    with ScriptedEngine({FLASK: Script(late_step)}, 0.002) as engine:
        folder, summary, _ = conducted(engine, tmp_path, VARIANTS=FLASK)
    (variant,) = summary.variants
    (trial,) = folder.read_trials()[FLASK]

    assert variant.verdict.value == "bounded"
    assert 80 < variant.requests.ok < 160
    assert variant.requests.ok % 20 == 0
    assert len(trial.blocks) == len(trial.troughs) - 1
    assert any("more blocks were added" in caveat for caveat in variant.caveats)


def test_what_stays_undecided_ends_after_twice_as_much_load_again(tmp_path: Path) -> None:
    def slows_down(served: int) -> int:
        return int((30 + 300 * (1 - math.exp(-served / 100))) * MIB)

    with ScriptedEngine({FLASK: Script(slows_down)}, 0.002) as engine:
        _, summary, _ = conducted(engine, tmp_path, VARIANTS=FLASK)

    assert summary.variants[0].verdict.value == "inconclusive"
    assert summary.variants[0].requests.ok == 240


def test_a_leak_is_confirmed_by_half_as_much_load_again(tmp_path: Path) -> None:
    def leaks(served: int) -> int:
        return (30 + served) * MIB

    with ScriptedEngine({FLASK: Script(leaks)}, 0.002) as engine:
        _, summary, _ = conducted(engine, tmp_path, VARIANTS=FLASK)

    assert summary.variants[0].verdict.value == "leak"
    assert summary.variants[0].requests.ok == 120


def test_what_matters_to_the_user_is_recorded_and_heeded(tmp_path: Path) -> None:
    def leaks(served: int) -> int:
        return (30 + served) * MIB

    with ScriptedEngine({FLASK: Script(leaks)}, 0.002) as engine:
        folder, summary, _ = conducted(engine, tmp_path, VARIANTS=FLASK, MATTERS=str(2 * MIB))
    (trial,) = folder.read_trials()[FLASK]

    assert trial.start.matters_bytes == 2 * MIB
    assert summary.variants[0].verdict.value != "leak"


def test_what_was_forbidden_a_verdict_gets_no_more_load(tmp_path: Path) -> None:
    with ScriptedEngine({FLASK: Script((30 * MIB,), status=500)}, 0.002) as engine:
        _, summary, _ = conducted(engine, tmp_path, VARIANTS=FLASK)

    assert summary.variants[0].requests.sent <= 80


def test_an_exact_load_is_not_added_to(tmp_path: Path) -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    own = tmp_path / "compose.yaml"
    exact = 'lab.workload: lists\n  lab.requests: "80"\n  lab.exact: "yes"'
    own.write_text(text.replace("lab.workload: lists", exact))
    with ScriptedEngine({FLASK: Script(late_step)}, 0.002) as engine:
        _, summary, said = conducted(
            engine, tmp_path / "results", compose=own, VARIANTS=FLASK, REQUESTS="160"
        )

    assert summary.variants[0].verdict.value == "inconclusive"
    assert summary.variants[0].requests.ok == 80
    assert summary.variants[0].load["requests"] == 80
    assert "of 80" in said
