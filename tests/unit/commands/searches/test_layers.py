"""`lab layers`: what is exchanged and run, and what is answered and written down."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lab.app.installed_packages import Distribution
from lab.app.layers import Stack
from lab.app.requests import user_app_of
from lab.app.spec import AppSpec, RequestSpec
from lab.commands.app_runs.input import app_settings
from lab.commands.app_runs.plan import AppRunPlan
from lab.commands.app_runs.run import AppRunInput
from lab.commands.searches.layers import (
    FittedExchanges,
    answer_of_run,
    close,
    fitted_to,
    layers,
    measure_variants,
    write_layer_services,
)
from lab.engines.process.environments import Installed
from lab.errors import LabError, UsageError
from lab.matrix.variants import read_matrix
from lab.records.layers import Exchange, Layer, LayersAnswer, Need, NotExchanged
from lab.units import MIB
from rich.console import Console
from support.script import Script
from support.scripted_engine import WAITS, ScriptedEngine

HERE = Installed(Path("/nowhere/bin/python3"), "CPython 3.12.1")
LOOP = Exchange(Layer.LOOP, "loop-uvloop", "uvloop in place of asyncio", command="serve --loop uv")
PURE = Exchange(Layer.EXTENSION, "pure-yarl", "yarl without its C code", environment={"NO_C": "1"})
NEWER = Exchange(Layer.PYTHON, "python-313", "Python 3.13 in place of 3.12", python="3.13")
FITTED = FittedExchanges(
    (LOOP, PURE, NEWER), {"python-313": HERE}, (NotExchanged(Layer.SERVER, "it is its own"),)
)


@pytest.fixture
def spec() -> AppSpec:
    return AppSpec(
        Path("/app/lab.toml"),
        "shop",
        command="serve",
        count=400,
        warmup=4,
        concurrency=4,
        requests=(RequestSpec(path="/own/own"),),
        memory_bytes=64 * MIB,
        environment={"A": "1"},
        ready_seconds=0.5,
        probes=False,
    )


def services(spec: AppSpec, file: Path) -> Mapping[str, dict[str, object]]:
    write_layer_services(spec, FITTED, None, file)
    layer_services: Mapping[str, dict[str, object]] = json.loads(file.read_text("utf-8"))[
        "services"
    ]
    return layer_services


def test_each_exchange_is_the_app_with_one_thing_changed(spec: AppSpec, tmp_path: Path) -> None:
    layer_services = services(spec, tmp_path / "compose.yaml")

    own = layer_services["own-shop"]
    assert layer_services["own-shop-loop-uvloop"] == {
        **own,
        "command": ["sh", "-c", "serve --loop uv"],
    }
    pure = layer_services["own-shop-pure-yarl"]
    assert pure["environment"] == {**dict(own["environment"]), "NO_C": "1"}  # type: ignore[call-overload]
    newer = layer_services["own-shop-python-313"]
    assert newer["image"] == f"{own['image']}-python-313"
    assert dict(newer["labels"])["lab.python"] == "3.13"  # type: ignore[call-overload]


def test_what_an_exchange_needs_and_cannot_be_had_is_told(spec: AppSpec) -> None:
    served = replace(spec, command="uvicorn app:app")
    installed = {"uvicorn": Distribution("uvicorn", "0.30.0", (), False)}
    stack = Stack(served, {"uvicorn": "0.30.0"}, None, ("3.13",))
    asked: list[AppSpec] = []

    def made(changed: AppSpec) -> Installed:
        asked.append(changed)
        if changed.python == "3.13":
            raise LabError("no wheel\nof uvicorn")
        return HERE

    fitted = fitted_to(stack, installed, made)

    assert [each.requirements[-1] for each in asked[:3]] == ["hypercorn", "uvloop", "httptools"]
    assert all("uvicorn==0.30.0" in each.requirements for each in asked)
    assert set(fitted.environments) == {"server-hypercorn", "loop-uvloop", "http-httptools"}
    assert [each.name for each in fitted.exchanges][-1] == "python-malloc"
    left = {each.layer: each.reason for each in fitted.left}
    assert left[Layer.PYTHON] == "Python 3.13 in place of 3.12: no wheel of uvicorn"
    assert {Layer.MIDDLEWARE, Layer.ALLOCATOR} <= set(left)


@pytest.fixture
def answer(spec: AppSpec, tmp_path: Path) -> tuple[LayersAnswer, Path, str]:
    """The answer of a run: one exchange ends the leak, one keeps it, and one does not start."""
    file = tmp_path / "compose.yaml"
    services(spec, file)
    variants = {each.name: each for each in read_matrix(file, {})}
    plan = AppRunPlan(spec, variants, (), dict.fromkeys(variants, user_app_of(spec)))
    leaking = Script(lambda served: 30 * MIB + served * 40_000)
    scripts = {
        "own-shop": leaking,
        "own-shop-loop-uvloop": Script((30 * MIB,)),
        "own-shop-pure-yarl": leaking,
        "own-shop-python-313": Script(cannot_start="no such Python"),
    }
    screen = io.StringIO()
    console = Console(file=screen, width=120)
    with ScriptedEngine(scripts, 0.002) as engine:
        settings = app_settings({"MEMORY_BUDGET": "8g"})
        folder = measure_variants(
            AppRunInput(plan, settings, engine, tmp_path / "results", WAITS), console
        )
    layers_answer = answer_of_run(spec, FITTED, folder)
    close(layers_answer, folder, console)
    return layers_answer, folder.path, screen.getvalue()


def test_the_layers_that_a_leak_needs_are_answered_and_written_down(
    answer: tuple[LayersAnswer, Path, str],
) -> None:
    layers_answer, folder, screen = answer

    needs = {each.layer: each.need for each in layers_answer.exchanges}
    assert needs == {
        Layer.LOOP: Need.NEEDED,
        Layer.EXTENSION: Need.NOT_NEEDED,
        Layer.PYTHON: Need.OPEN,
    }
    assert layers_answer.exchanges[2].reason.endswith("no such Python")
    assert layers_answer.exit_code == 0
    assert json.loads((folder / "layers.json").read_text("utf-8"))["app"] == "shop"
    assert "uvloop in place of asyncio" in (folder / "layers.md").read_text("utf-8")
    assert folder.name.endswith("-layers-shop")
    assert "not exchanged: server: it is its own" in screen
    assert "is gone with uvloop in place of asyncio." in screen


def test_containers_that_are_asked_for_are_for_make(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make layers puts them into a container"):
        layers({"ENGINE": "docker"}, tmp_path, tmp_path, Console(file=io.StringIO()))
