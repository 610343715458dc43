"""Containers that are found, started and stopped, against a client that no engine answers."""

from pathlib import Path
from typing import Any

import pytest
from builders import raw
from docker.errors import DockerException, NotFound
from lab.engines.docker.app_services import ServicesBeside, VariantServices
from lab.engines.docker.engine import AppFolders, DockerEngine, Lifecycle
from lab.engines.protocol import ServerFailed
from lab.engines.written_files import WriteLimits
from lab.errors import VariantError
from lab.records.app_services import ServiceAsked, ServiceKind
from support.polling import wait_until


class Inspected:
    """A client that knows containers by one of their two names, and counts the questions."""

    def __init__(self, container: str) -> None:
        self.container = container
        self.asked: list[str] = []

    def inspect_container(self, name: str) -> dict[str, Any]:
        self.asked.append(name)
        if name != self.container:
            raise NotFound("no such container")
        return {"Name": f"/{name}"}


def test_a_name_that_was_found_is_not_looked_for_again() -> None:
    client: Any = Inspected("lab_py37-flask_1")
    engine = DockerEngine(client, "lab", Lifecycle.DRIVER, Path("/nowhere"))
    variant = raw.variant("py37-flask")
    engine.inspect(variant)
    engine.inspect(variant)

    assert engine.name(variant.name) == "lab_py37-flask_1"
    assert client.asked == ["lab-py37-flask-1", "lab_py37-flask_1", "lab_py37-flask_1"]


class Started(Inspected):
    """A container that runs until it is stopped."""

    def __init__(self, container: str) -> None:
        super().__init__(container)
        self.stopped: list[str] = []

    def inspect_container(self, name: str) -> dict[str, Any]:
        state = {"Running": False, "ExitCode": 137 * bool(self.stopped)}
        inspected = super().inspect_container(name)
        return {
            **inspected,
            "State": state,
            "Config": {"Labels": {}, "Hostname": "h"},
            "Image": "i",
        }

    def start(self, _: str) -> None:
        """As the engine does."""

    def stop(self, name: str, timeout: int) -> None:
        self.stopped.append(name)


def test_an_app_that_writes_too_much_is_stopped_and_its_state_says_why(tmp_path: Path) -> None:
    variant, client = raw.variant("own-app"), Started("lab-own-app-1")
    homes, logs, sockets = (tmp_path / name for name in ("homes", "logs", "probes"))
    for folder in (homes, logs, sockets):
        (folder / variant.name).mkdir(parents=True)
    engine = DockerEngine(
        client,  # type: ignore[arg-type]
        "lab",
        Lifecycle.DRIVER,
        logs,
        AppFolders(sockets, homes, logs, has_probes=True),
        WriteLimits(most_bytes=1 << 20, least_free_bytes=0, pace_seconds=0.001),
    )
    assert engine.start(variant).sockets == sockets / variant.name
    (homes / "another").mkdir()
    (homes / "another" / "x").write_bytes(bytes(4 << 20))
    (homes / variant.name / "x").write_bytes(bytes(2 << 20))

    assert wait_until(lambda: client.stopped, step_seconds=0.002)
    assert client.stopped == ["lab-own-app-1"]
    state = engine.state(variant)
    assert state.reason.startswith("the lab ended it: ")
    assert " 2.00 MiB in 1 file" in state.reason
    assert (state.running, state.at_limit) == (False, False)
    engine.stop(variant)


class Halting(Started):
    """Knows all containers but one, and stops none of those that are named."""

    def __init__(self, missing: str, unstoppable: tuple[str, ...]) -> None:
        super().__init__(missing)
        self.missing, self.unstoppable = missing, unstoppable

    def inspect_container(self, name: str) -> dict[str, Any]:
        self.container = "nowhere" if self.missing in name else name
        inspected = super().inspect_container(name)
        shared = {"HostConfig": {"NetworkMode": "container:network"}}
        return {**inspected, **shared, "State": {"Running": False, "ExitCode": 3}}

    def stop(self, name: str, timeout: int) -> None:
        super().stop(name, timeout)
        if name.endswith(self.unstoppable):
            raise DockerException("it stands still")


def halting(tmp_path: Path, missing: str, *unstoppable: str) -> tuple[DockerEngine, Halting]:
    servers = (ServiceAsked(ServiceKind.REDIS), ServiceAsked(ServiceKind.POSTGRES))
    services = VariantServices(ServicesBeside(servers), tmp_path, lambda *_: False)
    folders = AppFolders(tmp_path, tmp_path, tmp_path, has_probes=False, beside=services)
    client = Halting(missing, unstoppable)
    engine = DockerEngine(client, "lab", Lifecycle.DRIVER, tmp_path, folders)  # type: ignore[arg-type]
    return engine, client


@pytest.mark.parametrize("still", ["own-a-1", "own-a-with-postgres-1"])
def test_one_that_cannot_be_stopped_keeps_no_other_from_it(tmp_path: Path, still: str) -> None:
    engine, client = halting(tmp_path, "own-a-with-redis", still)

    with pytest.raises(VariantError, match=f"{still[:-2]} cannot be stopped: it stands still"):
        engine.stop(raw.variant("own-a"))
    assert client.stopped == [
        "lab-own-a-1",
        "lab-own-a-with-postgres-1",
        "lab-own-a-with-network-1",
    ]


def test_nothing_is_to_be_stopped_of_what_was_never_created(tmp_path: Path) -> None:
    engine, client = halting(tmp_path, "own-a")
    engine.stop(raw.variant("own-a"))

    assert client.stopped == []


def test_why_a_server_does_not_start_is_told_though_it_cannot_be_stopped(tmp_path: Path) -> None:
    engine, client = halting(tmp_path, "nothing", "own-a-with-redis-1")

    with pytest.raises(ServerFailed, match="its redis does not start: it said nothing"):
        engine.start(raw.variant("own-a"))
    assert client.stopped[-1] == "lab-own-a-with-network-1"


def test_the_log_of_an_app_stands_in_a_folder_of_its_variant(tmp_path: Path) -> None:
    variant, client = raw.variant("own-app"), Started("lab-own-app-1")
    (tmp_path / variant.name).mkdir()
    (tmp_path / variant.name / "h.log").write_text("its own\n")
    (tmp_path / "h.log").write_text("another's\n")
    app_folders = AppFolders(tmp_path, tmp_path, tmp_path, has_probes=False)
    engine = DockerEngine(client, "lab", Lifecycle.DRIVER, tmp_path, app_folders)  # type: ignore[arg-type]

    assert engine.log_tail(variant) == ("its own",)
