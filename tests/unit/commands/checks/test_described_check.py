"""Which requests of a described app are measured, by how they are answered."""

from dataclasses import replace
from pathlib import Path

import pytest
from lab.app.guess.asking import Answer
from lab.app.guess.guess_records import GuessedRequest
from lab.app.spec import AppSpec, RequestProtocol, RequestSpec
from lab.commands.checks.described_check import check_requests

OFTEN, RARE = RequestSpec(path="/often", weight=3), RequestSpec(path="/rare", weight=2)
SPEC = AppSpec(Path("/app/lab.toml"), "shop", command="serve", requests=(OFTEN, RARE))


class AnsweringApp:
    """An app that serves some paths."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers

    def ask(self, request: GuessedRequest, number: int = 1) -> Answer:
        return self.answers[request.path.strip("/")]

    def log(self) -> str:
        return ""


def checked(spec: AppSpec, **answers: Answer) -> tuple[tuple[RequestSpec, ...], str, list[str]]:
    said: list[str] = []
    measured, failure = check_requests(AnsweringApp(**answers), spec, said.append)  # type: ignore[arg-type]
    return measured.requests, failure.reason if failure else "", said


def test_of_a_files_traffic_what_is_not_answered_is_left_out_and_said() -> None:
    spec = replace(SPEC, traffic="an access log: 5 requests of 2 kinds")
    kept, reason, said = checked(spec, often=Answer(200), rare=Answer(422))
    assert (kept, reason) == ((OFTEN,), "")
    assert said[0] == "  traffic: an access log: 5 requests of 2 kinds"
    assert said[-1] == "  left out of the traffic: GET /rare: 422"


def test_of_what_a_log_may_have_cut_the_body_is_told() -> None:
    """A HAR file has the body, so that another reason keeps the request out."""
    sent = RequestSpec(method="POST", path="/rare", weight=2)
    spec = replace(SPEC, traffic="an access log: 5 requests of 2 kinds", requests=(OFTEN, sent))
    whole = replace(spec, requests=(OFTEN, replace(sent, body="{}")))

    told = [checked(each, often=Answer(200), rare=Answer(400))[2][-1] for each in (spec, whole)]

    assert told == [
        "  left out of the traffic: POST /rare: 400; a log holds no bodies: [[requests]] of the"
        " same method and path says one",
        "  left out of the traffic: POST /rare: 400",
    ]


def test_traffic_that_is_mostly_refused_is_a_failure() -> None:
    spec = replace(SPEC, traffic="an access log: 5 requests of 2 kinds")
    _, reason, _ = checked(spec, often=Answer(404), rare=Answer(200))
    assert reason.startswith("GET /often: 404")


def test_described_requests_are_all_to_be_answered() -> None:
    _, reason, _ = checked(SPEC, often=Answer(200), rare=Answer(422))
    assert reason.startswith("GET /rare: 422")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(101), ""),
        (Answer(1008, b"policy"), "WEBSOCKET /often: 1008 (it said: policy)"),
        (
            Answer(101, is_endless=True),
            "sends fewer messages than `listen` waits for: lower `listen`",
        ),
    ],
)
def test_a_websocket_is_to_be_opened_and_to_say_enough(answer: Answer, said: str) -> None:
    opened = RequestSpec(kind=RequestProtocol.WEBSOCKET, path="/often", say=("hi",))
    _, reason, _ = checked(replace(SPEC, requests=(opened,)), often=answer)
    assert said in reason
    assert bool(reason) == bool(said)
