"""The services of an app's own Compose file beside it in containers, other than servers."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.app.compose_records import Build, Companion
from lab.app.container_limits import MEMORY_BYTES, bare
from lab.app.services import ServiceTable, dollars
from lab.app.spec import AppSpec
from lab.app.workdir import COPY
from lab.engines.docker.app_services import companion_of
from lab.records.app_services import CompanionStart

IN_MEMORY = ("/tmp", "/run", "/var/run", "/var/tmp")
"""Folders in memory, where programs write what they need for themselves."""
HEALTH = {"interval": "1s", "timeout": "10s", "retries": 90}
"""How often a health check is asked: what waits for it waits as long as for a server."""


def companions(spec: AppSpec, variant: str, work: Path) -> dict[str, ServiceTable]:
    """The services beside one variant, by their names.

    Args:
        work: the run's folder, as the engine knows it.
    """
    folder = spec.folder.resolve()
    return {
        companion_of(variant, at): companion(each, at, folder, work)
        for at, each in enumerate(spec.companions, start=1)
    }


def companion(stated: Companion, number: int, folder: Path, work: Path) -> ServiceTable:
    """One service as its file says it, without rights: its files are the copy's, to be read."""
    words: dict[str, Any] = {
        name: [dollars(word) for word in line]
        for name, line in (("entrypoint", stated.entrypoint), ("command", stated.command))
        if line is not None
    }
    if stated.working_dir is not None:
        words["working_dir"] = stated.working_dir
    if stated.health:
        words["healthcheck"] = {"test": [dollars(word) for word in stated.health], **HEALTH}
    mounts = (
        f"{work}/{COPY}/{path.relative_to(folder).as_posix()}:{target}:ro"
        for target, path in stated.mounts.items()
    )
    in_memory = dict.fromkeys((*IN_MEMORY, *stated.in_memory))
    return {
        **bare(),
        **words,
        **({"user": stated.user} if stated.user else {}),
        "image": f"${{{image_variable(number)}}}",
        "environment": {"HOME": "/tmp", **{k: dollars(v) for k, v in stated.environment.items()}},
        "tmpfs": [f"{each}:size={MEMORY_BYTES},mode=1777,{owner(stated)}" for each in in_memory],
        "volumes": list(mounts),
    }


def owner(stated: Companion) -> str:
    """The owner of a folder in memory, as an option of its mount.

    A container that is started again finds the folder below it, and takes that one's rights.
    """
    if stated.user is None:
        return "uid=${LAB_UID:-1000},gid=${LAB_GID:-1000}"
    uid, _, gid = stated.user.partition(":")
    return f"uid={uid},gid={gid or 0}"


def starts(spec: AppSpec) -> tuple[CompanionStart, ...]:
    """How the engine starts each of an app's services, in their order."""
    return tuple(CompanionStart(each.name, each.port, each.ready_when) for each in spec.companions)


def image_variable(number: int) -> str:
    """The variable in which scripts/try names the image of one of them."""
    return f"LAB_COMPANION_{number}"


def companion_images(spec: AppSpec) -> Iterator[str]:
    """The lines that tell a shell how it comes to their images: a name, or a builder's words."""
    numbers = range(1, len(spec.companions) + 1)
    yield f"own_companions={shlex.quote(' '.join(map(str, numbers)))}"
    for number, each in zip(numbers, spec.companions, strict=True):
        build = shlex.join(build_words(each.build)) if each.build else ""
        yield f"own_companion_{number}_name={shlex.quote(each.name)}"
        yield f"own_companion_{number}_image={shlex.quote(each.image or '')}"
        yield f"own_companion_{number}_build={shlex.quote(build)}"


def build_words(build: Build) -> Iterator[str]:
    """The builder's options for a service's image, and its context."""
    yield from ("--file", str(build.dockerfile))
    for name, value in build.args.items():
        yield from ("--build-arg", f"{name}={value}")
    if build.target is not None:
        yield from ("--target", build.target)
    yield str(build.context)
