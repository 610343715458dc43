"""What else comes into an app from outside: led ports and clients, secrets, frozen objects."""

import json
import os
import platform
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from lab.engines.process.ports import Ports
from support.paths import ROOT

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize("module", ["os", "pytest"])
def test_a_traced_file_is_told_without_this_machines_folders(module: str) -> None:
    program = f"import {module}, lines; print(lines.shown({module}.__file__))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "apps")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("/lib/python3.")


def test_a_port_that_is_fixed_is_led_to_the_labs(sockets: Path) -> None:
    program = """
        fixed = socket.socket()
        fixed.bind(("0.0.0.0", 8899))
        six = socket.socket(socket.AF_INET6)
        six.bind(("::", 8899))
        other = socket.socket()
        other.bind(("127.0.0.2", 0))
        print(fixed.getsockname(), six.getsockname()[:2], other.getsockname()[0])
    """
    port = Ports().take(1)
    done = subprocess.run(
        [sys.executable, "-c", "import socket" + textwrap.dedent(program)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "apps" / "outside"),
            "LAB_LED_PORT": "8899",
            "HOST": "127.0.0.1",
            "PORT": str(port),
        },
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stdout.strip() == f"('127.0.0.1', {port}) ('::1', {port}) 127.0.0.2"


LED = """
import socket
with socket.create_server(("127.90.1.9", 0)) as server:
    port = server.getsockname()[1]
    import sitecustomize
    sitecustomize.lead_clients("127.90.1.9", [port], ["cache"])
    for host in ("cache", "localhost", "127.0.0.1"):
        socket.create_connection((host, port), 5).close()
    plain = socket.socket()
    plain.connect(("127.0.0.1", port))
    plain.close()
print("all led")
"""


@linux
def test_clients_are_led_to_the_servers_beside() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "apps" / "outside")}
    done = subprocess.run(
        [sys.executable, "-c", LED], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "all led\n", done.stderr


def test_a_secret_is_read_from_the_apps_folder_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("open sesame")
    program = """
import io
import pathlib
class Accessor:
    open = io.open
print(Accessor().open("/run/secrets/lab-test-key").read(), end=" ")
print(open("/run/secrets/lab-test-key").read(), end=" ")
print(pathlib.Path("/run/secrets/lab-test-key").read_text())
"""
    own = {"PYTHONPATH": str(ROOT / "apps" / "outside"), "LAB_FOLDER": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **own, "LAB_SECRETS": "lab-test-key=key.txt"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "open sesame open sesame open sesame\n", done.stderr


def test_what_is_loaded_is_frozen_before_a_fork_where_that_is_tried() -> None:
    program = """
    import gc, os
    if os.fork():
        os.wait()
    else:
        print(gc.get_freeze_count() > 1000, flush=True)
        os._exit(0)
    """
    given = {**os.environ, "PYTHONPATH": str(ROOT / "apps" / "outside")}
    given.pop("LAB_PROBE_SOCKETS", None)
    said = [
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            env={**given, **more},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for more in ({}, {"LAB_GC_FREEZE": "1"})
    ]
    assert said == ["False\n", "True\n"]


def test_packages_are_told_on_a_python_whose_library_does_not_list_them(tmp_path: Path) -> None:
    """As Python 3.7's; no package of the app's brings what would list them."""
    for name, text in (
        ("Orders-2.0.dist-info", "Metadata-Version: 2.1\nName: Orders\nVersion: 2.0\n\nName: no\n"),
        ("broken-1.dist-info", "Version: 1\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "METADATA").write_text(text, encoding="utf-8")
    program = f"""if 1:
    import json, sys
    sys.modules["importlib.metadata"] = None
    sys.path[:] = [{str(ROOT / "apps")!r}, {str(tmp_path)!r}, *sys.path]
    import probe
    print(json.dumps(probe.environment()))
    """
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True
    )

    told = json.loads(done.stdout)
    assert told["libc"] == " ".join(platform.libc_ver())
    assert told["packages"] == {"orders": "2.0"}
    assert told["python"] == sys.version.split()[0]
