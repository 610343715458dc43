"""Whether what is answered alone is answered several at once, as the load asks for it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from lab.app.guess.asking import Answer, TriedRequests, is_fault, load_of
from lab.app.guess.guess_records import Guessed, GuessedRequest

AT_ONCE, MOST_REQUESTS_ASKED = 8, 48
LEAST_EACH, MOST_ASKING_SECONDS = 2, 4.0
"""How often each kind is asked for, and how long all may take one after the other."""
AskAs = Callable[[GuessedRequest, int], Answer]
"""Asks by a number, which stands for `{n}` in what is sent."""


def ask_together(asked: TriedRequests, ask: AskAs) -> None:
    """Leave out the kinds that are refused when several are asked for at once.

    Where none is left by the app's own fault, they are kept to be asked for one at a time.
    """
    kinds = [request for request in asked.kept if "read_seconds" not in request.values]
    if not kinds:
        return
    requests = kinds * rounds(len(kinds), asked.slowest_seconds)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(ask, requests, range(2, len(requests) + 2)))
    refused: dict[int, Answer] = {}
    for number, (request, answer) in enumerate(zip(requests, answers, strict=True)):
        if not is_expected(request, answer):
            refused.setdefault(number % len(kinds), answer)
    if len(refused) == len(asked.kept):
        asked.one_at_a_time = any(map(is_fault, refused.values()))
        return
    for number, answer in refused.items():
        asked.kept.remove(kinds[number])
        asked.refused_together.append((kinds[number], answer))


def rounds(kinds: int, slowest_seconds: float) -> int:
    """How often each kind is asked for: some faults need several goes to meet."""
    fitting = int(
        MOST_ASKING_SECONDS / max(slowest_seconds, MOST_ASKING_SECONDS / MOST_REQUESTS_ASKED)
    )
    return max(LEAST_EACH, fitting // kinds)


def is_expected(request: GuessedRequest, answer: Answer) -> bool:
    return answer.is_served or answer.status in request.values.get("expect", ())


def loads_of(asked: TriedRequests) -> Iterator[Guessed]:
    """What of the load is not as usual: fewer requests of a slow app, one at a time."""
    if (count := load_of(asked)) is not None:
        yield count
    if asked.one_at_a_time:
        yield Guessed("concurrency", 1, f"it does not answer {AT_ONCE} requests at once")
