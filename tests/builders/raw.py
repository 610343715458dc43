"""Raw records: whole ones, of which a test names what matters to it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from lab.prediction.predict import OfferedLoad, predict
from lab.records.experiment import SCHEMA_VERSION, EngineInfo, EngineKind, Experiment, HostInfo
from lab.records.observations import (
    Block,
    Calibration,
    ProbeReading,
    ProcessReading,
    Sample,
    Trough,
    WorkerReading,
)
from lab.records.trial import End, EndKind, Environment, Trial, TrialStart
from lab.records.variant import Axes, Connection, Variant
from lab.settings import Settings, parse_settings
from lab.units import MIB

THREAD_KEPT_BYTES = int(15.26 * MIB)
Told = Callable[[int, float], ProbeReading | None]


def axes(**changes: Any) -> Axes:
    defaults = Axes(
        python="3.7",
        stack="thread",
        framework="fastapi",
        server="gunicorn-uvicorn",
        endpoint="sync",
        workload="lists",
        workers=1,
        host_cpus=16,
        pool_threads=None,
        suite="core",
    )
    return replace(defaults, **changes)


def variant(
    name: str = "py37-fastapi-sync", limit_bytes: int = 64 * MIB, **changes: Any
) -> Variant:
    """Changes are those of its axes, but for `load` and `scenario`."""
    own = {key: changes.pop(key) for key in ("load", "scenario") if key in changes}
    variant_axes = axes(**changes)
    path = f"/{variant_axes.endpoint}/{variant_axes.workload}"
    image = f"memlab-{name.partition('-')[0]}-thread"
    return Variant(name, variant_axes, image, limit_bytes, path, **own)


def sample(memory_bytes: int = 50 * MIB, at: float = 0.0, **changes: Any) -> Sample:
    defaults = Sample(
        read_at_seconds=at,
        memory_bytes=memory_bytes,
        usage_bytes=memory_bytes,
        limit_bytes=512 * MIB,
        anon_bytes=memory_bytes,
        file_bytes=3 * MIB,
        inactive_file_bytes=0,
        kernel_bytes=None,
        shmem_bytes=None,
        peak_bytes=None,
        pids=3,
        cpu_seconds=at,
        cpu_user_seconds=at * 0.75,
        cpu_system_seconds=at * 0.25,
        source="cgroup-v2",
    )
    return replace(defaults, **changes)


def worker(pid: int = 11, **changes: Any) -> WorkerReading:
    return replace(WorkerReading(pid, 5.0, 8 * MIB, 2 * MIB, 0, 1, 1000, (1, 2, 3)), **changes)


def probe(*workers: WorkerReading, **changes: Any) -> ProbeReading:
    processes = (ProcessReading(10, 1, 4.0, "gunicorn", 1, MIB, MIB, 7),)
    return replace(ProbeReading(1.0, processes, workers or (worker(),), None, 0), **changes)


def trough(index: int, memory_bytes: int = 50 * MIB, **changes: Any) -> Trough:
    at = 10.0 * (index + 2)
    defaults = Trough(index, sample(memory_bytes, at), probe(), cooldown_seconds=6.0, stable=True)
    return replace(defaults, **changes)


def block(index: int, sent: int = 125, ok: int = 125, **changes: Any) -> Block:
    failures = {"reset": sent - ok} if ok < sent else {}
    latency = {"p50": 0.1 * (index + 1), "p95": 0.2, "max": 0.3 * (index + 1)} if ok else {}
    begun = 10.0 * (index + 2)
    return replace(Block(index, begun, begun + 4, sent, ok, failures, latency, 0.1), **changes)


def calibration(**changes: Any) -> Calibration:
    return replace(Calibration(THREAD_KEPT_BYTES, 2 * MIB, 16 * MIB, 128, 16), **changes)


def start(of: Variant | None = None, **changes: Any) -> TrialStart:
    defaults = TrialStart(
        variant=of or variant(),
        trial=1,
        at_seconds=1.0,
        requests=1000,
        blocks=8,
        concurrency=40,
        connection=Connection.CLOSE,
        probes=True,
        container={"image": "sha256:1", "memlab.base.kind": "official"},
    )
    return replace(defaults, **changes)


def trial(memory_bytes: Sequence[int] = (50 * MIB,) * 9, **changes: Any) -> Trial:
    """A complete trial with these troughs, the baseline first."""
    troughs = tuple(trough(index, size) for index, size in enumerate(memory_bytes, start=-1))
    defaults = Trial(
        start=start(variant(limit_bytes=4096 * MIB)),
        environment=Environment("3.7.17", "glibc 2.36", 16, {"fastapi": "0.63.0", "pip": "23"}),
        calibration=calibration(),
        prediction=predict(axes(), calibration(), OfferedLoad(1000, 40)),
        samples=tuple(each.sample for each in troughs),
        blocks=tuple(block(index) for index in range(len(memory_bytes) - 1)),
        troughs=troughs,
        end=End(EndKind.COMPLETE, 100.0),
    )
    return replace(defaults, **changes)


def grown_trial(gained_mib: Sequence[float], told: Told | None = None, **changes: Any) -> Trial:
    """A complete trial that has gained so many MiB at each trough, the baseline first.

    Args:
        told: what the probes told at a trough of such an index and gain; None: as in `trough`.
    """
    whole = trial([round((50 + gained) * MIB) for gained in gained_mib])
    if told is not None:
        pairs = zip(whole.troughs, gained_mib, strict=True)
        troughs = (replace(each, probe=told(each.index, gained)) for each, gained in pairs)
        whole = replace(whole, troughs=tuple(troughs))
    return replace(whole, **changes)


def experiment(*variants: str, **changes: Any) -> Experiment:
    defaults = Experiment(
        schema_version=SCHEMA_VERSION,
        suite="core",
        started_at="2024-01-05T10:15:00+00:00",
        elapsed_seconds=100.0,
        interrupted=False,
        command="make repro",
        engine=EngineInfo(EngineKind.DOCKER, "20.10", "unknown"),
        host=HostInfo(2, 16 << 30, "6.1", "a CPU"),
        git_commit=None,
        settings={"suite": "core", "requests": 1000},
        lanes={"lanes": 2, "load_slots": 2, "budget_bytes": 8 << 30},
        lock_hashes={"thread": "aa"},
        variants=variants or ("py37-fastapi-sync",),
        missing=(),
    )
    return replace(defaults, **changes)


def settings(**given: str) -> Settings:
    return parse_settings(given)
