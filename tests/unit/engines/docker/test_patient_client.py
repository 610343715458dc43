"""A gate that is gone for a moment, or an engine that fails for one, costs a call some time."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from docker.errors import APIError, NotFound
from lab.engines.docker.patient_client import MOST_READ_TRIES, PatientClient


@contextmanager
def engine(statuses: list[int], address: tuple[str, int] = ("127.0.0.1", 0)) -> Iterator[int]:
    """An engine that answers with each status once and with the last for ever; its port."""

    class GateHandler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
            body = b'{"Id": "found", "message": "as it was told"}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(address, GateHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class SoonClient(PatientClient):
    pause_seconds = 0.01


class HastyClient(SoonClient):
    gate_deadline_seconds = 0.05


def client(port: int) -> PatientClient:
    return SoonClient(base_url=f"tcp://localhost:{port}", version="1.41")


def test_an_engine_that_fails_for_a_moment_is_asked_again() -> None:
    with engine([500, 503, 200]) as port:
        assert client(port).inspect_container("a")["Id"] == "found"


def test_an_engine_that_goes_on_failing_is_believed() -> None:
    statuses = [500] * MOST_READ_TRIES + [200]
    with engine(statuses) as port, pytest.raises(APIError):
        client(port).inspect_container("a")


def test_what_is_not_there_is_not_asked_for_again() -> None:
    with engine([404, 200]) as port, pytest.raises(NotFound):
        client(port).inspect_container("a")


def test_a_start_that_the_engine_refuses_is_not_tried_again() -> None:
    with engine([500, 204]) as port, pytest.raises(APIError):
        client(port).start("a")


def test_a_gate_that_comes_back_is_waited_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    ids: list[str] = []
    asking = threading.Thread(target=lambda: ids.append(client(port).inspect_container("a")["Id"]))
    asking.start()
    with engine([200], ("127.0.0.1", port)):
        asking.join(20)

    assert ids == ["found"]


def test_a_gate_that_comes_back_at_another_address_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = iter(["127.0.0.9", "127.0.0.1"])
    monkeypatch.setattr(socket, "gethostbyname", lambda _: next(addresses))
    with engine([200]) as port:
        gate = client(port)

        assert gate.inspect_container("a")["Id"] == "found"
        assert gate.inspect_container("a")["Id"] == "found"


@pytest.mark.parametrize("name", ["localhost", "no-such-gate.invalid"])
def test_a_gate_that_stays_away_is_an_error(name: str) -> None:
    gate = HastyClient(base_url=f"tcp://{name}:1", version="1.41")

    with pytest.raises(requests.ConnectionError):
        gate.inspect_container("a")


def test_a_slow_engine_is_waited_for() -> None:
    """Each call of the lab's has 30 s; one that takes 3 is not asked for twice."""
    calls: list[float] = []

    def slow(session: requests.Session, *_: object, **__: object) -> requests.Response:
        calls.append(time.monotonic())
        time.sleep(0.1)
        answer = requests.Response()
        answer.status_code = 200
        return answer

    gate = client(1)
    original: Callable[..., requests.Response] = requests.Session.request
    try:
        requests.Session.request = slow  # type: ignore[method-assign, assignment]
        assert gate.request("GET", "http://localhost:1/version").status_code == 200
    finally:
        requests.Session.request = original  # type: ignore[method-assign]
    assert len(calls) == 1


def test_a_connection_of_its_own_answers_as_the_client_does() -> None:
    with engine([200]) as port, closing(client(port).connection(5.0)) as connection:
        connection.request("GET", "/v1.41/containers/a/json")
        assert connection.getresponse().status == 200


def test_a_connection_that_is_refused_has_the_gate_looked_up_anew() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    gone = client(port)
    with pytest.raises(ConnectionRefusedError):
        gone.connection(5.0)

    assert gone.address is None
