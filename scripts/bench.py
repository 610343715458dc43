"""The host's half of make bench: it runs the core suite under a CPU meter and times the report."""

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from lab.commands.rebuild import rebuild  # noqa: E402
from lab.measure.host import host_info  # noqa: E402
from lab.records.codec import encode  # noqa: E402
from lab.records.experiment import SCHEMA_VERSION, EngineInfo, EngineKind, Experiment  # noqa: E402
from lab.records.observations import Block, Sample, Trough  # noqa: E402
from lab.records.trial import End, EndKind, TrialStart  # noqa: E402
from lab.records.variant import Axes, Connection, Variant  # noqa: E402
from lab.store.run_folder import RunFolder  # noqa: E402
from lab.units import MIB  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
LAB_SIDE = (
    "dockerd",
    "containerd",
    "containerd-shim",
    "docker-proxy",
    "haproxy",
    "tini",
    "docker-init",
)
STORAGE = "fuse-overlayfs"
"""Where the engine's storage driver is a process: the files of all containers, the servers' first.
Elsewhere the kernel does that work, and the reading process is charged for it."""
CORE_RUNS = 3
"""A range over runs is quoted: the CPU of a request changes from run to run."""


def process_cpu_seconds() -> dict[str, float]:
    """CPU time of every process that is the lab's or the engine's, by pid and name."""
    cpu_seconds = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes()
            contained = "docker" in (entry / "cgroup").read_text()
        except OSError:
            continue
        name, fields = (
            stat[stat.index("(") + 1 : stat.rindex(")")],
            stat[stat.rindex(")") + 2 :].split(),
        )
        driver = b"-m\0lab\0repro" in command and contained
        if driver or name.startswith((*LAB_SIDE, STORAGE)):
            storage = name.startswith(STORAGE)
            key = "driver" if driver else STORAGE if storage else name.partition("-")[0]
            cpu_seconds[f"{key}:{entry.name}"] = (int(fields[11]) + int(fields[12])) / TICKS
    return cpu_seconds


class CpuMeter:
    """Reads the CPU time of the lab's side twice a second while the driver lives."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while not self.stopped.wait(0.5):
            now = process_cpu_seconds()
            if not any(key.startswith("driver") for key in now):
                continue
            has_begun = bool(self.first)
            for key, seconds in now.items():
                # A process that began during the measurement began at zero; the engine's did not.
                began = 0.0 if has_begun or key.startswith("driver") else seconds
                self.first.setdefault(key, began)
                self.last[key] = seconds

    def stop(self) -> dict[str, float]:
        self.stopped.set()
        self.thread.join()
        spent: dict[str, float] = {}
        for key, seconds in self.last.items():
            name = key.partition(":")[0]
            spent[name] = spent.get(name, 0.0) + seconds - self.first[key]
        return spent


def run_core() -> dict[str, Any]:
    """The result of a core suite that ran under the CPU meter."""
    meter = CpuMeter()
    started = time.monotonic()
    code = subprocess.run([ROOT / "scripts" / "repro"], cwd=ROOT, check=False).returncode
    wall = time.monotonic() - started
    spent = meter.stop()
    storage = spent.pop(STORAGE, 0.0)
    folder = RunFolder((ROOT / "results" / "latest").resolve())
    summary = json.loads((folder.path / "summary.json").read_text())
    trials = [trial for variant_trials in folder.read_trials().values() for trial in variant_trials]
    served = sum(trial.samples[-1].cpu_seconds for trial in trials)
    ratios = [
        max(s.peak_bytes for s in trial.samples if s.peak_bytes)
        / trial.troughs[-1].probe.peak_bytes
        for trial in trials
        if trial.samples[-1].peak_bytes and trial.troughs[-1].probe
    ]
    return {
        "run": folder.id,
        "exit_code": code,
        "decided": sum(v["verdict"] != "inconclusive" for v in summary["variants"]),
        "requests_ok": sum(v["requests"]["ok"] for v in summary["variants"]),
        "wall_seconds": wall,
        "measuring_seconds": summary["run"]["elapsed_seconds"],
        "servers_cpu_seconds": served,
        "measuring_to_floor": summary["run"]["elapsed_seconds"] / (served / (os.cpu_count() or 1)),
        "lab_cpu_seconds": spent,
        "storage_cpu_seconds": storage,
        "lab_to_servers_cpu": sum(spent.values()) / served,
        "reported_peak_to_kernel_peak": median(ratios) if ratios else None,
    }


def synthetic_variant(index: int) -> Variant:
    axes = Axes(
        "3.8", "thread", "fastapi", "gunicorn-uvicorn", "sync", "lists", 1, 16, None, "bench"
    )
    return Variant(f"py38-bench-{index:03}", axes, "none", 1 << 30, "/sync/lists")


def synthetic_sample(second: int, size: int) -> Sample:
    return Sample(
        1.7e9 + second, size, size, 1 << 30, size, 0, 0, None, 0, size, 25, second * 0.5,
        second * 0.3, second * 0.2, "cgroup-v1",
    )  # fmt: skip


def write_synthetic(folder: RunFolder, variants: int, samples: int) -> None:
    """Raw files of a made-up run: every variant rises to a plateau."""
    names = []
    for index in range(variants):
        variant = synthetic_variant(index)
        names.append(variant.name)
        writer = folder.trial_writer(variant.name, 1)
        writer.write(TrialStart(variant, 1, 1.7e9, 1000, 8, 40, Connection.CLOSE, True))
        sizes = [int((40 + 300 * (1 - math.exp(-t / 50))) * MIB) for t in range(samples)]
        for second, size in enumerate(sizes):
            writer.write(synthetic_sample(second, size))
        for block in range(-1, 8):
            at = (block + 1) * (samples - 1) // 8
            if block >= 0:
                writer.write(Block(block, 1.7e9 + at - 9, 1.7e9 + at - 5, 125, 125, {}, {}, 0.1))
            writer.write(Trough(block, synthetic_sample(at, sizes[at]), None, 6.0, True))
        writer.write(End(EndKind.COMPLETE, 1.7e9 + samples))
        writer.close()
    engine = EngineInfo(EngineKind.SCRIPTED, "0", "v1")
    folder.write_experiment(
        Experiment(
            SCHEMA_VERSION,
            "bench",
            "2026-01-01T00:00:00+00:00",
            1.0,
            False,
            "bench",
            engine,
            host_info(),
            None,
            {},
            {},
            {},
            tuple(names),
            (),
        )
    )


def report_seconds(variants: int, samples: int = 1000) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder.create(Path(name), "bench")
        write_synthetic(folder, variants, samples)
        started = time.perf_counter()
        rebuild(folder)
        return time.perf_counter() - started


def answer_seconds() -> Any:
    """Time of `make try` to its whole answer, as scripts/bench_answers.py measured it; None before
    it did."""
    path = ROOT / "results" / "bench-answers.json"
    return json.loads(path.read_text())["seconds"] if path.exists() else None


def main(hello: Path) -> None:
    measurements = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": encode(host_info()),
        "hello": json.loads(hello.read_text()),
        "core": [run_core() for _ in range(CORE_RUNS)],
        "answers": answer_seconds(),
        "report_seconds": {str(n): report_seconds(n) for n in (50, 100, 200)},
    }
    path = ROOT / "results" / "bench.json"
    path.write_text(json.dumps(measurements, indent=2) + "\n")
    print(json.dumps(measurements, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
