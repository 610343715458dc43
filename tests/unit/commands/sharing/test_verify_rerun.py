"""The script that `lab verify` runs hears of each signal, and nothing of it stays."""

import os
import signal
import threading
from pathlib import Path

import pytest
from lab.commands.sharing.verify_rerun import Rerun, SignalledGroup, given_environment, rerun
from support.polling import wait_until

SCRIPT = """#!/bin/sh
sleep 60 &
echo $! > "$RESULTS/child"
trap 'kill "$!"; echo once >> "$RESULTS/heard"; exit 130' INT
echo $$ > "$RESULTS/ready"
wait
"""


class Scripted(Rerun):
    """A rerun whose script waits until it is told to end."""

    @property
    def results(self) -> Path:
        return self.work / "results"

    @property
    def script(self) -> Path:
        return self.work / "script"

    @property
    def settings(self) -> dict[str, str]:
        return {"RESULTS": str(self.results)}


@pytest.fixture
def scripted(tmp_path: Path) -> Scripted:
    script = tmp_path / "script"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    return Scripted(manifest=None, experiment=None, work=tmp_path, engine="process", budget={})  # type: ignore[arg-type]


def is_there(file: Path) -> bool:
    return file.exists() and file.read_text().endswith("\n")


def is_alive(file: Path) -> bool:
    try:
        os.kill(int(file.read_text()), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_this_process_alone_ends_all_of_the_script(
    scripted: Scripted, number: signal.Signals
) -> None:
    results = scripted.results
    before = signal.getsignal(number)

    def send() -> None:
        wait_until(lambda: is_there(results / "ready"))
        os.kill(os.getpid(), number)

    sender = threading.Thread(target=send)
    sender.start()
    code = rerun(scripted, {})
    sender.join()

    assert code == 130
    assert (results / "heard").read_text() == "once\n"
    wait_until(lambda: not is_alive(results / "child"))
    assert signal.getsignal(number) is before


def test_a_signal_before_the_script_is_known_reaches_it_then(scripted: Scripted) -> None:
    group = SignalledGroup()
    sent: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "killpg", lambda *words: sent.append(words))
        group.pass_on()
        assert sent == []
        group.begin(4711)

    assert sent == [(4711, signal.SIGINT)]


def test_a_strangers_bundle_gets_no_password_of_an_index() -> None:
    own = {"PATH": "/bin", "INDEX_USER": "ann", "INDEX_TOKEN": "secret", "REQUESTS": "5"}

    assert given_environment(own, trusts=False) == {"PATH": "/bin"}
    assert given_environment(own, trusts=True) == {
        "PATH": "/bin",
        "INDEX_USER": "ann",
        "INDEX_TOKEN": "secret",
    }


def test_the_script_gets_the_environment_without_it(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scripted.work / "script").write_text('#!/bin/sh\nenv > "$RESULTS/environment"\n')
    monkeypatch.setenv("INDEX_TOKEN", "secret")
    monkeypatch.setenv("KEPT", "yes")

    assert rerun(scripted, {}) == 0
    text = (scripted.results / "environment").read_text()
    assert "KEPT=yes" in text
    assert "INDEX_TOKEN" not in text
