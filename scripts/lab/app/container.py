"""A user app in containers: its image's recipe, and how each of its services is hardened."""

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.app.described import RECORD
from lab.app.requirements import flattened, is_local
from lab.app.services import FOLDER, ServiceTable
from lab.app.spec import AppSpec
from lab.app.workdir import COMPOSE_NAME, COPY, JEMALLOC, MIMALLOC
from lab.engines.old_builds import REFUSED, TOOLS, own_tools
from lab.engines.process.supervisor import MOST_WRITTEN_FILE_BYTES
from lab.paths import MEMRAY_LOCK
from lab.units import MIB

REQUIREMENTS, CONSTRAINTS = "requirements.txt", "constraints.txt"
INDEX = "index.txt"
"""The line with the index of the packages, which scripts/try writes: it may hold a password."""
RECIPE = "Dockerfile"
MOST_RECIPE_BYTES = MIB
"""The largest recipe of an app's own that is read."""
LOGS, SOCKETS, HOMES, GUESS = "logs", "probes", "homes", "guess"
LOGGING = {"driver": "json-file", "options": {"max-size": "5m", "max-file": "2"}}
"""How much the engine keeps of what a service prints, as in compose.yaml."""
NO_DNS, DNS_OPTIONS = ["127.0.0.1"], ["timeout:1", "attempts:2"]
"""Where names that no service has are looked up, as in compose.yaml: nobody answers there."""
MEMRAY = "/lab/memray"
"""Folder of memray's packages, where there is a wheel for the app's Python; not on its path."""
JEMALLOC_LINK, MIMALLOC_LINK = f"/usr/lib/{JEMALLOC}", f"/usr/lib/{MIMALLOC}"
"""The same paths on every architecture; the recipe makes them where Debian has the packages."""
INSTALL = (
    "apt-get update -qq && DEBIAN_FRONTEND=noninteractive "
    "apt-get install -y -qq --no-install-recommends"
)
INSTALLER = "-m pip install --no-cache-dir --disable-pip-version-check --no-warn-script-location"
PIP = f"PIP_ROOT_USER_ACTION=ignore python3 {INSTALLER}"
PIP_LOG = "/tmp/pip.log"
OPENED = f"chmod -R a+rwX {FOLDER}"
AS_WHO_SERVES = "exec setpriv --reuid=1000 --regid=1000 --clear-groups env HOME=/"
"""What runs a command as a user without a name, in one step with what root does before it."""
TIDY = "rm -rf /var/lib/apt/lists/* /var/cache/apt/*"


BASE_LABELS = (
    "ARG BASE_KIND=official BASE_REFERENCE=",
    'LABEL memlab=image memlab.base.kind="${BASE_KIND}" memlab.base.reference="${BASE_REFERENCE}"',
)
"""What a run's raw files tell of the image's base, as in images/variant.Dockerfile."""


def recipe(description: AppSpec, copy: str = COPY, needs: str = "") -> str:
    """The Dockerfile of an app that is described by Python and requirements.

    Args:
        copy: the app's folder in the builder's context.
        needs: the folder of its requirements there, with a slash behind; empty: at the top.
    """
    packages = " ".join(description.system_packages)
    system = [f"RUN {INSTALL} {packages} && {TIDY}"] if packages else []
    sources = [
        *system,
        *own_tools(description.python),
        f"COPY {needs}{REQUIREMENTS} {needs}{CONSTRAINTS} /lab/",
        *([f"COPY {copy} {FOLDER}"] if is_local(description) else []),
    ]
    has_index = description.index_url is not None
    lines = [
        "ARG PYTHON_IMAGE",
        *(from_index(sources) if has_index else []),
        "FROM ${PYTHON_IMAGE}",
        *BASE_LABELS,
        # Before all that is the app's own, so that each app of one Python finds it built.
        f"COPY {needs}{MEMRAY_LOCK.name} /lab/",
        f"RUN ({INSTALL} libjemalloc2 && ln -s /usr/lib/*/{JEMALLOC} {JEMALLOC_LINK});"
        f" ({INSTALL} libmimalloc2.0 && ln -s /usr/lib/*/{MIMALLOC}.0 {MIMALLOC_LINK});"
        f" {TIDY}; {PIP} --quiet --only-binary :all: --target {MEMRAY} --require-hashes"
        f" -r /lab/{MEMRAY_LOCK.name} || true",
        *sources,
        "COPY --from=packages /usr/local /usr/local" if has_index else pip_install(),
        f"COPY --chown=1000:1000 {copy} {FOLDER}",
        *completing_step(description),
        *preparing_step(description),
        # Its service names the user: after each instruction, USER too, all files are compared.
        f"RUN {OPENED}",
    ]
    return "\n".join(lines) + "\n"


def pip_install(*before: str) -> str:
    """The step that installs the requirements; what today's tools refuse, with older ones."""
    line = " ".join((PIP, *before, f"-r /lab/{REQUIREMENTS} -c /lab/{CONSTRAINTS}"))
    tools = shlex.quote("\\n".join((*TOOLS, "")))
    with_tools = (
        f"grep -Eq {shlex.quote(REFUSED)} {PIP_LOG} && printf {tools} > /lab/tools.txt &&"
        f" PIP_CONSTRAINT=/lab/tools.txt PIP_BUILD_CONSTRAINT=/lab/tools.txt {line}"
    )
    return (
        f"RUN {line} > {PIP_LOG} 2>&1; code=$?; cat {PIP_LOG};"
        f" [ $code = 0 ] || {{ {with_tools}; }} && rm -f {PIP_LOG}"
    )


def from_index(sources: list[str]) -> list[str]:
    """The lines of a build stage for the packages of an index, whose password reaches no image."""
    return [
        "FROM ${PYTHON_IMAGE} AS packages",
        "LABEL memlab=image",
        *sources,
        f"COPY {INDEX} /lab/",
        pip_install(f"-r /lab/{INDEX}"),
    ]


def completing_step(description: AppSpec) -> list[str]:
    """The step that completes its environment, in its folder."""
    if description.install is None:
        return []
    return [step(description.install)]


def preparing_step(description: AppSpec) -> list[str]:
    """The step that makes its data ready, as the user who serves, in the app's own environment."""
    if description.prepare is None or not description.stands_alone:
        return []  # what needs its servers runs beside them
    variables = shlex.join(f"{name}={each}" for name, each in description.environment.items())
    # Folders that were there for the installer stay root's when the copy comes over them.
    opened = OPENED + " && " if is_local(description) else ""
    return [step(f"{opened}{AS_WHO_SERVES} {variables} sh -c {shlex.quote(description.prepare)}")]


def step(line: str) -> str:
    """The step that runs a line of the shell in the app's folder; a WORKDIR would be one more."""
    return f"RUN {json.dumps(['sh', '-c', f'cd {FOLDER} || exit; {line}'])}"


def requirements_texts(description: AppSpec) -> tuple[str, str]:
    """The requirements and their constraints, without a name of another file."""
    return flattened(description, FOLDER)


def hardened(
    service: ServiceTable, name: str, work: Path, root: Path, cpus: int | None
) -> ServiceTable:
    """The service with the limits of compose.yaml's variants, and the lab's files mounted into it.

    Args:
        work: the run's folder, as the engine knows it.
        root: the repository, as the engine knows it.
        cpus: how many the app sees; None for the host's own.
    """
    own = {"LAB_LIFECYCLE": "driver", "HOME": "/lab/home"}
    return {
        **service,
        "environment": {**own, **service["environment"]},
        "entrypoint": ["/lab/entry"],
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "tmpfs": ["/tmp:size=64m"],
        "ulimits": {"fsize": MOST_WRITTEN_FILE_BYTES},
        "networks": ["lab"],
        "dns": NO_DNS,
        "dns_opt": DNS_OPTIONS,
        "user": "${LAB_UID:-1000}:${LAB_GID:-1000}",
        "logging": LOGGING,
        "pids_limit": 2048,
        "stop_grace_period": "2s",
        "volumes": list(volumes(service, name, work, root, cpus)),
    }


def volumes(
    service: ServiceTable, name: str, work: Path, root: Path, cpus: int | None
) -> Iterator[str]:
    """What a variant sees of the lab and of its app, and the folders that it alone writes to."""
    environment: Mapping[str, str] = service["environment"]
    yield f"{root}/images/entry:/lab/entry:ro"
    yield f"{work}/{LOGS}/{name}:/var/log/lab"
    yield f"{work}/{HOMES}/{name}:/lab/home"
    yield from service.get("volumes", ())
    if environment.get("LAB_FOLDER") == FOLDER:
        yield FOLDER  # a copy of the image's own that can be written, one a container
    if cpus is not None:
        yield f"{root}/images/cpus/{cpus}:/sys/devices/system/cpu/online:ro"
    if "LAB_SECRETS" in environment:
        yield from secret_volumes(environment["LAB_SECRETS"], work)
    if "LAB_PROBE_SOCKETS" in environment:
        yield f"{root}/apps:/lab/apps:ro"
        yield f"{work}/{SOCKETS}/{name}:/lab/probes"


def secret_volumes(secrets: str, work: Path) -> list[str]:
    """The mounts of files of the app's copy below /run/secrets."""
    pairs = (line.partition("=") for line in secrets.replace("$$", "$").splitlines())
    return [f"{work}/{COPY}/{file}:/run/secrets/{name}:ro" for name, _, file in pairs]


def driver(description: AppSpec, work: Path) -> Mapping[str, Any]:
    """What the driver's service has in addition to compose.yaml's."""
    return {
        "command": ["try"],
        "volumes": [
            f"{work}/{COMPOSE_NAME}:/lab/compose.yaml:ro",
            f"{work}/{COPY}:{description.folder}:ro",
            f"{work}/{LOGS}:/var/log/lab:ro",
            f"{work}/{SOCKETS}:/lab/probes",
            f"{work}/{HOMES}:/lab/homes:ro",
            f"{work}/{GUESS}:/lab/guess",
            f"{work}/{RECORD}:/lab/{RECORD}:ro",
        ],
        "environment": {
            "APP": str(description.file),
            "CHECK": "${CHECK:-}",
            "LAB_DESCRIBED": f"/lab/{RECORD}",
            "LAB_JEMALLOC": "${LAB_JEMALLOC:-}",
            "LAB_RERUN": "${LAB_RERUN:-}",
            "OFFLINE": "${OFFLINE:-0}",
            "LAB_MIMALLOC": "${LAB_MIMALLOC:-}",
            "HOST_CPUS": "${HOST_CPUS:-host}",
        },
    }
