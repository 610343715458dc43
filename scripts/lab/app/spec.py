"""What lab.toml says of an app: frozen records."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from lab.app.compose_records import Build, Companion, Mounts
from lab.records.app_services import ServiceAsked
from lab.records.image_facts import ImageFacts
from lab.records.judgement import LEAST_BLOCKS
from lab.records.variant import Connection
from lab.units import GIB

FILE = "lab.toml"
PYTHON = "3.12"
"""Where an app, or the tag of its base image, names none."""


class RequestProtocol(StrEnum):
    """The protocol of a request."""

    HTTP = "http"
    TCP = "tcp"
    """Connect and close without a word."""
    WEBSOCKET = "websocket"
    """Open, say, listen, close."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One field of a form: a text, or a file of the app's folder."""

    name: str
    text: str = ""
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """One kind of request of an app's load."""

    kind: RequestProtocol = RequestProtocol.HTTP
    method: str = "GET"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    body_file: Path | None = None
    multipart: tuple[Upload, ...] = ()
    expect: tuple[int, ...] = ()
    """Statuses that count as served; none: any 2xx."""
    weight: int = 1
    connection: Connection = Connection.CLOSE
    read_seconds: float | None = None
    """How long each answer is read before the client hangs up; None: to its end."""
    abandon: float = 0.0
    """The share of the requests whose client goes away before it is answered."""
    say: tuple[str, ...] = ()
    """The texts that a client says over a websocket."""
    listen: int | None = None
    """The messages that it waits for; None: one for each text."""


@dataclass(frozen=True, slots=True)
class LoginSpec:
    """The request before the load, whose answer lets the clients in."""

    request: RequestSpec
    token: str | None = None
    """The keys that lead to the token in the answer's JSON, between dots, or the name of a form's
    field or of a cookie; None: a cookie lets in."""
    form: str | None = None
    """The path of the page that is asked before it, whose hidden fields go along."""


@dataclass(frozen=True, slots=True)
class AppSpec:
    """An app, as its lab.toml describes it."""

    file: Path
    """The path of its lab.toml, for messages."""
    name: str
    """The folder's name in letters, digits and dashes."""
    python: str = PYTHON
    requirements: tuple[str, ...] = ()
    requirements_file: Path | None = None
    index_url: str | None = None
    """The index of packages; `${NAME}` stands for a variable of the person who runs the lab."""
    install: str | None = None
    """A shell's line that completes the environment after the requirements."""
    command: str | None = None
    """A shell's line; None: what the image itself runs."""
    local_command: str | None = None
    """What serves without Docker, where the image's own command does not."""
    prepare: str | None = None
    """A shell's line that makes the app's data ready, once, in its copy."""
    port: int | None = None
    """The port that the app listens on whatever it is told; led to $PORT inside its processes."""
    ready_seconds: float = 60.0
    services: tuple[ServiceAsked, ...] = ()
    """The servers beside it, with throw-away data."""
    companions: tuple[Companion, ...] = ()
    """What else its Compose file starts before it, each after what it needs itself."""
    allow_hosts: tuple[str, ...] = ()
    """Hosts of others that its environment may name as a database's."""
    image: str | None = None
    dockerfile: Path | None = None
    build: Build | None = None
    """How the image of its dockerfile is made, where its Compose file says more."""
    working_dir: str | None = None
    """Where its image's command runs, where its Compose file says another folder."""
    is_after_entry: bool = False
    """Whether its image's entry point comes before its command, as Compose runs it."""
    mounts: Mounts = field(default_factory=Mounts)
    """What its Compose file mounts into its image."""
    image_facts: ImageFacts = field(default_factory=ImageFacts)
    """What the engine reports of its image, once that is there."""
    left_out: tuple[str, ...] = ()
    """What of its Compose file is not taken, each with why."""
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    """Files of the folder by their names below /run/secrets."""
    workers: int = 1
    memory_bytes: int = GIB
    system_packages: tuple[str, ...] = ()
    health: str = "/"
    probes: bool = True
    warmup: int = 50
    count: int = 4000
    concurrency: int = 8
    blocks: int = LEAST_BLOCKS
    matters_bytes: int | None = None
    """Bytes a request that matter; None: as the settings say."""
    requests: tuple[RequestSpec, ...] = (RequestSpec(),)
    login: LoginSpec | None = None
    cookies: bool = False
    """Whether each client keeps the cookies that answers set."""
    think_seconds: float = 0.0
    """The pause of each client between its requests."""
    traffic: str | None = None
    """What was read of the requests that people really send; None: no file of them is named."""
    bundle_exclude: tuple[str, ...] = ()
    """Names and globs of what stays out of a bundle."""

    @property
    def folder(self) -> Path:
        return self.file.parent

    @property
    def has_own_image(self) -> bool:
        """Whether it brings its interpreter with it, which only containers can run."""
        return self.image is not None or self.dockerfile is not None

    def without_docker(self) -> "AppSpec":
        """The app on this machine's Python, where the description says how to run it there."""
        command = self.local_command or self.command
        if self.dockerfile is None or command is None or not self.has_needs:
            return replace(self, command=command)
        return replace(self, dockerfile=None, build=None, command=command)

    @property
    def is_completed(self) -> bool:
        """Whether its image gets one more layer: its own is its own user's, and what is only named
        is taken as it is, but for what is mounted into it or makes its data ready.
        """
        is_mounted = bool(self.mounts.files or self.mounts.folders)
        has_more = is_mounted or (self.prepare is not None and self.stands_alone)
        return self.dockerfile is not None or (self.image is not None and has_more)

    @property
    def stands_alone(self) -> bool:
        """Whether neither a server nor another service is started beside it."""
        return not self.services and not self.companions

    @property
    def has_needs(self) -> bool:
        """Whether it says what must be installed, or how it is served, without its image."""
        needs = self.requirements or self.requirements_file is not None
        return bool(needs or self.local_command)
