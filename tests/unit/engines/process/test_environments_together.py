"""Environments that are made side by side, or that are interrupted."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from lab.engines.process import uv
from lab.engines.process.environments import PreparedEnvironments
from lab.engines.process.uv import Uv
from support.planted_machine import PlantedMachine, are_gone, variant
from support.polling import wait_until

HANG = 'sleep 60 & echo "$$ $!" > "$box/pids"; wait'


def wait_for(path: Path) -> str:
    whole = wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
    assert whole, f"{path.name} never came"
    return path.read_text()


def signalled(number: int, when: Callable[[], object]) -> threading.Thread:
    """A thread that sends this process a signal, started."""

    def send() -> None:
        when()
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_environments_are_made_side_by_side(
    machine: PlantedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    machine.python("3.7.16")
    machine.python("3.8.18")
    machine.on(
        "pip",
        'touch "$box/here-$$"; for n in $(seq 500); do\n'
        '[ "$(ls "$box" | grep -c here-)" = 2 ] && exit 0; sleep 0.01; done; exit 1',
    )

    assert machine.prepare(variant("3.7"), variant("3.8")).missing == {}


def test_one_cpu_is_enough_for_any_number(
    machine: PlantedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    for version in ("3.7.16", "3.8.18", "3.9.18"):
        machine.python(version)

    assert len(machine.prepare(variant("3.9"), variant("3.7"), variant("3.8")).ready) == 3


def test_two_preparations_at_once_make_an_environment_once(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    machine.on("pip", "sleep 0.3")
    made: list[PreparedEnvironments] = []
    shells = [threading.Thread(target=lambda: made.append(machine.prepare())) for _ in range(2)]
    for shell in shells:
        shell.start()
    for shell in shells:
        shell.join()

    assert made[0] == made[1]
    assert made[0].missing == {}
    assert len(machine.uv_calls("pip")) == len(machine.said) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_leaves_no_process_and_nothing_complete(
    machine: PlantedMachine, number: signal.Signals
) -> None:
    machine.python("3.7.16")
    machine.on("pip", HANG)
    sender = signalled(number, lambda: wait_for(machine.box / "pids"))

    with pytest.raises(KeyboardInterrupt):
        machine.prepare()
    sender.join()
    assert are_gone(machine.box / "pids")
    assert not list(machine.root.rglob("complete"))
    assert len(machine.uv_calls("pip")) == 1
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_an_interruption_does_not_wait_for_another_shell(
    machine: PlantedMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = threading.Event()

    def held_by_another(_: object) -> bool:
        waits.set()
        return False

    machine.python("3.7.16")
    monkeypatch.setattr(uv, "is_locked", held_by_another)
    sender = signalled(signal.SIGINT, waits.wait)

    with pytest.raises(KeyboardInterrupt):
        machine.prepare()
    sender.join()
    assert machine.uv_calls("") == []


def test_a_handler_of_the_caller_is_left_alone(machine: PlantedMachine) -> None:
    machine.python("3.7.16")
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    machine.on("pip", f"kill -TERM {os.getpid()}")
    try:
        assert machine.prepare().missing == {}
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_nothing_starts_after_the_end(machine: PlantedMachine) -> None:
    uv = Uv(machine.root)
    uv.end()

    with pytest.raises(CancelledError):
        uv.run("venv")
    assert machine.uv_calls("") == []
