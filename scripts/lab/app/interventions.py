"""Interventions: one change at a time, which proves a cause and may be its cure."""

import re
from dataclasses import dataclass, replace

from lab.app.spec import AppSpec, RequestProtocol, RequestSpec
from lab.records.interventions import (
    MALLOC_THRESHOLD_BYTES,
    NEWEST_RELEASE,
    RETAINED_CAUSES,
    Cause,
    Causes,
    Intervention,
    Release,
)
from lab.records.variant import Connection

OF_A_WORKER: Causes = (
    *(Cause.LIVE_OBJECTS, Cause.NATIVE, Cause.THREAD_ARENAS, Cause.FRAGMENTATION),
    *(Cause.THREADS, Cause.DESCRIPTORS, Cause.SOCKETS),
)
"""Causes whose memory is freed when the worker ends."""


@dataclass(frozen=True, slots=True)
class Allocators:
    """The paths of other allocators' libraries where the app runs; None where there is none."""

    jemalloc: str | None = None
    mimalloc: str | None = None


NO_ALLOCATORS = Allocators()


def applied(description: AppSpec, change: Intervention) -> AppSpec:
    """The app with this change."""
    return replace(
        description,
        environment={**description.environment, **change.environment},
        command=change.command or description.command,
        concurrency=change.concurrency or description.concurrency,
        requests=tuple(connected(request, change.connection) for request in description.requests),
    )


def connected(request: RequestSpec, connection: Connection | None) -> RequestSpec:
    return request if connection is None else replace(request, connection=connection)


def in_environment(name: str, proves: Causes, **values: str) -> Intervention:
    line = " ".join(f"{key}={value}" for key, value in values.items())
    return Intervention(name, f"{line} in the service's environment", proves, values)


def interventions_for(
    description: AppSpec, allocators: Allocators = NO_ALLOCATORS
) -> tuple[Intervention, ...]:
    """All interventions that this app allows."""
    threshold = str(MALLOC_THRESHOLD_BYTES)
    chosen = [
        in_environment("one-arena", RETAINED_CAUSES, MALLOC_ARENA_MAX="1"),
        in_environment("two-arenas", (Cause.THREAD_ARENAS,), MALLOC_ARENA_MAX="2"),
        in_environment(
            "thresholds",
            RETAINED_CAUSES,
            MALLOC_MMAP_THRESHOLD_=threshold,
            MALLOC_TRIM_THRESHOLD_=threshold,
        ),
        replace(
            in_environment("python-malloc", (Cause.FRAGMENTATION,), PYTHONMALLOC="malloc"),
            is_cure=False,
        ),
        *preloaded("jemalloc", allocators.jemalloc, "libjemalloc2"),
        *preloaded("mimalloc", allocators.mimalloc, "libmimalloc2.0"),
        *freeze_change(description),
        *preload_change(description),
        *connection_change(description),
        *server_changes(description.command or ""),
    ]
    if description.concurrency > 1:
        only = (Cause.THREAD_ARENAS, Cause.THREADS)
        line = "one request at a time (a smaller pool of threads)"
        chosen.append(Intervention("one-at-a-time", line, only, concurrency=1, is_cure=False))
    return tuple(chosen)


def release_change(release: Release) -> Intervention:
    """The app with another release of the package that holds its memory, or on a newer Python."""
    line = f"{release.package} {release.newest} in place of {release.installed}"
    return Intervention(NEWEST_RELEASE, line, (), release=release, is_last=True)


def server_change(line: str, command: str) -> Intervention:
    """The app behind another server."""
    return Intervention("other-server", line, (), command=command, is_last=True)


def preloaded(name: str, file: str | None, package: str) -> list[Intervention]:
    """Another allocator in place of the C library's, where its library is."""
    if file is None:
        return []
    line = f"LD_PRELOAD={file} in the service's environment (Debian: {package})"
    return [Intervention(name, line, RETAINED_CAUSES, {"LD_PRELOAD": file})]


def freeze_change(description: AppSpec) -> list[Intervention]:
    """gc.freeze() before each fork, which the probe's own start does for an app of many workers."""
    if description.workers < 2 or not description.probes:
        return []
    line = "gc.freeze() in the master before it forks (gunicorn: the hook pre_fork)"
    causes: Causes = (Cause.COPIED_PAGES,)
    return [Intervention("gc-freeze", line, causes, {"LAB_GC_FREEZE": "1"})]


def preload_change(description: AppSpec) -> list[Intervention]:
    """The app loaded before gunicorn forks, and frozen there: its workers share its pages."""
    command = description.command or ""
    options = (command, *description.environment.values())
    if not freeze_change(description) or not re.search(r"\bgunicorn\b", command):
        return []
    if any("--preload" in each for each in options):
        return []
    line = "gunicorn --preload, with gc.freeze() in the master before it forks (the hook pre_fork)"
    given = description.environment.get("GUNICORN_CMD_ARGS", "")
    environment = {"LAB_GC_FREEZE": "1", "GUNICORN_CMD_ARGS": f"{given} --preload".strip()}
    return [Intervention("preload", line, (), environment, lowers_level=True)]


def connection_change(description: AppSpec) -> list[Intervention]:
    """The other way to connect, which tells growth a connection from growth a request."""
    http = [request for request in description.requests if request.kind is RequestProtocol.HTTP]
    if not http:
        return []
    causes: Causes = (Cause.SOCKETS, Cause.DESCRIPTORS, Cause.KERNEL)
    if any(request.connection is Connection.KEEP_ALIVE for request in http):
        line = "no keep-alive: close each connection after its answer"
        return [Intervention("no-keep-alive", line, causes, connection=Connection.CLOSE)]
    line = "keep-alive: fewer connections"
    return [
        Intervention("keep-alive", line, causes, connection=Connection.KEEP_ALIVE, is_cure=False)
    ]


def server_changes(command: str) -> list[Intervention]:
    """Interventions by the server's own options."""
    chosen = []
    if re.search(r"\bgunicorn\b", command) and "--max-requests" not in command:
        options = "--max-requests 500 --max-requests-jitter 50"
        line = f"gunicorn {options} (ends each worker in time: a stop-gap)"
        environment = {"GUNICORN_CMD_ARGS": options}
        chosen.append(Intervention("max-requests", line, (), environment, stops=OF_A_WORKER))
    if threads := re.search(r"--threads[ =](\d+)", command):
        fewer = command[: threads.start(1)] + "1" + command[threads.end(1) :]
        only: Causes = (Cause.THREAD_ARENAS,)
        chosen.append(Intervention("one-thread", "--threads 1", only, command=fewer))
    if re.search(r"\buvicorn\b", command) and not re.search(r"--loop|\bgunicorn\b", command):
        both = (Cause.NATIVE, Cause.SOCKETS)
        line = "--loop asyncio"
        chosen.append(Intervention("asyncio-loop", line, both, command=f"{command} {line}"))
    return chosen
