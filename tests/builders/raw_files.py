"""Raw files of made-up trials, as a run writes them."""

from pathlib import Path

from builders import raw
from lab.records.observations import Pause
from lab.records.trial import End, EndKind, Environment, RawRecord
from lab.records.variant import Connection
from lab.store.run_folder import RunFolder

RECORDS: list[RawRecord] = [
    raw.start(raw.variant(host_cpus=None), connection=Connection.KEEP_ALIVE),
    Environment("3.7.17", "glibc 2.36", 16, {"fastapi": "0.63.0"}),
    raw.calibration(arena_limit=None),
    raw.sample(at=1.5),
    raw.sample(pids=None, limit_bytes=None),
    raw.trough(-1, probe=None, stable=False),
    raw.block(0, sent=10, ok=7),
    raw.block(1, sent=10, ok=0),
    Pause(3.0, 6.5),
    raw.trough(0, probe=raw.probe(raw.worker(11), raw.worker(12, arenas=None), oom_kills=None)),
    End(EndKind.DIED, 9.0, "it \u201cdied\u201d\n", ("a", "b")),
]
"""One trial with a record of every kind."""


def written(folder: RunFolder, *records: RawRecord, variant: str = "one", trial: int = 1) -> Path:
    writer = folder.trial_writer(variant, trial)
    for record in records:
        writer.write(record)
    writer.close()
    return folder.path / "samples" / variant / f"{trial}.jsonl"
