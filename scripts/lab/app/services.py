"""The variants of a user app, as services of a compose file that is written for one run.

Both engines read it as they read compose.yaml: a service is a variant, its labels are its axes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from lab.app.container_folders import MOVED
from lab.app.container_layer import USER_PACKAGES, writable
from lab.app.interventions import applied
from lab.app.kinds_apart import each_alone
from lab.app.server_addresses import pointed
from lab.app.spec import AppSpec, RequestSpec
from lab.engines.protocol import SERVER_PORT
from lab.records.interventions import AGAIN, CONTROL, Intervention
from lab.records.suites import USER_APP_SUITE

OWN = "own"
SERVERS = ("gunicorn", "uvicorn", "hypercorn", "waitress", "uwsgi", "aiohttp", "flask", "django")
TRACED_PART = 4
TRACED = "traced"
NATIVE = "memray"
"""Suffixes of the variants whose allocations are traced: Python's own, or native ones as well."""
COMPLETED = "-completed"
"""Suffix of an app's own image with one more layer."""
HIGHER_LIMIT = 3
"""How many times the app's limit its repetition and its traced runs may use: tracing needs memory
of its own, and what meets a limit must be seen beyond it."""
FOLDER = "/lab/app"
"""The app's folder in an image that the lab built; in its own image the app stays where it is."""

BESIDE_MARK, BESIDE_AT = "\0beside\0", "${LAB_BESIDE_AT:-127.0.0.1}"
"""The address of the servers beside a variant, which its engine fills in."""
ServiceTable = dict[str, Any]


def base_name(description: AppSpec) -> str:
    return f"{OWN}-{description.name}"


def variant_name(description: AppSpec, change: Intervention | None) -> str:
    return base_name(description) + (f"-{change.name}" if change else "")


def control_name(description: AppSpec) -> str:
    return f"{base_name(description)}-{CONTROL}"


def again_name(description: AppSpec) -> str:
    return f"{base_name(description)}-{AGAIN}"


def traced_name(description: AppSpec) -> str:
    return f"{base_name(description)}-{TRACED}"


def native_name(description: AppSpec) -> str:
    return f"{base_name(description)}-{NATIVE}"


def image_name(description: AppSpec) -> str:
    """The image that its variants are made of: the named one, or one that the lab makes."""
    if description.is_completed:
        return f"memlab-{base_name(description)}{COMPLETED}"
    return source_image(description)


def source_image(description: AppSpec) -> str:
    """The image that is built or pulled first."""
    return description.image or f"memlab-{base_name(description)}"


def is_made_here(description: AppSpec) -> bool:
    """Whether the lab builds that image, from nothing or on another one."""
    return description.image is None or description.is_completed


def services(
    description: AppSpec,
    changes: Sequence[Intervention],
    host_cpus: int | None,
    memray: str | None = None,
) -> dict[str, ServiceTable]:
    """The services by name: the unchanged app, its repetition, control run, changes, traced runs.

    Args:
        memray: the folder of memray's packages where the app runs; None where there is none.
    """
    base = service(description, host_cpus, gives_back(description))
    variants = {
        base_name(description): base,
        again_name(description): exact(with_higher_limit(base)),
    }
    if changes:
        variants[control_name(description)] = exact(service(description, host_cpus, None))
    for change in changes:
        changed = applied(description, change)
        variants[variant_name(description, change)] = exact(service(changed, host_cpus, None))
    for alone in each_alone(description):
        apart = exact(service(alone.description, host_cpus, None))
        variants[f"{base_name(description)}-{alone.suffix}"] = apart
    if description.probes:
        shorter = with_higher_limit(service(with_traced_load(description), host_cpus, TRACED))
        variants[traced_name(description)] = shorter
        if memray is not None:
            native = {**shorter["environment"], "LAB_MEMRAY": memray}
            variants[native_name(description)] = {**shorter, "environment": native}
    return variants


def exact(unchanged: ServiceTable) -> ServiceTable:
    """The service with a fixed load, so that all variants of a comparison get the same."""
    return {**unchanged, "labels": {**unchanged["labels"], "lab.exact": "yes"}}


def release_service(unchanged: ServiceTable, image: str) -> ServiceTable:
    """The app as it is in another environment; its load is extended until it is decided."""
    kept = {name: value for name, value in unchanged["labels"].items() if name != "lab.scenario"}
    return {**unchanged, "image": image, "labels": kept}


def with_higher_limit(unchanged: ServiceTable) -> ServiceTable:
    """The service with a higher limit of memory."""
    limit = HIGHER_LIMIT * unchanged["mem_limit"]
    return {**unchanged, "mem_limit": limit, "memswap_limit": limit}


def with_traced_load(description: AppSpec) -> AppSpec:
    """The app with part of its load in two blocks: tracing is slow, and lines need no verdict."""
    return replace(description, count=max(description.count // TRACED_PART, 2), blocks=2)


def gives_back(description: AppSpec) -> str | None:
    """The scenario that shows garbage and free memory after the load, without a run of its own."""
    return "give-back" if description.probes else None


def service(description: AppSpec, host_cpus: int | None, scenario: str | None) -> ServiceTable:
    return {
        "image": image_name(description),
        "command": [dollars(word) for word in command_words(description)],
        **workdir_and_volumes(description),
        "environment": {**environment(description), **shown_cpus(host_cpus)},
        "mem_limit": description.memory_bytes,
        "memswap_limit": description.memory_bytes,
        "labels": labels(description, host_cpus, scenario),
    }


def workdir_and_volumes(description: AppSpec) -> ServiceTable:
    """The working directory of the app's command, and its own image's folders that it may write."""
    folder = description.working_dir
    if not description.is_completed:
        return {"working_dir": folder} if folder else {}
    if folder is None and description.image_facts.folder == MOVED:
        folder = MOVED
    volumes = {"volumes": list(writable(description))}
    return volumes | ({"working_dir": folder} if folder else {})


def dollars(text: str) -> str:
    """The text with each dollar escaped for Compose."""
    return text.replace("$", "$$")


def command_words(description: AppSpec) -> list[str]:
    """The command below a shell, which expands $PORT; empty for the image's own command."""
    return ["sh", "-c", description.command] if description.command else []


def environment(description: AppSpec) -> dict[str, str]:
    """The app's environment variables; the engine fills in each `${...}`."""
    # A mark that no value has takes the address through the escape of dollars.
    led = pointed(description.environment, description.services, BESIDE_MARK)
    own = {name: dollars(value).replace(BESIDE_MARK, BESIDE_AT) for name, value in led.items()}
    if description.workers > 1:
        # gunicorn and uvicorn read their number of workers here, where the command names none.
        own = {"WEB_CONCURRENCY": str(description.workers), **own}
    if description.secrets:
        own["LAB_SECRETS"] = dollars(secrets(description))
    port = f"${{LAB_PORT:-{container_port(description)}}}"
    endpoint = {"PORT": port, "HOST": "${LAB_HOST:-0.0.0.0}", "LAB_FOLDER": FOLDER}
    if description.has_own_image:
        endpoint["LAB_FOLDER"] = "."
    if description.is_completed:
        endpoint["PYTHONUSERBASE"] = USER_PACKAGES
    if not description.probes:
        return {**own, **endpoint, "LAB_PROBES": "0"}
    of_image = dollars(description.image_facts.python_path)
    paths = ["${LAB_APPS_AT:-/lab/apps}/outside", own.get("PYTHONPATH", of_image)]
    if description.port is not None:
        endpoint["LAB_LED_PORT"] = str(description.port)
    return {
        "PYTHONUNBUFFERED": "1",
        **own,
        **endpoint,
        "PYTHONPATH": ":".join(filter(None, paths)),
        "LAB_PROBE_SOCKETS": "${LAB_SOCKETS_AT:-/lab/probes}",
    }


def container_port(description: AppSpec) -> int:
    """The port that the app serves on in a container: one that nothing beside it has."""
    taken = {each.port for each in description.companions}
    return next(port for port in count(SERVER_PORT) if port not in taken)


def secrets(description: AppSpec) -> str:
    """A line for each name below /run/secrets, with its file in the app's folder."""
    folder = description.folder.resolve()
    pairs = ((name, file.relative_to(folder)) for name, file in description.secrets.items())
    return "\n".join(f"{name}={file.as_posix()}" for name, file in pairs)


def shown_cpus(host_cpus: int | None) -> dict[str, str]:
    """The number of CPUs that the app sees, from which `images/entry` limits glibc's arenas."""
    return {} if host_cpus is None else {"HOST_CPUS": str(host_cpus)}


def labels(description: AppSpec, host_cpus: int | None, scenario: str | None) -> Mapping[str, str]:
    first: RequestSpec = description.requests[0]
    axes = {
        "suite": USER_APP_SUITE,
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
        "connection": first.connection.value,
        "blocks": str(description.blocks),
        **({"scenario": scenario} if scenario else {}),
    }
    return {f"lab.{name}": value for name, value in axes.items()}


def server(description: AppSpec) -> str:
    """The server that the command names, for the report."""
    words = description.command or ""
    return next((name for name in SERVERS if name in words), OWN)
