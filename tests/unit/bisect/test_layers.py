"""Which layers a leak needs, from trials of each exchange."""

import json

from builders import raw
from jsonschema import Draft202012Validator
from lab.bisect.layers import layers_answer
from lab.records import codec
from lab.records.layers import Exchange, Layer, LayersAnswer, Need, NotExchanged
from lab.records.trial import Trial
from lab.report.layers_page import layers_page
from support.paths import ROOT

LOOP = Exchange(Layer.LOOP, "loop-asyncio", "asyncio in place of uvloop")
PARSER = Exchange(Layer.PARSER, "http-h11", "h11 in place of httptools")
PYTHON = Exchange(Layer.PYTHON, "python-313", "Python 3.13 in place of 3.12 | <b>")


def growing(mib_a_block: float) -> Trial:
    return raw.grown_trial([mib_a_block * index for index in range(9)])


def answer(base: Trial, *exchanged: tuple[Exchange, Trial | None]) -> LayersAnswer:
    left = (NotExchanged(Layer.MIDDLEWARE, "it is in the app's own code"),)
    return layers_answer("shop", base, exchanged, left, 0)


def test_an_exchange_that_ends_the_leak_is_the_layer_that_it_needs() -> None:
    reply = answer(growing(20), (LOOP, growing(20)), (PARSER, growing(0)), (PYTHON, growing(5)))

    assert [each.need for each in reply.exchanges] == [Need.NOT_NEEDED, Need.NEEDED, Need.PARTLY]
    assert reply.said[0].endswith("a request is gone with h11 in place of httptools.")
    assert reply.said[2] == "It stays with asyncio in place of uvloop."


def test_a_leak_that_stays_with_each_exchange_needs_none() -> None:
    reply = answer(growing(20), (LOOP, growing(20)), (PARSER, growing(19)))

    assert reply.said[0].endswith("needs none of the layers that were exchanged.")


def test_what_was_not_measured_is_open_and_told() -> None:
    reply = answer(growing(20), (LOOP, None))

    assert (reply.exchanges[0].verdict, reply.exchanges[0].need) == (None, Need.OPEN)
    assert reply.said[-1] == "Not decided: asyncio in place of uvloop."
    assert "Tried and not measured:" in layers_page(reply)


def test_an_app_that_does_not_leak_needs_nothing() -> None:
    reply = answer(growing(0), (LOOP, growing(0)))

    assert reply.said == ("shop as it is does not leak (flat), so no layer was compared.",)
    assert reply.exchanges[0].need is Need.OPEN


def test_the_page_has_a_row_for_each_exchange_and_what_was_left() -> None:
    page = layers_page(answer(growing(20), (LOOP, growing(20)), (PYTHON, growing(0))))

    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) == 4
    assert rows[1].startswith("|  | the app as it is | leak | ")
    assert "<b>" not in page
    assert "- middleware: it is in the app's own code" in page


def test_an_answer_fits_its_published_schema() -> None:
    schema = json.loads((ROOT / "scripts/lab/records/layers.schema.json").read_text("utf-8"))

    reply = answer(growing(20), (LOOP, growing(20)), (PARSER, None))

    Draft202012Validator(schema).validate(json.loads(json.dumps(codec.encode(reply))))
