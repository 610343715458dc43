"""The samples of one container, from the stream of its statistics."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPException

from lab.clock import steady_seconds
from lab.engines.docker.patient_client import PatientClient
from lab.engines.docker.stats_payload import sample_from_payload
from lab.errors import LabError
from lab.records.observations import Sample
from lab.units import MIB

NO_READING = (ValueError, ArithmeticError, RecursionError, LabError)
"""What a line raises that is none of statistics; its stream ends, and is asked for again."""
READ_TIMEOUT_SECONDS = 30
"""The longest wait between two payloads."""
MOST_PAYLOAD_BYTES = MIB
"""What is longer is cut short, and then is no payload; an engine's are of 2 to 6 KB."""


class StatsStream:
    """The engine's stream of readings, one payload a second, read on a thread.

    While it is paused it is closed, because the engine reads for as long as a client listens.
    """

    retry_seconds = 0.5
    """Pause before a stream that ended is asked for again."""

    def __init__(
        self, client: PatientClient, name: str, on_sample: Callable[[Sample | None], None]
    ) -> None:
        self.client, self.on_sample = client, on_sample
        self.path = f"/v{client.api_version}/containers/{name}/stats"
        self.stopped, self.wanted = threading.Event(), threading.Event()
        self.socket: socket.socket | None = None
        """The socket of the stream that is open."""
        self.thread = threading.Thread(target=self.read, name=f"stats-{name}", daemon=True)
        self.thread.start()

    def read(self) -> None:
        while self.wanted.wait() and not self.stopped.is_set():
            with contextlib.suppress(OSError, HTTPException, *NO_READING):
                self.read_stream()
            if self.wanted.is_set():
                self.stopped.wait(self.retry_seconds)

    def read_stream(self) -> None:
        """Pass on each payload until the stream ends, or is not wanted any more.

        Raises:
            OSError: there is no connection, or it broke.
            HTTPException: the answer is none of an engine.
            ValueError: a payload is not JSON, or cut short.
            ArithmeticError: a number of it is too large.
            RecursionError: it is too deep.
            LabError: it is none of statistics.
        """
        with contextlib.closing(self.client.connection(READ_TIMEOUT_SECONDS)) as connection:
            self.socket = connection.sock
            connection.request("GET", self.path)
            with connection.getresponse() as answer:
                while answer.status == HTTPStatus.OK and (
                    line := answer.readline(MOST_PAYLOAD_BYTES)
                ):
                    if self.stopped.is_set() or not self.wanted.is_set():
                        return
                    sample = sample_from_payload(json.loads(line))
                    self.on_sample(sample and placed(sample))

    def pause(self) -> None:
        self.wanted.clear()
        self.cut()

    def resume(self) -> None:
        self.wanted.set()

    def stop(self) -> None:
        self.stopped.set()
        self.wanted.set()
        self.cut()

    def cut(self) -> None:
        """End the stream while its thread waits for the next payload."""
        open_socket, self.socket = self.socket, None
        if open_socket is not None:
            with contextlib.suppress(OSError):  # it has ended by itself
                open_socket.shutdown(socket.SHUT_RDWR)


def placed(sample: Sample) -> Sample:
    """A sample at its moment by the clock of the run's records; the engine reads the machine's."""
    return replace(sample, read_at_seconds=steady_seconds(sample.read_at_seconds))
