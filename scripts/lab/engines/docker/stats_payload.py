"""An engine's `/containers/NAME/stats` payload as a Sample; nothing here talks to an engine."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from lab.errors import VariantError
from lab.records.observations import Sample

CGROUP_V1 = "cgroup-v1"
CGROUP_V2 = "cgroup-v2"

NANOSECONDS = 1e9

# Parts of kernel memory, for engines that leave out the sum: Engine 26.1 passes on only the
# first two where memory.stat itself has `kernel` (tests/fixtures/engine, v2).
KERNEL_PARTS = ("kernel_stack", "slab", "pagetables", "percpu", "vmalloc")

RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def sample_from_payload(payload: Mapping[str, Any]) -> Sample | None:
    """The payload as a Sample, or None when it holds no reading (a stopped container).

    A payload without memory usage or without CPU counters is a gap, not a zero. Raises
    VariantError when it is not a stats payload at all or a number has the wrong type.
    """
    memory = _memory(payload)
    usage = _count(memory, "usage")
    cpu = _mapping(_mapping(payload, "cpu_stats"), "cpu_usage")
    total = _count(cpu, "total_usage")
    if not usage or total is None or _is_year_one(payload):
        return None
    counters = _mapping(memory, "stats")
    source = cgroup_version(payload)
    return Sample(
        read_at_seconds=unix_seconds(payload.get("read")),
        memory_bytes=memory_without_cache(usage, counters),
        usage_bytes=usage,
        limit_bytes=_count(memory, "limit") or None,
        anon_bytes=_first(counters, ("anon", "total_rss", "rss")),
        file_bytes=_first(counters, ("file", "total_cache", "cache")),
        inactive_file_bytes=_first(counters, ("total_inactive_file", "inactive_file")) or 0,
        kernel_bytes=_kernel_bytes(counters) if source == CGROUP_V2 else None,
        shmem_bytes=_shmem_bytes(counters),
        peak_bytes=_count(memory, "max_usage") or None,
        pids=_count(_mapping(payload, "pids_stats"), "current") or None,
        cpu_seconds=total / NANOSECONDS,
        cpu_user_seconds=(_count(cpu, "usage_in_usermode") or 0) / NANOSECONDS,
        cpu_system_seconds=(_count(cpu, "usage_in_kernelmode") or 0) / NANOSECONDS,
        source=source,
    )


def cgroup_version(payload: Mapping[str, Any]) -> str:
    """Which kernel interface the counters came from: `cgroup-v1` or `cgroup-v2`."""
    memory = _memory(payload)
    counters = _mapping(memory, "stats")
    is_v1 = "total_inactive_file" in counters or "max_usage" in memory
    return CGROUP_V1 if is_v1 else CGROUP_V2


def memory_without_cache(usage_bytes: int, counters: Mapping[str, Any]) -> int:
    """The bytes that `docker stats` prints: usage without inactive page cache.

    The rule is docker/cli's `calculateMemUsageUnixNoCache`, falling through when a
    subtraction would not leave anything: v1's counter, then v2's, then the usage itself.
    """
    for name in ("total_inactive_file", "inactive_file"):
        inactive = _count(counters, name)
        if inactive is not None and inactive < usage_bytes:
            return usage_bytes - inactive
    return usage_bytes


def unix_seconds(timestamp: object) -> float:
    """An RFC 3339 time with up to nine decimals as Unix seconds."""
    match = RFC3339.fullmatch(timestamp) if isinstance(timestamp, str) else None
    if match is None:
        raise VariantError(f"stats payload: `read` is not an RFC 3339 time: {timestamp!r}")
    day, clock, fraction, zone = match.groups()
    zone = "+00:00" if zone in "Zz" else zone
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise VariantError(f"stats payload: `read` is not a date: {timestamp!r}") from error
    return whole.timestamp() + float(fraction or 0)


def _is_year_one(payload: Mapping[str, Any]) -> bool:
    """Go's zero time, which engines send for a reading that was never taken."""
    return str(payload.get("read", "")).startswith("0001-")


def _memory(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(payload, Mapping):
        raise VariantError(f"stats payload: expected an object, got {type(payload).__name__}")
    if "memory_stats" not in payload and "message" in payload:
        raise VariantError(f"stats payload: the engine answered: {payload['message']}")
    return _mapping(payload, "memory_stats")


def _mapping(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under `name`; an absent or null one is empty."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise VariantError(f"stats payload: `{name}` must be an object, got {type(value).__name__}")
    return value


def _count(parent: Mapping[str, Any], name: str) -> int | None:
    """The whole number under `name`; None where it is absent or null."""
    value = parent.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise VariantError(f"stats payload: `{name}` must be a whole number, got {value!r}")
    return value


def _first(counters: Mapping[str, Any], names: Iterable[str]) -> int | None:
    """The first counter that is there; the names are one meaning on v2 and v1."""
    values = (_count(counters, name) for name in names)
    return next((value for value in values if value is not None), None)


def _shmem_bytes(counters: Mapping[str, Any]) -> int | None:
    """Shared memory: its counter, else on v1 the anonymous pages that no process owns."""
    counted = _first(counters, ("total_shmem", "shmem"))
    lists = [_count(counters, f"total_{name}_anon") for name in ("active", "inactive")]
    own = _count(counters, "total_rss")
    if counted is not None or own is None or None in lists:
        return counted
    return max(0, sum(size for size in lists if size is not None) - own)


def _kernel_bytes(counters: Mapping[str, Any]) -> int | None:
    """`kernel`, else the sum of its parts that are there (a lower bound: page tables may miss)."""
    kernel = _count(counters, "kernel")
    if kernel is not None:
        return kernel
    parts = [_count(counters, name) for name in KERNEL_PARTS]
    stated = [part for part in parts if part is not None]
    return sum(stated) if stated else None
