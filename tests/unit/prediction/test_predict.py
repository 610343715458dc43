import inspect
from typing import Any

import pytest
from builders import raw
from lab.prediction.predict import OfferedLoad, default_pool, predict, threads_that_run
from lab.records.observations import Calibration
from lab.records.variant import Axes
from lab.units import MIB

LOAD = OfferedLoad(requests=1000, concurrency=40)
ONE_AT_A_TIME = OfferedLoad(requests=1000, concurrency=1)
TWO_LISTS_BYTES = 2 * 8_000_000
"""Two lists of a million pointers: what the thread's workload makes, and a thread keeps."""


@pytest.mark.parametrize(
    ("python", "cpus", "threads"),
    [
        ("3.6", 4, 20),
        ("3.7", 1, 5),
        ("3.7", 4, 20),
        ("3.7.17", 40, 200),
        ("3.8", 1, 5),
        ("3.8", 4, 8),
        ("3.8", 16, 20),
        ("3.8", 28, 32),
        ("3.8", 40, 32),
        ("3.10", 16, 20),
        ("3.10", 128, 32),
    ],
)
def test_the_default_pool_by_python_and_cpus(python: str, cpus: int, threads: int) -> None:
    assert default_pool(python, cpus) == threads


@pytest.mark.parametrize(
    ("axes", "load", "threads"),
    [
        ({"python": "3.7"}, LOAD, 80),
        ({"python": "3.8"}, LOAD, 20),
        ({"python": "3.10"}, LOAD, 20),
        ({"python": "3.7"}, ONE_AT_A_TIME, 80),
        ({"python": "3.8"}, ONE_AT_A_TIME, 1),
        ({"python": "3.7"}, OfferedLoad(30, 40), 30),
        ({"python": "3.7", "workers": 4}, OfferedLoad(100, 40), 25),
        ({"python": "3.7", "endpoint": "async"}, LOAD, 0),
        ({"python": "3.8", "endpoint": "async"}, LOAD, 0),
    ],
)
def test_the_threads_that_run_on_uvicorns_worker(
    axes: dict[str, Any], load: OfferedLoad, threads: int
) -> None:
    assert threads_that_run(raw.axes(**axes), 16, load)[0] == threads


@pytest.mark.parametrize(
    ("python", "concurrency", "threads"),
    [("3.7", 1, 8), ("3.7", 40, 8), ("3.8", 1, 2), ("3.8", 3, 6), ("3.8", 40, 8), ("3.10", 1, 2)],
)
def test_the_threads_that_run_on_gunicorns_own_pool(
    python: str, concurrency: int, threads: int
) -> None:
    axes = raw.axes(python=python, server="gunicorn-gthread", pool_threads=8)

    assert threads_that_run(axes, 16, OfferedLoad(1000, concurrency))[0] == threads


@pytest.mark.parametrize(
    ("axes", "load", "threads"),
    [
        ({"server": "uvicorn"}, LOAD, 80),
        ({"server": "uvicorn", "workers": 2}, LOAD, 80),
        ({"server": "gunicorn-uvicorn-h11", "python": "3.8"}, LOAD, 20),
        ({"server": "hypercorn"}, LOAD, 80),
        ({"framework": "bare"}, LOAD, 80),
        ({"server": "gunicorn-sync"}, LOAD, 0),
        ({"server": "flask-dev"}, LOAD, 40),
        ({"server": "flask-dev"}, ONE_AT_A_TIME, 1),
        ({"server": "flask-dev", "pool_threads": 0}, LOAD, 0),
        ({"endpoint": "executor", "pool_threads": 1}, LOAD, 1),
        ({"endpoint": "executor", "pool_threads": 8}, ONE_AT_A_TIME, 8),
        ({"endpoint": "executor", "pool_threads": 8, "python": "3.8"}, ONE_AT_A_TIME, 1),
        ({"endpoint": "executor", "pool_threads": 8, "stack": "latest"}, LOAD, 8),
        ({"endpoint": "executor"}, LOAD, 80),
        ({"pool_threads": 8}, LOAD, 80),
        ({"stack": "2022"}, LOAD, 40),
        ({"stack": "latest", "python": "3.10"}, OfferedLoad(1000, 20), 20),
        ({"stack": "latest", "pool_threads": 8}, LOAD, 8),
        ({"stack": "t21", "python": "3.10", "pool_threads": 100}, LOAD, 40),
    ],
)
def test_the_threads_that_run_on_other_servers_endpoints_and_stacks(
    axes: dict[str, Any], load: OfferedLoad, threads: int
) -> None:
    assert threads_that_run(raw.axes(**axes), 16, load)[0] == threads


@pytest.mark.parametrize(
    ("axes", "why"),
    [
        ({"server": "waitress"}, "no rule for the server waitress"),
        ({"endpoint": "processes"}, "no rule for an endpoint on a pool of processes"),
        ({"server": "gunicorn-gthread"}, "no rule for gthread without its --threads"),
    ],
)
def test_where_there_is_no_rule_nothing_is_predicted(axes: dict[str, Any], why: str) -> None:
    prediction = predict(raw.axes(**axes), raw.calibration(), LOAD)

    assert (prediction.growth_bytes, prediction.formula) == (None, f"not predicted: {why}")
    assert prediction.inputs == {}


def test_any_workload_that_was_calibrated_is_predicted() -> None:
    prediction = predict(raw.axes(workload="model"), Calibration(3 * MIB, MIB, 0, 128, 16), LOAD)

    assert prediction.growth_bytes == (80 * 3 + 1) * MIB


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"endpoint": "async"}, "an async endpoint runs on the event loop"),
        ({"python": "3.7"}, "each request starts one more until it is full"),
        ({"python": "3.8"}, "the default pool of Python 3.8 on 16 CPUs has 20 threads; idle"),
        ({"server": "gunicorn-gthread", "pool_threads": 8}, "the server's pool has 8 threads"),
        ({"server": "flask-dev"}, "a thread a request, whose arena the next one uses"),
        ({"server": "flask-dev", "pool_threads": 0}, "without threads the server's main thread"),
        ({"server": "gunicorn-sync"}, "a sync worker runs everything on its main thread"),
        ({"endpoint": "executor", "pool_threads": 8}, "the app's own pool has 8 threads; each"),
        ({"stack": "latest"}, "anyio has 40 threads; idle threads are reused"),
    ],
)
def test_the_rule_is_said_in_words(axes: dict[str, Any], words: str) -> None:
    assert words in threads_that_run(raw.axes(**axes), 16, LOAD)[1]


def test_growth_is_workers_times_threads_times_what_one_keeps() -> None:
    prediction = predict(raw.axes(workers=2), Calibration(10 * MIB, 3 * MIB, 0, 128, 16), LOAD)

    assert prediction.growth_bytes == 2 * (80 * 10 + 3) * MIB
    assert prediction.formula == (
        "workers x (min(threads, arenas) x retained by a thread + retained by the main thread) = "
        "2 x (min(80, 128) x 10.0 MiB + 3.0 MiB) = 1,606 MiB"
    )


def test_arenas_fewer_than_threads_are_the_ceiling() -> None:
    prediction = predict(raw.axes(), Calibration(10 * MIB, 0, 0, 1, 16), LOAD)

    assert prediction.growth_bytes == 10 * MIB
    assert (prediction.inputs["threads"], prediction.inputs["arenas"]) == (80, 1)


def test_without_a_limit_there_are_eight_arenas_a_cpu() -> None:
    prediction = predict(raw.axes(), Calibration(MIB, 0, 0, None, 2), LOAD)

    assert prediction.inputs["arenas"] == 16
    assert prediction.growth_bytes == 10 * MIB


def test_an_async_endpoint_keeps_what_the_main_thread_keeps() -> None:
    prediction = predict(raw.axes(endpoint="async", workers=4), raw.calibration(), LOAD)

    assert prediction.growth_bytes == 4 * 2 * MIB


def test_without_a_calibration_nothing_is_predicted() -> None:
    prediction = predict(raw.axes(), None, LOAD)

    assert prediction.growth_bytes is None
    assert prediction.formula.startswith("not predicted")
    assert prediction.inputs == {}


@pytest.mark.parametrize(("python", "published_mib"), [("3.7", 1220), ("3.8", 69)])
def test_the_threads_first_table_comes_out(python: str, published_mib: int) -> None:
    """4 workers, 4 CPUs, one request at a time; its async arm gained about 8 MiB in 4 workers."""
    published = Calibration(TWO_LISTS_BYTES, 2 * MIB, TWO_LISTS_BYTES, 32, 4)
    prediction = predict(raw.axes(python=python, workers=4, host_cpus=4), published, ONE_AT_A_TIME)

    assert prediction.growth_bytes is not None
    assert prediction.growth_bytes / MIB == pytest.approx(published_mib, rel=0.10)


def test_a_prediction_cannot_see_a_measured_result() -> None:
    parameters = inspect.signature(predict).parameters.values()

    assert [parameter.annotation for parameter in parameters] == [
        Axes,
        Calibration | None,
        OfferedLoad,
    ]
    assert {field for field in OfferedLoad.__slots__} == {"requests", "concurrency"}
