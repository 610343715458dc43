"""The requests of a user app: several kinds, each with its weight, interleaved."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import gcd

from lab.load.login import Login
from lab.load.request import EncodedRequest, Request
from lab.records.variant import Connection

ABANDONED_SECONDS = 0.01
"""Seconds after which a client that does not wait for its answer goes away."""
NUMBER = "{n}"
"""Replaced by the request's number, in a path, a header's value or a body."""


@dataclass(frozen=True, slots=True)
class WeightedRequest:
    """One kind of request and its share of the load; None: connect, and close without a request."""

    request: Request | None
    weight: int = 1
    connection: Connection = Connection.CLOSE
    read_seconds: float | None = None
    """How long each answer is read; None: to its end."""
    abandoned: float = 0.0
    """The share of the requests whose client goes away in the middle."""
    label: str = ""
    """The name of a kind whose path holds a secret; empty: method and path name it."""

    def is_numbered(self) -> bool:
        """Whether each request of this kind has a number in it."""
        request = self.request
        if request is None:
            return False
        if self.abandoned:
            return True
        said = request.conversation.texts if request.conversation else ()
        texts = (request.path, *(value for _, value in request.headers), *said)
        return any(NUMBER in text for text in texts) or NUMBER.encode() in request.body

    def encode(self, host: str, number: int) -> EncodedRequest:
        """The request with this number in it."""
        if self.request is None:
            return EncodedRequest(None, (), keep_alive=False)
        encoded = numbered(self.request, str(number)).encode(host, self.connection)
        if self.is_abandoned(number):
            return replace(
                encoded,
                kind=self.name,
                read_seconds=ABANDONED_SECONDS,
                is_abandoned=True,
                keep_alive=False,
            )
        return replace(encoded, kind=self.name, read_seconds=self.read_seconds)

    def is_abandoned(self, number: int) -> bool:
        """Whether the client of this request goes away, the same ones each time."""
        return int(number * self.abandoned) > int((number - 1) * self.abandoned)

    @property
    def name(self) -> str:
        """Method and path, by which its requests are counted."""
        if self.label or self.request is None:
            return self.label
        method = "WEBSOCKET" if self.request.conversation else self.request.method
        return f"{method} {self.request.path}"


def numbered(request: Request, number: str) -> Request:
    """The request with its number in path, header values and body."""
    return replace(
        request,
        path=request.path.replace(NUMBER, number),
        headers=tuple((name, value.replace(NUMBER, number)) for name, value in request.headers),
        body=request.body.replace(NUMBER.encode(), number.encode()),
        conversation=request.conversation and request.conversation.filled(NUMBER, number),
    )


def interleaved(weights: Sequence[int]) -> list[int]:
    """Indices, each as often as its weight, as evenly spread as they can be."""
    shares = [weight // gcd(*weights) for weight in weights]
    credit, order = [0] * len(shares), []
    for _ in range(sum(shares)):
        credit = [saved + share for saved, share in zip(credit, shares, strict=True)]
        chosen = credit.index(max(credit))
        credit[chosen] -= sum(shares)
        order.append(chosen)
    return order


class RequestMix:
    """Several kinds of requests, interleaved; their number counts up through the trial."""

    def __init__(self, kinds: Sequence[WeightedRequest]) -> None:
        self.kinds = kinds
        self.order = itertools.cycle(interleaved([kind.weight for kind in kinds]))
        self.numbers = itertools.count(1)

    def encoded_requests(self, host: str, _: Connection) -> Iterator[EncodedRequest]:
        """One request after another; each kind has a connection of its own choice.

        Other kinds take effect with the next request, as of a token that was renewed meanwhile.
        """
        kinds, fixed = self.kinds, fixed_requests(self.kinds, host)
        for index in self.order:
            if kinds is not self.kinds:
                kinds, fixed = self.kinds, fixed_requests(self.kinds, host)
            number = next(self.numbers)
            yield fixed.get(index) or kinds[index].encode(host, number)


def fixed_requests(kinds: Sequence[WeightedRequest], host: str) -> dict[int, EncodedRequest]:
    """The requests that are the same each time, by their index."""
    indexed = enumerate(kinds)
    return {index: kind.encode(host, 0) for index, kind in indexed if not kind.is_numbered()}


@dataclass(frozen=True, slots=True)
class UserApp:
    """The user's app as its trial sees it: its requests, and how it shows that it is ready."""

    requests: tuple[WeightedRequest, ...]
    health: str = "/"
    """Any response to it counts as ready."""
    warm_up: int = 50
    """Requests before the baseline."""
    login: Login | None = None
    """What is asked once before the warm-up, to be let in."""
    cookies: bool = False
    """Whether each client keeps the cookies that it is given."""
    think_seconds: float = 0.0
    """The pause of each client between its requests."""

    @property
    def speaks_http(self) -> bool:
        """Whether any of its requests is sent over HTTP."""
        return any(kind.request is not None for kind in self.requests)
