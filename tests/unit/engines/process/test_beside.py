"""Servers beside the variants of a user app, as far as they need no program of a server."""

import os
import subprocess
from pathlib import Path

import pytest
from lab.engines.process import beside, debian, servers
from lab.engines.process.beside import NoServer, Template, address_of, made, running, started
from lab.engines.process.debian import Programs
from lab.engines.process.process_group import end_supervisor
from lab.errors import LabError
from lab.records.beside import ServiceAsked, ServiceKind

REDIS = ServiceAsked(ServiceKind.REDIS, hosts=("cache",))
SERVE = """\
import socket, sys, time
listening = socket.create_server((sys.argv[1], int(sys.argv[2])))
open("seen", "a").write("x")
time.sleep(60)
"""
HERE = Programs(("/usr/bin",))


def serve(asked: ServiceAsked, _: Programs, folder: Path, address: str) -> list[str]:
    line = f"cd {folder} && exec python3 -c '{SERVE}' {address} {asked.port}"
    return ["sh", "-c", line]


@pytest.fixture
def _serves(monkeypatch: pytest.MonkeyPatch) -> None:
    server = servers.Server(("sh",), (), servers.make_nothing, serve)
    monkeypatch.setattr(beside, "SERVERS", {ServiceKind.REDIS: server})


def template(tmp_path: Path) -> Template:
    return made((REDIS,), tmp_path / "made", tmp_path / "cache", print)


def test_each_variant_has_an_address_of_its_own() -> None:
    assert address_of(18870) == "127.90.73.182"
    assert address_of(18871) != address_of(18870)


@pytest.mark.usefixtures("_serves")
def test_a_copy_serves_at_its_address_and_leaves_the_first_data_alone(tmp_path: Path) -> None:
    first, work = template(tmp_path), tmp_path / "work"
    work.mkdir()
    found = started(first, work, address_of(20001))
    try:
        assert beside.accepts(found.address, 6379)
        assert found.environment["LAB_BESIDE_NAMES"].split(",")[0] == "cache"
        assert (work / "beside" / "hosts").read_text().startswith("127.90.78.33 localhost cache ")
    finally:
        for each in found.supervisors:
            end_supervisor(each)
    assert not (first.folder / "redis" / "seen").exists()


@pytest.mark.usefixtures("_serves")
def test_what_prepares_data_writes_into_the_first_data(tmp_path: Path) -> None:
    folder = tmp_path / "beside"
    first = made((REDIS,), folder, tmp_path / "cache", print)
    with running(first, address_of(20002)) as found:
        (process,) = found.supervisors
    assert process.poll() is not None
    assert (folder / "redis").is_dir()


@pytest.mark.usefixtures("_serves")
def test_one_that_ends_is_told_with_its_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = template(tmp_path)
    ends = servers.Server(
        ("sh",), (), servers.make_nothing, lambda *_: ["sh", "-c", "echo boom; exit 1"]
    )
    monkeypatch.setattr(beside, "SERVERS", {ServiceKind.REDIS: ends})
    (tmp_path / "work").mkdir()
    with pytest.raises(NoServer, match="its redis does not start: boom"):
        started(first, tmp_path / "work", address_of(20003))


def test_one_that_cannot_be_had_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(NoServer, match=r"this machine has none: install it \(Debian") as no:
        made((ServiceAsked(ServiceKind.RABBITMQ),), tmp_path / "made", tmp_path, print)
    assert "rabbitmq" in str(no.value)


def test_packages_are_unpacked_and_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "'http://deb.example/redis.deb' redis-server_7_amd64.deb 1 SHA256:0\n"
    called: list[tuple[str, ...]] = []

    def output(*words: str, folder: Path | None = None) -> str:
        called.append(words[:2])
        if words[0] == "dpkg-deb":
            program = Path(words[3]) / "usr/bin/redis-server"
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text("#!/bin/sh\n")
            program.chmod(0o755)
        elif folder is not None:
            (folder / "redis-server_7_amd64.deb").touch()
        return said

    monkeypatch.setattr(debian, "output", output)
    monkeypatch.setattr(debian.shutil, "which", lambda name, path=None: path or name)
    debian.unpack(tmp_path, ("redis-server",))
    assert called == [("apt-get", "install"), ("apt-get", "download"), ("dpkg-deb", "-x")]
    found = debian.unpacked(tmp_path, ("redis-server",))
    assert found is not None
    assert found.folders == (str(tmp_path / "redis-server/usr/bin"),)
    assert "LD_LIBRARY_PATH" in found.environment()


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(LabError, match="sh failed: no"):
        debian.output("sh", "-c", "echo no >&2; exit 1")


def test_names_that_are_none_of_a_role_are_left_out() -> None:
    assert servers.plain(("shop", 'a"; DROP', "x"), "root") == ["shop", "x", "root"]


def test_the_names_lead_a_command_below_a_mount_namespace(tmp_path: Path) -> None:
    hosts = beside.hosts_file((REDIS,), "127.90.1.2", tmp_path)
    prefix = beside.prefix_for(hosts)
    if not prefix:
        pytest.skip("NO MOUNT NAMESPACE CAN BE MADE HERE")
    done = subprocess.run(
        [*prefix, "cat", "/etc/hosts"], capture_output=True, text=True, env=os.environ, check=True
    )
    assert done.stdout == hosts.read_text()
