"""Recorded engine payloads must yield the numbers that the engine's own client printed."""

import importlib
import json
import re
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lab.engines.docker.stats_payload import cgroup_version, sample_from_payload, unix_seconds
from lab.errors import VariantError
from lab.records.observations import Sample
from lab.units import MIB
from support.paths import ROOT

APPS = ROOT / "apps"
ENGINES = Path(__file__).parents[1] / "fixtures" / "engine"
V1 = ENGINES / "cgroup-v1-engine-20.10"
V2 = ENGINES / "cgroup-v2-engine-26.1"

# The payload of the same moment as what the client printed. The program ran on between the
# two calls in step 1 and 3 on v1: there it is the next step's payload.
SAME_MOMENT = [
    (V1, "cli-1.json", "stats-2.json"),
    (V1, "cli-3.json", "stats-4.json"),
    (V1, "cli-4.json", "oneshot-4.json"),
    (V1, "cli-4.json", "stats-4.json"),
    *((V2, f"cli-{step}.json", f"stats-{step}.json") for step in (1, 3, 4, 5, 6)),
    *((V2, f"cli-{step}.json", f"oneshot-{step}.json") for step in (1, 3, 4, 5, 6)),
]
# Printed in the middle of a round: no payload was recorded at that moment.
BETWEEN_PAYLOADS = {(V1, "cli-2.json"), (V2, "cli-2.json")}

READINGS = sorted(
    path
    for engine in (V1, V2)
    for kind in ("stats-[0-9]", "oneshot-[0-9]", "oom-stats")
    for path in engine.glob(f"{kind}.json")
)


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def sample(path: Path) -> Sample:
    reading = sample_from_payload(load(path))
    assert reading is not None
    return reading


def stream(engine: Path) -> list[Sample]:
    lines = (engine / "stream.json").read_text().splitlines()
    readings = [sample_from_payload(json.loads(line)) for line in lines]
    return [reading for reading in readings if reading is not None]


def bytes_size(size: int) -> str:
    """go-units' BytesSize: four significant digits, binary prefixes."""
    value, prefixes = float(size), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(prefixes) > 1:
        value /= 1024
        prefixes.pop(0)
    return f"{value:.4g}{prefixes[0]}"


def printed(reading: Sample) -> tuple[str, str]:
    assert reading.limit_bytes is not None
    usage = f"{bytes_size(reading.memory_bytes)} / {bytes_size(reading.limit_bytes)}"
    return usage, str(reading.pids)


@pytest.mark.parametrize(
    ("engine", "client", "payload"), SAME_MOMENT, ids=lambda value: getattr(value, "name", value)
)
def test_memory_limit_and_tasks_are_what_the_client_printed(
    engine: Path, client: str, payload: str
) -> None:
    recorded = load(engine / client)
    assert printed(sample(engine / payload)) == (recorded["MemUsage"], recorded["PIDs"])


def test_every_line_of_the_stream_is_what_the_client_printed_last() -> None:
    for engine, last in ((V1, "cli-4.json"), (V2, "cli-6.json")):
        recorded = load(engine / last)
        lines = [printed(reading) for reading in stream(engine)]
        assert lines == [(recorded["MemUsage"], recorded["PIDs"])] * 4


def test_no_recorded_client_line_is_left_out() -> None:
    recorded = {(engine, path.name) for engine in (V1, V2) for path in engine.glob("cli-*.json")}
    assert recorded == {(engine, client) for engine, client, _ in SAME_MOMENT} | BETWEEN_PAYLOADS


@pytest.mark.parametrize("path", READINGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_anon_file_and_kernel_make_up_the_usage(path: Path) -> None:
    reading = sample(path)
    assert reading.anon_bytes is not None
    assert reading.file_bytes is not None
    parts = reading.anon_bytes + reading.file_bytes + (reading.kernel_bytes or 0)
    # v1 gives no kernel memory and v2 no page tables: what is missing is small, never negative.
    assert 0 <= reading.usage_bytes - parts <= 2 * MIB
    assert reading.inactive_file_bytes <= reading.file_bytes
    assert reading.usage_bytes - reading.inactive_file_bytes == reading.memory_bytes


@pytest.mark.parametrize("path", READINGS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_peak_is_the_kernels_on_v1_and_absent_on_v2(path: Path) -> None:
    reading = sample(path)
    if path.parent == V1:
        assert reading.source == "cgroup-v1"
        assert reading.peak_bytes == load(path)["memory_stats"]["max_usage"]
        assert reading.kernel_bytes is None
    else:
        assert reading.source == "cgroup-v2"
        assert reading.peak_bytes is None
        assert reading.shmem_bytes == 0


@pytest.mark.parametrize("step", [3, 4, 5, 6])
def test_v2_fields_are_the_kernels_own(step: int) -> None:
    text = (V2 / f"cgroup-{step}.txt").read_text()
    kernel = {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", text, re.M)}
    reading = sample(V2 / f"oneshot-{step}.json")
    assert (reading.anon_bytes, reading.file_bytes) == (kernel["anon"], kernel["file"])
    assert reading.inactive_file_bytes == kernel["inactive_file"]
    assert reading.kernel_bytes == kernel["kernel_stack"] + kernel["slab"] < kernel["kernel"]


def test_cpu_is_in_seconds() -> None:
    reading = sample(V1 / "stats-1.json")
    assert reading.cpu_seconds == 0.217843173
    assert (reading.cpu_user_seconds, reading.cpu_system_seconds) == (0.06, 0.15)


@pytest.mark.parametrize("engine", [V1, V2], ids=lambda path: path.name)
def test_the_stream_moves_forward_by_about_a_second(engine: Path) -> None:
    times = [reading.read_at_seconds for reading in stream(engine)]
    assert len(times) == 4
    assert all(0.9 < later - earlier < 1.2 for earlier, later in pairwise(times))


def test_read_times_keep_their_fraction_and_zone() -> None:
    assert unix_seconds("2026-11-23T16:52:04.867026236Z") == pytest.approx(
        1795452724.867026, abs=1e-6
    )
    assert unix_seconds("2026-11-23T18:52:04.5+02:00") == 1795452724.5
    assert unix_seconds("2026-11-23T16:52:04Z") == 1795452724.0


@pytest.mark.parametrize("engine", [V1, V2], ids=lambda path: path.name)
def test_a_stopped_container_is_a_gap(engine: Path) -> None:
    assert sample_from_payload(load(engine / "stats-stopped.json")) is None


@pytest.mark.parametrize("engine", [V1, V2], ids=lambda path: path.name)
def test_a_reading_in_the_year_one_is_a_gap_whatever_else_it_holds(engine: Path) -> None:
    payload = load(engine / "stats-1.json") | {"read": "0001-01-01T00:00:00Z"}
    assert sample_from_payload(payload) is None


@pytest.mark.parametrize("engine", [V1, V2], ids=lambda path: path.name)
def test_a_name_that_does_not_exist_is_an_error_in_the_engines_words(engine: Path) -> None:
    with pytest.raises(VariantError, match="No such container: nosuch"):
        sample_from_payload(load(engine / "stats-nosuch.json"))


def test_after_a_kill_for_memory_the_reading_goes_on() -> None:
    v1, v2 = sample(V1 / "oom-stats.json"), sample(V2 / "oom-stats.json")
    assert (v1.memory_bytes, v2.memory_bytes) == (6574080 - 3125248, 3149824)
    assert (v1.limit_bytes, v2.limit_bytes) == (200 * MIB, 200 * MIB)
    assert (v1.pids, v2.pids) == (1, 1)
    assert v1.peak_bytes == v1.limit_bytes


@pytest.mark.parametrize(
    ("counters", "expected"),
    [
        ({"total_inactive_file": 300, "inactive_file": 100}, 700),
        ({"total_inactive_file": 1000, "inactive_file": 100}, 900),
        ({"total_inactive_file": 1200, "inactive_file": 1000}, 1000),
        ({"inactive_file": 999}, 1),
        ({"inactive_file": 1001}, 1000),
        ({}, 1000),
        (None, 1000),
    ],
)
def test_memory_follows_the_clients_rule_when_cache_outweighs_usage(
    counters: dict[str, int] | None, expected: int
) -> None:
    payload = load(V2 / "stats-1.json")
    payload["memory_stats"] = {"usage": 1000, "stats": counters}
    reading = sample_from_payload(payload)
    assert reading is not None
    assert reading.memory_bytes == expected


def test_hierarchical_counters_win_on_v1() -> None:
    payload = load(V1 / "stats-1.json")
    payload["memory_stats"]["stats"].update(total_rss=5, rss=1, total_cache=6, cache=2)
    reading = sample_from_payload(payload)
    assert reading is not None
    assert (reading.anon_bytes, reading.file_bytes) == (5, 6)


def test_the_kernels_own_sum_wins_on_v2() -> None:
    payload = load(V2 / "stats-1.json")
    payload["memory_stats"]["stats"]["kernel"] = 12345
    reading = sample_from_payload(payload)
    assert reading is not None
    assert reading.kernel_bytes == 12345


def test_what_the_engine_left_out_is_none_and_not_zero() -> None:
    payload: dict[str, Any] = deepcopy(load(V2 / "stats-1.json"))
    payload.update(pids_stats=None, blkio_stats=None, networks=None)
    payload["memory_stats"] = {"usage": 1000, "stats": None}
    reading = sample_from_payload(payload)
    assert reading is not None
    absent = ("limit_bytes", "anon_bytes", "file_bytes", "kernel_bytes", "shmem_bytes", "pids")
    assert [getattr(reading, name) for name in absent] == [None] * len(absent)


@pytest.mark.parametrize(
    "part",
    [
        {"memory_stats": None},
        {"memory_stats": {}},
        {"memory_stats": {"usage": None}},
        {"memory_stats": {"usage": 0}},
        {"cpu_stats": None},
        {"cpu_stats": {"cpu_usage": None}},
    ],
    ids=str,
)
def test_a_missing_reading_is_a_gap(part: dict[str, Any]) -> None:
    assert sample_from_payload(load(V2 / "stats-1.json") | part) is None


@pytest.mark.parametrize(
    "part",
    [
        {"memory_stats": "many"},
        {"memory_stats": {"usage": "1000"}},
        {"memory_stats": {"usage": True}},
        {"memory_stats": {"usage": -1}},
        {"memory_stats": {"usage": 10.5}},
        {"memory_stats": {"usage": 10, "stats": [1]}},
        {"memory_stats": {"usage": 10, "stats": {"inactive_file": "9"}}},
        {"read": None},
        {"read": "yesterday"},
        {"read": "2026-13-45T00:00:00Z"},
    ],
    ids=str,
)
def test_a_malformed_payload_is_one_clear_line(part: dict[str, Any]) -> None:
    with pytest.raises(VariantError, match=r"^stats payload: .+$"):
        sample_from_payload(load(V2 / "stats-1.json") | part)


@pytest.mark.parametrize("payload", [None, [], "text", 3])
def test_a_payload_that_is_no_object_is_refused(payload: Any) -> None:
    with pytest.raises(VariantError, match="expected an object"):
        sample_from_payload(payload)


def test_cgroup_version_is_told_apart_by_the_counters() -> None:
    versions = [cgroup_version(load(engine / "stats-1.json")) for engine in (V1, V2)]
    assert versions == ["cgroup-v1", "cgroup-v2"]


@pytest.mark.parametrize("path", READINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_probe_says_the_same_by_the_cgroups_own_files(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The apps' half cannot import the lab's: the two say the same rule, and are held together."""
    monkeypatch.syspath_prepend(str(APPS))
    monkeypatch.delenv("LAB_CGROUP", raising=False)
    tree = importlib.import_module("tree")
    memory = load(path)["memory_stats"]
    names = ("memory/memory.usage_in_bytes", "memory/memory.stat")
    if path.parent == V2:
        names = ("memory.current", "memory.stat")
    counters = "".join(f"{name} {count}\n" for name, count in memory["stats"].items())
    files = dict(zip(names, (f"{memory['usage']}\n", counters), strict=True))
    monkeypatch.setattr(
        tree, "read_text", lambda name: files.get(name.replace("/sys/fs/cgroup/", ""))
    )

    assert tree.memory_without_cache() == sample(path).memory_bytes
