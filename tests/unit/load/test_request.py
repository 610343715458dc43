import email.parser
import email.policy

import pytest
from lab.load.request import UPLOAD_BYTES, Request, request_of, upload_body
from lab.load.websocket import Conversation
from lab.records.variant import Connection, RequestKind


def test_a_get_is_written_out() -> None:
    assert Request("/sync/lists").to_bytes("one", Connection.CLOSE) == (
        b"GET /sync/lists HTTP/1.1\r\nHost: one\r\nConnection: close\r\n\r\n"
    )


def test_method_headers_and_body_are_written_out() -> None:
    request = Request("/orders", "PUT", (("X-Token", "a"),), b"{}")

    assert request.to_bytes("one", Connection.KEEP_ALIVE) == (
        b"PUT /orders HTTP/1.1\r\nHost: one\r\nConnection: keep-alive\r\nX-Token: a\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )


def test_a_name_of_the_server_that_is_given_is_the_only_one() -> None:
    sent = Request("/", headers=(("host", "shop.example"),)).to_bytes("one", Connection.CLOSE)
    assert sent == b"GET / HTTP/1.1\r\nConnection: close\r\nhost: shop.example\r\n\r\n"


def test_a_websocket_says_where_it_is_opened_from_as_browsers_do() -> None:
    opens = Request("/ws", conversation=Conversation())
    assert b"\r\nOrigin: http://localhost\r\n" in opens.to_bytes("localhost", Connection.CLOSE)
    own = Request("/ws", headers=(("Origin", "https://a"),), conversation=Conversation())
    assert own.to_bytes("localhost", Connection.CLOSE).count(b"Origin: ") == 1


@pytest.mark.parametrize(("status", "ok"), [(200, True), (299, True), (199, False), (302, False)])
def test_served_is_2xx_unless_it_is_said_otherwise(status: int, ok: bool) -> None:
    assert (status in Request("/").ok_statuses) is ok


def test_an_upload_is_one_file_in_the_field_file_as_a_form() -> None:
    request = request_of("/sync/strings", RequestKind.UPLOAD, 596)
    ((name, value),) = request.headers
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(f"{name}: {value}\r\n\r\n".encode() + request.body)
    (part,) = message.iter_parts()

    assert request.method == "POST"
    assert part.get_param("name", header="content-disposition") == "file"
    assert part.get_filename() == "upload.bin"
    assert len(part.get_payload(decode=True)) == UPLOAD_BYTES


def test_the_upload_is_the_same_every_time() -> None:
    first = upload_body(596)
    upload_body.cache_clear()

    assert upload_body(596) == first
    assert upload_body(597) != first
