"""The page on layers says what its runs say, which stand in docs/runs/layers.json."""

from collections.abc import Mapping, Sequence

import pytest
from bench_layers import APPS, KeptLayers, read_layers
from lab.records.judgement import Verdict
from lab.records.layers import Layer
from support.documents import PAGES
from support.quoted_runs import RUNS

PAGE = " ".join(PAGES["bisect"].split())
RAN: Mapping[str, KeptLayers] = read_layers((RUNS / "layers.json").read_bytes())
SHARED = [Layer.MIDDLEWARE, Layer.PARSER, Layer.PYTHON, Layer.ALLOCATOR]


@pytest.mark.parametrize(
    ("name", "others", "said"),
    [
        (
            "fastapi-middleware",
            [Layer.SERVER, Layer.LOOP],
            "leaked behind uvicorn and hypercorn, on both loops, parsers, Pythons and allocators, "
            "and was flat without its middleware",
        ),
        (
            "aiohttp-middleware",
            [Layer.EXTENSION] * 4,
            "leaked without the C code of each of its packages, too",
        ),
    ],
)
def test_an_app_leaked_with_every_exchange_but_without_its_middleware(
    name: str, others: Sequence[Layer], said: str
) -> None:
    answer = RAN[name].answer
    verdicts = {each.line: each.verdict for each in answer.exchanges}

    assert said in PAGE
    assert sorted(each.layer or "" for each in answer.exchanges) == sorted([*SHARED, *others])
    assert answer.base.verdict is Verdict.LEAK
    assert verdicts.pop("no middleware in place of keep") is Verdict.FLAT
    assert set(verdicts.values()) == {Verdict.LEAK}


def test_the_runs_are_of_one_commit_and_of_the_day_that_the_page_names() -> None:
    assert RAN.keys() == APPS.keys()
    assert len({ran.commit for ran in RAN.values()}) == 1
    assert {ran.run[:8] for ran in RAN.values()} == {"20261127"}
    assert "On 2026-11-27 `scripts/bench_layers.py` ran two small apps" in PAGE
    assert all("bytearray(20_000)" in files["app.py"] for files in APPS.values())
    assert "whose middleware keeps 20,000 bytes a request" in PAGE
