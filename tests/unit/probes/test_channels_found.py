"""Where a probe is asked: at sockets alone, and at a port of a host that has an address."""

import os
from pathlib import Path

from lab.engines.protocol import Endpoint
from lab.probes.channels import PortChannel, socket_paths


def test_only_sockets_are_asked(tmp_path: Path) -> None:
    (tmp_path / "1.sock").write_text("")
    (tmp_path / "2.sock").symlink_to("/run/other.sock")
    os.mkfifo(tmp_path / "3.sock")
    (tmp_path / "4.sock").mkdir()

    assert socket_paths(tmp_path) == []
    assert socket_paths(tmp_path / "gone") == []


def test_a_host_that_cannot_be_resolved_is_a_gap() -> None:
    channel = PortChannel(Endpoint("no-such-host.invalid", 1, 1), 1)

    assert not channel.server_answers()
    assert list(channel.answers("/_lab/worker")) == []
