"""A real engine that fails or is slow, and a disk of results that is full."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine_proxy import ENGINE, EngineProxy, engine_proxy
from support.lab_commands import Lab
from support.small_runs import TINY, assert_whole, summary_of, variant
from support.tmpfs import small_disk

pytestmark = pytest.mark.engine


@pytest.fixture
def proxy(lab: Lab) -> Iterator[EngineProxy]:
    """What stands between the gate and the engine."""
    if not Path(ENGINE).is_socket():
        pytest.skip("THE ENGINE'S SOCKET IS NOT HERE: nothing was put in front of it")
    with engine_proxy() as made:
        lab.settings["DOCKER_SOCKET"] = str(made.socket)
        yield made


def test_an_engine_that_answers_500_costs_time_or_the_variant_that_it_does_not_start(
    lab: Lab, proxy: EngineProxy
) -> None:
    reads: Counter[str] = Counter()

    def fails(call: str) -> bool:
        """Each call that only reads, every second time, and every start of one variant."""
        reads[call] += 1
        is_start = call.endswith("/start") and "py310-fastapi-sync" in call
        return is_start or (call.startswith("GET") and reads[call] % 2 == 1)

    proxy.fails = fails
    done = lab.repro(VARIANTS="py310-flask py310-fastapi-sync", **TINY)
    summary = summary_of(lab)
    refused, alive = variant(summary, "py310-fastapi-sync"), variant(summary, "py310-flask")

    assert done.returncode == 3, done.stderr
    assert len(proxy.refused) >= 5
    assert sum(call.endswith("/start") for call in proxy.refused) == 1
    (trial,) = refused["trials"]
    assert trial["end"] == "failed"
    assert "py310-fastapi-sync cannot start: the engine is on fire" in refused["reason"]
    assert_whole(alive["trials"][0])
    assert alive["trials"][0]["end"] == "complete"
    assert lab.left_behind() == []


def test_an_engine_that_is_slow_costs_time_alone(lab: Lab, proxy: EngineProxy) -> None:
    proxy.delay_seconds = 3.0
    done = lab.repro(VARIANTS="py310-flask", **TINY)
    summary = summary_of(lab)
    (trial,) = variant(summary, "py310-flask")["trials"]

    assert done.returncode in (0, 2), done.stderr
    assert_whole(trial)
    assert trial["end"] == "complete"
    assert len(proxy.calls) >= 5
    assert summary["run"]["elapsed_seconds"] >= 3.0 * 4
    assert lab.left_behind() == []


@pytest.mark.skipif(sys.platform != "linux", reason="A FULL DISK IS TESTED ON LINUX ONLY")
def test_results_on_a_disk_that_is_full_go_on_where_there_is_room(lab: Lab) -> None:
    with small_disk(lab.results, "20k"):
        done = lab.repro(VARIANTS="py310-flask", **TINY)
        (run,) = [path for path in lab.results.iterdir() if path.name.startswith("2")]
        assert done.returncode == 3, done.stderr
        assert "No space left on device" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        assert lab.left_behind() == []
        text = (run / "samples" / "py310-flask" / "1.jsonl").read_text()
        assert '"record":"end"' not in text

        subprocess.run(["mount", "-o", "remount,size=8m", str(lab.results)], check=True)
        done = lab.repro(RESUME=run.name)
        summary = summary_of(lab)
    assert done.returncode in (0, 2), done.stderr
    assert summary["run"]["id"] == run.name
    assert len(summary["run"]["sittings"]) == 2
    assert_whole(variant(summary, "py310-flask")["trials"][0])
    assert lab.left_behind() == []
