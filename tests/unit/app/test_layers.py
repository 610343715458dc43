"""The layers that can be exchanged, by the app's command and packages."""

from dataclasses import replace
from pathlib import Path

import pytest
from lab.app.layers import Stack, layers_of
from lab.app.spec import AppSpec
from lab.records.layers import Exchange, Layer, NotExchanged

UVICORN = "python -m uvicorn shop.main:app --host $HOST --port $PORT"


def stack(command: str, *packages: str, pythons: tuple[str, ...] = ("3.13",)) -> Stack:
    spec = AppSpec(Path("lab.toml"), "shop", command=command)
    return Stack(spec, dict.fromkeys(packages, "1.0"), None, pythons)


def exchanges(stack: Stack) -> dict[str, Exchange]:
    return {each.name: each for each in layers_of(stack) if isinstance(each, Exchange)}


def left(stack: Stack) -> dict[Layer, str]:
    return {each.layer: each.reason for each in layers_of(stack) if isinstance(each, NotExchanged)}


@pytest.mark.parametrize(
    ("command", "line", "changed"),
    [
        (UVICORN, "hypercorn in place of uvicorn", "python -m hypercorn --bind $HOST:$PORT"),
        (
            "gunicorn -b $HOST:$PORT shop.main:app",
            "waitress in place of gunicorn",
            "waitress --listen",
        ),
        (
            "gunicorn -k uvicorn.workers.UvicornWorker shop.main:app",
            "uvicorn in place of gunicorn",
            "uvicorn --host $HOST",
        ),
        ("flask --app shop.main:app run", "waitress in place of flask", "waitress --listen"),
        (
            "waitress-serve --port=$PORT shop.main:app",
            "gunicorn in place of waitress",
            "gunicorn --bind",
        ),
        (
            "hypercorn --bind $HOST:$PORT shop.main:app",
            "uvicorn in place of hypercorn",
            "uvicorn --host",
        ),
        (
            "granian --interface wsgi --port $PORT shop.main:app",
            "waitress in place of granian",
            "waitress --listen",
        ),
        ("granian shop.main:app", "uvicorn in place of granian", "uvicorn --host"),
    ],
)
def test_another_server_gets_the_same_application(command: str, line: str, changed: str) -> None:
    (found,) = [e for e in exchanges(stack(command)).values() if e.layer is Layer.SERVER]

    assert found.line == line
    assert found.command is not None
    assert changed in found.command
    assert found.command.endswith("shop.main:app")
    assert found.requirement == line.partition(" ")[0]


@pytest.mark.parametrize("command", ["python app.py", f"{UVICORN} --factory", "gunicorn 'shop", ""])
def test_a_server_that_cannot_be_exchanged_is_told(command: str) -> None:
    assert left(stack(command))[Layer.SERVER]


def test_uvicorns_loop_and_parser_are_the_others_of_what_it_has() -> None:
    plain = exchanges(stack(UVICORN))
    fast = exchanges(stack(UVICORN, "uvloop", "httptools"))
    offered = exchanges(stack(f"{UVICORN} --loop asyncio --http=h11", "uvloop", "httptools"))

    assert (plain["loop-uvloop"].requirement, plain["http-httptools"].requirement) == (
        "uvloop",
        "httptools",
    )
    assert fast["loop-asyncio"].command == f"{UVICORN} --loop asyncio"
    assert fast["http-h11"].command == f"{UVICORN} --http h11"
    assert offered["loop-uvloop"].command == f"{UVICORN} --loop uvloop --http=h11"
    assert offered["http-httptools"].command == f"{UVICORN} --loop asyncio --http httptools"


def test_the_c_code_of_packages_is_left_out_by_their_own_switches() -> None:
    offered = exchanges(stack("python app.py", "aiohttp", "multidict", "idna"))

    assert offered["pure-aiohttp"].layer is Layer.PARSER
    assert offered["pure-aiohttp"].environment == {"AIOHTTP_NO_EXTENSIONS": "1"}
    assert offered["pure-multidict"].layer is Layer.EXTENSION
    assert "pure-idna" not in offered


def test_what_cannot_be_exchanged_is_told_with_its_reason() -> None:
    found = left(stack("python app.py", pythons=()))

    assert set(found) == {
        *(Layer.MIDDLEWARE, Layer.SERVER, Layer.LOOP, Layer.PARSER, Layer.EXTENSION),
        *(Layer.PYTHON, Layer.ALLOCATOR),
    }
    assert all(found.values())


def test_the_first_of_the_other_pythons_is_taken() -> None:
    assert exchanges(stack(UVICORN, pythons=("3.13", "3.11")))["python-313"].python == "3.13"


def test_middleware_that_the_source_registers_is_left_out_by_the_probe() -> None:
    plain = stack(UVICORN, "starlette")
    seen = replace(plain, middleware=("Timing", "shop.named"))

    exchange = exchanges(seen)["no-middleware"]

    assert exchange.line == "no middleware in place of Timing and shop.named"
    assert exchange.environment == {"LAB_NO_MIDDLEWARE": "Timing shop.named"}
    assert left(plain)[Layer.MIDDLEWARE]
    assert left(replace(seen, spec=replace(seen.spec, probes=False)))[Layer.MIDDLEWARE]
