"""One request before anything is measured, at a real server of threads."""

import threading
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from lab.app.guess.guess_records import GuessedRequest
from lab.commands.checks.app_check import ask, bounded_body


class AppHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/leads" else 200)
        self.send_header("Location", "/there")
        self.end_headers()
        if self.path == "/long":
            self.wfile.write(bytes(300_000))
        for _ in range(100 if self.path == "/endless" else 1):
            self.wfile.write(b"data\n")
            self.wfile.flush()
            time.sleep(0.05)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["X-N"].encode() + body + self.headers["Host"].encode())


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), AppHandler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_the_number_stands_in_headers_and_body(port: int) -> None:
    values = {"method": "POST", "path": "/", "headers": {"X-N": "{n}"}, "body": '{"a": {n}}'}
    answer = ask("127.0.0.1", port, GuessedRequest(values, ""))
    assert (answer.status, answer.body) == (200, b'1{"a": 1}127.0.0.1')


def test_the_name_of_the_server_that_a_request_gives_is_sent(port: int) -> None:
    values = {"method": "POST", "headers": {"X-N": "", "host": "shop.example"}}
    assert ask("127.0.0.1", port, GuessedRequest(values, "")).body == b"shop.example"


def test_where_it_leads_is_told(port: int) -> None:
    answer = ask("127.0.0.1", port, GuessedRequest({"path": "/leads"}, ""))
    assert (answer.status, answer.location) == (302, "/there")


def test_an_answer_that_came_whole_has_an_end_however_long_it_took() -> None:
    for stated, is_endless in (("Content-Length: 4\r\n", False), ("", True)):
        content = BytesIO(f"HTTP/1.1 200 OK\r\n{stated}\r\ndata".encode())
        connected: Any = SimpleNamespace(makefile=lambda *_, content=content: content)
        answer = HTTPResponse(connected)
        answer.begin()
        assert bounded_body(answer, -1.0) == (b"data", is_endless)


def test_an_answer_without_end_is_cut_off(port: int) -> None:
    answer = ask("127.0.0.1", port, GuessedRequest({"path": "/endless"}, ""), body_seconds=0.2)
    assert answer.is_endless
    assert not answer.is_served


def test_an_answer_that_ends_with_its_connection_is_read_whole(port: int) -> None:
    answer = ask("127.0.0.1", port, GuessedRequest({"path": "/long"}, ""))
    assert (len(answer.body), answer.is_endless) == (300_005, False)


def test_no_answer_is_a_fault() -> None:
    answer = ask("127.0.0.1", 1, GuessedRequest({"path": "/"}, ""))
    assert answer.status is None
    assert "refused" in answer.fault
