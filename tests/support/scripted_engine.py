"""Variants that show the memory they are told to: through every part of the lab, no engine."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

import uvloop
from lab.engines.protocol import Endpoint, Sampling, VariantState
from lab.errors import VariantError
from lab.load.client import Timing
from lab.measure.cooldown_rules import Waits
from lab.records.experiment import EngineInfo, EngineKind
from lab.records.observations import Sample
from lab.records.variant import Variant
from support.script import Script
from support.scripted_server import ScriptedServer

PACE_SECONDS = 0.01
WAITS = Waits(
    ready_seconds=2.0,
    busy_factor=lambda: 1.0,
    ready_poll_seconds=0.01,
    reading_seconds=0.5,
    min_cooldown_seconds=lambda *_: 0.005,
    watched_seconds=0.005,
    short_watched_seconds=0.003,
    patience_seconds=1.0,
    orphaned_seconds=0.03,
    load=Timing(driver_cpu_seconds=lambda: 0.0),
)
"""The timing of a run on this engine, whose servers share the driver's process and its CPU time."""


class ScriptedSampling:
    """Hands over a reading at every step of the pace."""

    def __init__(
        self,
        running: ScriptedServer,
        pace_seconds: float,
        on_sample: Callable[[Sample | None], None],
    ) -> None:
        self.running, self.pace_seconds, self.on_sample = running, pace_seconds, on_sample
        self.paused = True
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.read, name="scripted-readings", daemon=True)
        self.thread.start()

    def read(self) -> None:
        while not self.stopped.wait(self.pace_seconds):
            if not self.paused:
                self.on_sample(self.running.sample())

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def stop(self) -> None:
        self.stopped.set()


class ScriptedEngine:
    """An engine of scripts, by the variant's name; ends with its `with` block."""

    def __init__(self, scripts: Mapping[str, Script], pace_seconds: float = PACE_SECONDS) -> None:
        self.scripts, self.pace_seconds = scripts, pace_seconds
        self.running: dict[str, ScriptedServer] = {}
        self.started: list[str] = []
        self.stopped: list[str] = []
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="scripted", daemon=True)

    def __enter__(self) -> "ScriptedEngine":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for running in self.running.values():
            self.call(running.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def call(self, method: Callable[[], Any]) -> None:
        asyncio.run_coroutine_threadsafe(method(), self.loop).result()

    def info(self) -> EngineInfo:
        return EngineInfo(EngineKind.SCRIPTED, "1", "scripted")

    def can_restart(self) -> bool:
        return True

    def start(self, variant: Variant) -> Endpoint:
        script = self.scripts.get(variant.name)
        if script is None:
            raise VariantError(f"{variant.name} has no script")
        if variant.name in self.running and not self.running[variant.name].dead:
            raise VariantError(f"{variant.name} still runs, so none is fresh")
        if script.cannot_start:
            raise VariantError(f"{variant.name}: {script.cannot_start}")
        running = self.running[variant.name] = ScriptedServer(variant, script, self.loop)
        self.started.append(variant.name)
        self.call(running.open)
        return running.endpoint()

    def sample(self, variant: Variant, on_sample: Callable[[Sample | None], None]) -> Sampling:
        return ScriptedSampling(self.running[variant.name], self.pace_seconds, on_sample)

    def state(self, variant: Variant) -> VariantState:
        running = self.running.get(variant.name)
        if running is not None:
            reason = "its server ended as its script says" * running.dead
            at_limit = bool(running.dead) and running.script.killed_at_limit
            return VariantState(not running.dead, reason, at_limit)
        if variant.name in self.stopped:
            return VariantState(running=False, reason="it was stopped")
        raise VariantError(f"{variant.name} was never started")

    def log_tail(self, variant: Variant, lines: int = 12) -> tuple[str, ...]:
        script = self.scripts.get(variant.name)
        return script.log[-lines:] if script else ()

    def stop(self, variant: Variant) -> None:
        self.stopped.append(variant.name)
        if running := self.running.pop(variant.name, None):
            self.call(running.close)
