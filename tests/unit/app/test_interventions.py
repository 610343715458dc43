"""The interventions that an app allows, and those that a memory breakdown asks for."""

from pathlib import Path
from typing import Any

import pytest
from lab.app.interventions import NO_ALLOCATORS, Allocators, applied, interventions_for
from lab.app.spec import AppSpec, RequestProtocol, RequestSpec
from lab.causes.causes import Plausible
from lab.causes.interventions import worth_trying
from lab.records.interventions import Cause, Intervention
from lab.records.variant import Connection


def app(command: str = "python app.py", **changes: Any) -> AppSpec:
    return AppSpec(file=Path("/app/lab.toml"), name="app", command=command, **changes)


def change(name: str, description: AppSpec, allocators: Allocators = NO_ALLOCATORS) -> Intervention:
    return next(each for each in interventions_for(description, allocators) if each.name == name)


def names(description: AppSpec) -> list[str]:
    return [each.name for each in interventions_for(description)]


def test_an_environment_is_added_to_and_not_replaced() -> None:
    changed_spec = applied(app(environment={"A": "1"}), change("one-arena", app()))
    assert changed_spec.environment == {"A": "1", "MALLOC_ARENA_MAX": "1"}


@pytest.mark.parametrize(
    ("command", "name", "becomes"),
    [
        ("gunicorn --threads 8 app:app", "one-thread", "gunicorn --threads 1 app:app"),
        ("python -m uvicorn app:app", "asyncio-loop", "python -m uvicorn app:app --loop asyncio"),
    ],
)
def test_a_servers_own_options(command: str, name: str, becomes: str) -> None:
    assert applied(app(command), change(name, app(command))).command == becomes


def test_gunicorn_recycles_its_workers_by_its_environment() -> None:
    changed_spec = applied(app("gunicorn app:app"), change("max-requests", app("gunicorn app:app")))
    assert changed_spec.environment == {
        "GUNICORN_CMD_ARGS": "--max-requests 500 --max-requests-jitter 50"
    }


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python app.py", "max-requests"),
        ("gunicorn --max-requests 9 app:app", "max-requests"),
        ("python app.py", "asyncio-loop"),
        ("uvicorn app:app --loop uvloop", "asyncio-loop"),
        ("python app.py", "jemalloc"),
    ],
)
def test_what_cannot_be_changed_is_not_offered(command: str, name: str) -> None:
    assert name not in names(app(command))


@pytest.mark.parametrize("name", ["jemalloc", "mimalloc"])
def test_another_allocator_is_tried_where_its_library_is(name: str) -> None:
    allocators = Allocators(jemalloc="/lib/jemalloc.so", mimalloc="/lib/mimalloc.so")
    preloaded = change(name, app(), allocators)

    assert preloaded.environment == {"LD_PRELOAD": f"/lib/{name}.so"}
    assert name not in names(app())


def test_an_app_of_many_gunicorn_workers_is_loaded_before_the_fork() -> None:
    several = app("gunicorn app:app", workers=4, environment={"GUNICORN_CMD_ARGS": "-t 9"})
    preload = change("preload", several)

    assert preload.environment == {"LAB_GC_FREEZE": "1", "GUNICORN_CMD_ARGS": "-t 9 --preload"}
    assert [
        each.name for each in worth_trying([suspect(Cause.LIVE_OBJECTS)], [preload], most=99)
    ] == ["preload"]
    assert worth_trying([suspect(Cause.THREADS)], [preload]) == ()
    assert "preload" not in names(app("gunicorn --preload app:app", workers=4))
    assert "preload" not in names(app("gunicorn app:app"))
    assert "preload" not in names(app("uvicorn app:app", workers=4))


def test_connections_are_changed_to_the_other_kind() -> None:
    kept = app(requests=(RequestSpec(connection=Connection.KEEP_ALIVE), RequestSpec()))
    assert {r.connection for r in applied(kept, change("no-keep-alive", kept)).requests} == {
        Connection.CLOSE
    }
    assert "keep-alive" in names(app())
    assert "keep-alive" not in names(app(requests=(RequestSpec(kind=RequestProtocol.TCP),)))


def test_only_an_app_of_many_workers_is_frozen_before_a_fork() -> None:
    several = app("gunicorn --preload app:app", workers=4)

    assert change("gc-freeze", several).environment == {"LAB_GC_FREEZE": "1"}
    assert "gc-freeze" not in names(app("gunicorn app:app"))
    assert "gc-freeze" not in names(app("gunicorn app:app", workers=4, probes=False))


def suspect(cause: Cause) -> Plausible:
    return Plausible(cause, 1, "")


def test_only_what_would_prove_a_plausible_cause_is_tried() -> None:
    interventions = interventions_for(app("gunicorn --threads 4 app:app"), Allocators("/lib/j.so"))
    by_cause = {
        cause: {each.name for each in worth_trying([suspect(cause)], interventions, most=99)}
        for cause in Cause
    }
    assert by_cause[Cause.PAGE_CACHE] == set()
    assert by_cause[Cause.LIVE_OBJECTS] == {"max-requests"}
    assert by_cause[Cause.THREAD_ARENAS] >= {"one-arena", "thresholds", "jemalloc", "one-thread"}


def test_the_likeliest_cause_comes_first_and_no_more_than_fit() -> None:
    interventions = interventions_for(app())
    trials = worth_trying(
        [suspect(Cause.SOCKETS), suspect(Cause.THREAD_ARENAS)], interventions, most=2
    )
    assert [each.name for each in trials] == ["keep-alive", "one-arena"]


def test_a_stop_gap_is_tried_last_and_proves_nothing() -> None:
    interventions = interventions_for(app("gunicorn app:app"))
    trials = worth_trying([suspect(Cause.FRAGMENTATION)], interventions, most=99)

    assert [each.name for each in trials if each.is_stop_gap] == ["max-requests"]
    assert trials[-1].is_stop_gap
    assert trials[-1].proves == ()
