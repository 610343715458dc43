"""The variants of an own app, as services of a compose file that is written for one run.

Both engines read it as they read compose.yaml: a service is a variant, its labels are its axes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lab.app.interventions import applied
from lab.app.spec import AppSpec, RequestSpec
from lab.records.interventions import Intervention

SUITE = "try"
OWN = "own"
SERVERS = ("gunicorn", "uvicorn", "hypercorn", "waitress", "uwsgi", "aiohttp", "flask", "django")
CONTROL = "beside"
"""Behind the name of the app as it is, once more, at the side of the changes."""
TRACED_PART = 4
TRACED = "traced"
NATIVE = "memray"
"""Behind the names of the variants whose allocations are traced: Python's own, or all of them."""
FOLDER = "/lab/app"
"""Where an app lies in an image that the lab made; in one of its own it stays where it is."""

Service = dict[str, Any]


def base_name(description: AppSpec) -> str:
    return f"{OWN}-{description.name}"


def variant_name(description: AppSpec, change: Intervention | None) -> str:
    return base_name(description) + (f"-{change.name}" if change else "")


def control_name(description: AppSpec) -> str:
    return f"{base_name(description)}-{CONTROL}"


def traced_name(description: AppSpec) -> str:
    return f"{base_name(description)}-{TRACED}"


def native_name(description: AppSpec) -> str:
    return f"{base_name(description)}-{NATIVE}"


def image_name(description: AppSpec) -> str:
    """The lab's own image of the app; one that was named stays what it is."""
    return description.image or f"memlab-{base_name(description)}"


def services(
    description: AppSpec,
    changes: Sequence[Intervention],
    host_cpus: int | None,
    memray: str | None = None,
) -> dict[str, Service]:
    """The app as it is, then with each change, then traced.

    Args:
        memray: the folder of its packages where the app runs; None where there is none.
    """
    found = {base_name(description): service(description, host_cpus, gives_back(description))}
    if changes:
        found[control_name(description)] = exact(service(description, host_cpus, None))
    for change in changes:
        changed = applied(description, change)
        found[variant_name(description, change)] = exact(service(changed, host_cpus, None))
    if description.probes:
        shorter = service(traced(description), host_cpus, TRACED)
        found[traced_name(description)] = shorter
        if memray is not None:
            native = {**shorter["environment"], "LAB_MEMRAY": memray}
            found[native_name(description)] = {**shorter, "environment": native}
    return found


def exact(found: Service) -> Service:
    """Nothing is added to its load: side by side all get the same."""
    return {**found, "labels": {**found["labels"], "lab.exact": "yes"}}


def traced(description: AppSpec) -> AppSpec:
    """A part of the load in two blocks: tracing is slow, and lines need no verdict."""
    return replace(description, count=max(description.count // TRACED_PART, 2), blocks=2)


def gives_back(description: AppSpec) -> str | None:
    """What is free, or garbage, shows at the end: nobody needs a run of its own for it."""
    return "give-back" if description.probes else None


def service(description: AppSpec, host_cpus: int | None, scenario: str | None) -> Service:
    return {
        "image": image_name(description),
        "command": [dollars(word) for word in command_words(description)],
        "environment": {**environment(description), **shown(host_cpus)},
        "mem_limit": description.memory_bytes,
        "memswap_limit": description.memory_bytes,
        "labels": labels(description, host_cpus, scenario),
    }


def dollars(text: str) -> str:
    """A dollar that Compose leaves alone."""
    return text.replace("$", "$$")


def command_words(description: AppSpec) -> list[str]:
    """A shell, which knows $PORT; empty: what the image itself runs."""
    return ["sh", "-c", description.command] if description.command else []


def environment(description: AppSpec) -> dict[str, str]:
    """What the app is given; `${...}` are filled in by whoever starts it."""
    own = {name: dollars(value) for name, value in description.environment.items()}
    if description.workers > 1:
        # gunicorn and uvicorn take their number of workers from it, where the command names none.
        own = {"WEB_CONCURRENCY": str(description.workers), **own}
    place = {"PORT": "${LAB_PORT:-8000}", "HOST": "${LAB_HOST:-0.0.0.0}", "LAB_FOLDER": FOLDER}
    if description.has_own_image:
        place["LAB_FOLDER"] = "."
    if not description.probes:
        return {**own, **place, "LAB_PROBES": "0"}
    paths = ["${LAB_APPS_AT:-/lab/apps}/outside", own.get("PYTHONPATH", "")]
    if description.port is not None:
        place["LAB_LED_PORT"] = str(description.port)
    return {
        "PYTHONUNBUFFERED": "1",
        **own,
        **place,
        "PYTHONPATH": ":".join(filter(None, paths)),
        "LAB_PROBE_SOCKETS": "${LAB_SOCKETS_AT:-/lab/probes}",
    }


def shown(host_cpus: int | None) -> dict[str, str]:
    """CPUs that are shown, by which `images/entry` sets the limit of arenas."""
    return {} if host_cpus is None else {"HOST_CPUS": str(host_cpus)}


def labels(description: AppSpec, host_cpus: int | None, scenario: str | None) -> Mapping[str, str]:
    asked: RequestSpec = description.requests[0]
    found = {
        "suite": SUITE,
        "python": description.python,
        "stack": OWN,
        "framework": OWN,
        "server": server(description),
        "endpoint": OWN,
        "workload": OWN,
        "workers": str(description.workers),
        "host_cpus": "host" if host_cpus is None else str(host_cpus),
        "requests": str(description.count),
        "concurrency": str(description.concurrency),
        "connection": asked.connection.value,
        "blocks": str(description.blocks),
        **({"scenario": scenario} if scenario else {}),
    }
    return {f"lab.{name}": value for name, value in found.items()}


def server(description: AppSpec) -> str:
    """The server that the command names, for the report."""
    words = description.command or ""
    return next((name for name in SERVERS if name in words), OWN)
