"""The engine's client behind the gate, which asks again where nothing was answered."""

import socket
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import docker
import requests

PASSING_STATUSES = frozenset({500, 502, 503, 504})
"""Statuses of an engine, or a gate before it, that may answer the next time."""
MOST_READ_TRIES = 4
"""The most tries of a call that only reads, where the answer is one of `PASSING_STATUSES`."""


class PatientClient(docker.APIClient):
    """A gate that is started again, or an engine that fails for a moment, costs time and no trial.

    Each of the lab's calls may be made twice: a second start or stop finds what the first has done.
    """

    gate_deadline_seconds = 20.0
    """How long a call waits for a gate that does not answer; the engine starts one again in 2 s."""
    pause_seconds = 0.25
    """Between two tries of a call."""
    address: str | None = None
    """The gate's, as each call would look up its name again; another one once it was started again.
    """

    def request(self, method: Any, url: Any, *arguments: Any, **options: Any) -> requests.Response:
        deadline, tries = time.monotonic() + self.gate_deadline_seconds, 1
        while True:
            try:
                answer = super().request(method, self.addressed(str(url)), *arguments, **options)
            except requests.ConnectionError:
                self.address = None
                if time.monotonic() > deadline:
                    raise
            else:
                may_pass = answer.status_code in PASSING_STATUSES and str(method).upper() == "GET"
                if not may_pass or tries == MOST_READ_TRIES:
                    return answer
                answer.close()
                tries += 1
            time.sleep(self.pause_seconds)

    def connection(self, timeout_seconds: float) -> HTTPConnection:
        """A connection to the gate for one call, which costs a quarter of what `request` does.

        Raises:
            OSError: there is none.
        """
        parts = urlsplit(self.addressed(self.base_url))
        made = HTTPConnection(str(parts.hostname), parts.port, timeout=timeout_seconds)
        try:
            made.connect()
        except OSError:
            self.address = None
            raise
        return made

    def addressed(self, url: str) -> str:
        """The URL with the address in the place of its host's name.

        Raises:
            requests.ConnectionError: the name is not known.
        """
        parts = urlsplit(url)
        try:
            self.address = self.address or socket.gethostbyname(str(parts.hostname))
        except OSError as error:
            raise requests.ConnectionError(f"{parts.hostname}: {error}") from error
        return parts._replace(netloc=f"{self.address}:{parts.port}").geturl()
