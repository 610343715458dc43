"""The servers of the variants: their workers, their kind, where they listen."""

import re
from itertools import pairwise
from typing import Any

import pytest
from lab.matrix.compose_file import command_words
from support.read_services import VARIANTS, services, suites


def stated_workers(service: dict[str, Any]) -> str:
    """What the command says; without a word of it a server has one."""
    words = command_words("a service", service["command"])
    return next((value for word, value in pairwise(words) if word == "--workers"), "1")


@pytest.mark.parametrize("workers", ["1", "3"])
def test_workers_are_those_of_the_command(workers: str) -> None:
    for name in VARIANTS:
        service = services(WORKERS=workers)[name]

        assert service["labels"]["lab.workers"] == stated_workers(service), name
        assert "core" not in suites(name) or stated_workers(service) == workers, name


def test_a_variant_has_no_init_that_would_hide_what_is_measured() -> None:
    for name in VARIANTS:
        assert "init" not in VARIANTS[name], name


SERVERS = {
    "gunicorn-uvicorn": "--worker-class uvicorn(_worker|.workers).UvicornWorker",
    "gunicorn-uvicorn-h11": "--worker-class uvicorn.workers.UvicornH11Worker",
    "gunicorn-gthread": "--worker-class gthread --threads 8",
    "gunicorn-sync": "--worker-class sync",
    "uvicorn": "python3 -m uvicorn .*--loop (uvloop|asyncio)",
    "hypercorn": "python3 -m hypercorn ",
    "flask-dev": "python3 flask_app.py",
}


def test_the_server_that_a_label_names_is_the_one_that_is_started() -> None:
    for name in VARIANTS:
        labels, command = VARIANTS[name]["labels"], VARIANTS[name]["command"]

        assert re.search(SERVERS[labels["lab.server"]], command), name
        assert labels["lab.framework"] in command, name


def test_every_server_listens_where_it_is_told() -> None:
    for name in VARIANTS:
        service = services(LAB_HOST="127.0.0.1", LAB_PORT="15001")[name]
        server, environment = service["labels"]["lab.server"], service["environment"]
        told = environment["GUNICORN_CMD_ARGS"] if "gunicorn" in server else service["command"]

        assert (environment["LAB_HOST"], environment["LAB_PORT"]) == ("127.0.0.1", "15001"), name
        if server != "flask-dev":
            assert re.search(r"--(bind|host) 127\.0\.0\.1(:| --port )15001( |$)", told), name
