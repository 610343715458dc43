"""An own app, as far as its trial knows it: what it is asked, and what tells that it is ready."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import gcd

from lab.load.request import EncodedRequest, Request
from lab.records.variant import Connection

NUMBER = "{n}"


@dataclass(frozen=True, slots=True)
class WeightedRequest:
    """One kind of request; None in the place of an exchange: connect and close."""

    exchange: Request | None
    weight: int = 1
    connection: Connection = Connection.CLOSE

    def is_numbered(self) -> bool:
        asked = self.exchange
        if asked is None:
            return False
        texts = (asked.path, *(value for _, value in asked.headers))
        return any(NUMBER in text for text in texts) or NUMBER.encode() in asked.body

    def wire(self, host: str, number: int) -> EncodedRequest:
        """The request with this number in it."""
        if self.exchange is None:
            return EncodedRequest(None, (), keep=False)
        return numbered(self.exchange, str(number)).wire(host, self.connection)


def numbered(exchange: Request, number: str) -> Request:
    return replace(
        exchange,
        path=exchange.path.replace(NUMBER, number),
        headers=tuple((name, value.replace(NUMBER, number)) for name, value in exchange.headers),
        body=exchange.body.replace(NUMBER.encode(), number.encode()),
    )


def interleaved(weights: Sequence[int]) -> list[int]:
    """Indices, each as often as its weight, as evenly spread as they can be; the same each time."""
    shares = [weight // gcd(*weights) for weight in weights]
    credit, order = [0] * len(shares), []
    for _ in range(sum(shares)):
        credit = [have + share for have, share in zip(credit, shares, strict=True)]
        chosen = credit.index(max(credit))
        credit[chosen] -= sum(shares)
        order.append(chosen)
    return order


class RequestMix:
    """Several kinds of requests, interleaved; the number in them counts up through the trial."""

    def __init__(self, asks: Sequence[WeightedRequest]) -> None:
        self.asks = asks
        self.order = itertools.cycle(interleaved([ask.weight for ask in asks]))
        self.numbers = itertools.count(1)

    def wires(self, host: str, _: Connection) -> Iterator[EncodedRequest]:
        """Each kind has a connection of its own choice."""
        fixed = {
            index: ask.wire(host, 0) for index, ask in enumerate(self.asks) if not ask.is_numbered()
        }
        for index in self.order:
            number = next(self.numbers)
            yield fixed.get(index) or self.asks[index].wire(host, number)


@dataclass(frozen=True, slots=True)
class UserApp:
    """An own app in a trial."""

    asks: tuple[WeightedRequest, ...]
    health: str = "/"
    """Any answer to it counts as ready."""
    warm_up: int = 50

    @property
    def speaks_http(self) -> bool:
        return any(ask.exchange is not None for ask in self.asks)
