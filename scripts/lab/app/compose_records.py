"""What an app's own Compose file says of a service and of what it needs: frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.records.app_services import ReadyWhen, ServiceAsked

IMAGE_NAME = r"[a-z0-9][\w./:@-]*"
"""An image's name: no option of the engine's client, nothing that a shell or Compose expands."""


@dataclass(frozen=True, slots=True)
class Build:
    """How a service's image is made."""

    context: Path
    dockerfile: Path
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mounts:
    """What a Compose file mounts into the measured service."""

    files: Mapping[str, Path] = field(default_factory=dict)
    """Files and folders of the app's by where they stand in its container."""
    folders: tuple[str, ...] = ()
    """Folders of its container in which the file has a volume; a throw-away stands there."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A service that the measured one depends on and that is not a server with a recipe."""

    name: str
    build: Build | None = None
    image: str | None = None
    entrypoint: tuple[str, ...] | None = None
    """None: the image's own entry point. The same holds for the command."""
    command: tuple[str, ...] | None = None
    working_dir: str | None = None
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, Path] = field(default_factory=dict)
    """Files and folders of the app's by where they stand in its container."""
    in_memory: tuple[str, ...] = ()
    """Folders of its container in which the file has a volume."""
    port: int | None = None
    ready_when: ReadyWhen = ReadyWhen.STARTED
    health: tuple[str, ...] = ()
    """The command that tells whether it is healthy, as Compose writes it."""


@dataclass(frozen=True, slots=True)
class ComposeService:
    """What a Compose file says of a service."""

    build: Build | None = None
    image: str | None = None
    command: str | None = None
    is_after_entry: bool = False
    """Whether the image's entry point comes before that command."""
    port: int | None = None
    working_dir: str | None = None
    mounts: Mounts = field(default_factory=Mounts)
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    servers: tuple[ServiceAsked, ...] = ()
    companions: tuple[Companion, ...] = ()
    """The others that it depends on, each after what it needs itself."""
    left_out: tuple[str, ...] = ()
    """What the file says besides that is not taken, each with why."""
