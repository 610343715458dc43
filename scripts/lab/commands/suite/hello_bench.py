"""`lab hello-bench`, in the bench's container: the load client and wrk in turns on one endpoint."""

import argparse
import asyncio
import json
import re
import subprocess
import time
from statistics import median

import uvloop

from lab.errors import ExitCode
from lab.load.block import BlockPlan, run_block
from lab.load.request import Request
from lab.load.target import Target, resolve
from lab.records.variant import Connection

ROUNDS = {Connection.KEEP_ALIVE: (5, 3), Connection.CLOSE: (9, 1)}
"""Rounds and seconds each; single rounds of closed connections scatter by half, so there are many.
Each keeps its port for a minute unless it may be used again: scripts/bench says that it may."""
CONCURRENCY = 40
PORT = 8000
PATH = "/async/hello"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", help="where the hello endpoint answers")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Prints one JSON object: the rates and their ratio, by connection."""
    uvloop.install()
    print(json.dumps(asyncio.run(compare_all(arguments.host))))
    return ExitCode.DECIDED


async def compare_all(host: str) -> dict[str, dict[str, float]]:
    return {connection.value: await compare(host, connection) for connection in ROUNDS}


def wrk_rate(host: str, connection: Connection) -> float:
    """Requests a second that wrk reaches with one thread."""
    _, seconds = ROUNDS[connection]
    header = ["-H", "Connection: close"] if connection is Connection.CLOSE else []
    words = [
        "wrk",
        "-t1",
        f"-c{CONCURRENCY}",
        f"-d{seconds}s",
        *header,
        f"http://{host}:{PORT}{PATH}",
    ]
    shown = subprocess.run(
        words, check=True, capture_output=True, text=True, errors="replace"
    ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", shown)
    if rate is None:
        raise RuntimeError(f"wrk printed no rate: {shown!r}")
    return float(rate[1])


async def lab_rate(target: Target, requests: int, connection: Connection) -> float:
    """Requests a second that the lab's client reaches."""
    started = time.perf_counter()
    block = await run_block(target, BlockPlan(0, requests, CONCURRENCY, connection))
    if block.ok != requests:
        raise RuntimeError(f"only {block.ok} of {requests} were served: {block.failures}")
    return block.ok / (time.perf_counter() - started)


async def compare(host: str, connection: Connection) -> dict[str, float]:
    target = Target(resolve(host, PORT), PORT, host, Request(PATH))
    times, seconds = ROUNDS[connection]
    rounds = []
    for _ in range(times):
        wrk = wrk_rate(target.address, connection)
        rounds.append((wrk, await lab_rate(target, int(wrk * seconds), connection)))
    return {
        "wrk_requests_per_second": median(wrk for wrk, _ in rounds),
        "lab_requests_per_second": median(lab for _, lab in rounds),
        "ratio": median(lab / wrk for wrk, lab in rounds),
    }
