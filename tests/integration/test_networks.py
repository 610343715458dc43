"""What a variant's network reaches: the driver, its siblings, and neither gate nor host nor DNS."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from support.lab_commands import END_SECONDS, ROOT, Lab, composes, docker
from support.shell_scripts import sourced

pytestmark = pytest.mark.engine

SERVICES = ("gate", "driver", "py310-flask")
TRY = """
import json, socket, sys, threading
def connects(host, port):
    try:
        socket.create_connection((host, port), timeout=3).close()
        return "connected"
    except OSError as error:
        return type(error).__name__ + ": " + str(error)
asked = []
def name_server():
    while True:
        asked.append(server.recvfrom(512)[0])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=name_server, daemon=True).start()
    outside = connects("canary.example", 80)
    endpoints = [(host, int(port)) for host, port in (word.split(":") for word in sys.argv[1:])]
    found = {f"{host}:{port}": connects(host, port) for host, port in endpoints}
    print(json.dumps({"outside": outside, "here": any(b"canary" in q for q in asked), **found}))
"""


def compose(lab: Lab, *words: str) -> None:
    subprocess.run(
        [*composes()[-1].split(), *words],
        cwd=ROOT,
        env={**lab.env(), "LAB_TAG": sourced(ROOT, "echo $LAB_TAG")},
        capture_output=True,
        check=True,
        timeout=END_SECONDS,
    )


@pytest.fixture
def up(lab: Lab) -> Iterator[Lab]:
    compose(lab, "up", "--no-start", "--no-build", *SERVICES)
    for service in ("gate", "py310-flask"):
        docker("start", docker("ps", "-aq", *of_service(lab, service)))
    yield lab
    compose(lab, "down", "--volumes", "--timeout", "1")


def of_service(lab: Lab, service: str) -> list[str]:
    return [
        f"--filter=label=com.docker.compose.project={lab.project}",
        f"--filter=label=com.docker.compose.service={service}",
    ]


def network(lab: Lab, name: str) -> dict[str, Any]:
    (found,) = json.loads(docker("network", "inspect", f"{lab.project}_{name}"))
    return dict(found)


def addresses(lab: Lab, name: str) -> dict[str, str]:
    """The address of each service in a network."""
    found = network(lab, name)["Containers"].values()
    return {each["Name"]: each["IPv4Address"].partition("/")[0] for each in found}


def tried(lab: Lab, *endpoints: str) -> dict[str, Any]:
    """What happens from a container in the apps' network that connects to each endpoint."""
    image = f"memlab-driver{sourced(ROOT, 'echo $LAB_TAG')}"
    printed = docker(
        "run", "--rm", "--network", f"{lab.project}_lab", "--dns", "127.0.0.1", "--entrypoint",
        "python3", image, "-c", TRY, *endpoints,
    )  # fmt: skip
    return dict(json.loads(printed))


def test_a_variant_reaches_its_siblings_and_nothing_else(up: Lab) -> None:
    gate = next(iter(addresses(up, "engine").values()))
    gateways = [
        each["Gateway"]
        for name in ("lab", "engine")
        for each in network(up, name)["IPAM"]["Config"]
    ]
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        port = listener.getsockname()[1]
        host = [f"{gateway}:{port}" for gateway in gateways]
        attempt = tried(up, "py310-flask:8000", "gate:2375", f"{gate}:2375", *host)

    assert attempt.pop("py310-flask:8000") == "connected"
    assert attempt.pop("here") is True
    assert "connected" not in attempt.values(), attempt
