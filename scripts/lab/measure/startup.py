"""The start of a trial: the variant's processes, its server's first answer, its first records."""

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lab.clock import now_seconds
from lab.engines.protocol import Endpoint
from lab.load.login import LoginRefused
from lab.load.request import request_of
from lab.load.target import Target, resolve
from lab.load.user_target import user_target
from lab.measure.trial_context import TrialContext, TrialEnded
from lab.prediction.predict import OfferedLoad, predict
from lab.probes.client import ProbeClient, probes_of
from lab.records.observations import Calibration
from lab.records.trial import EndKind, Environment, TrialStart
from lab.text.phrases import in_mib

POLLS_A_LOOK = 10
"""Polls of a server for one look at whether it lives: that costs the engine more than they do."""


@dataclass(frozen=True, slots=True)
class ReadyServer:
    """A variant's server that has answered."""

    target: Target
    """The target of its load."""
    probes: ProbeClient
    packages: Collection[str] | None
    """The names of its installed distributions; None where no probe tells them."""


async def start_server(trial: TrialContext) -> ReadyServer:
    """The server of a started variant, once it and each probe have answered.

    Raises:
        TrialEnded: it never answered, or it ended; or there is no room for what it would show.
        VariantError: the engine cannot start it.
    """
    trial.show(state="starting")
    if trial.writer.full:
        trial.writer.write(start_record(trial, {}))
        raise trial.no_room(trial.plan.blocks)
    endpoint = await start_variant(trial)
    sample = trial.run.engine.sample
    trial.watch.follow(await asyncio.to_thread(sample, trial.variant, trial.watch.from_thread))
    probes = probes_of(endpoint, trial.variant.axes.workers, trial.user_app)
    await wait_until_ready(trial, endpoint, probes)
    environment = await describe(trial, probes)
    packages = None if environment is None else environment.packages.keys()
    return ReadyServer(await asyncio.to_thread(target_of, trial, endpoint), probes, packages)


async def start_variant(trial: TrialContext) -> Endpoint:
    """Where the started variant answers; what is about to be measured is written down even when the
    start fails.

    An interruption waits for the engine's call, so that nothing starts after its own stop.
    """
    call = asyncio.ensure_future(asyncio.to_thread(trial.run.engine.start, trial.variant))
    container: Mapping[str, str] = {}
    try:
        endpoint = await asyncio.shield(call)
        container = endpoint.container
        return endpoint
    finally:
        await asyncio.gather(call, return_exceptions=True)
        trial.writer.write(start_record(trial, container))


def start_record(trial: TrialContext, container: Mapping[str, str]) -> TrialStart:
    plan, settings = trial.plan, trial.run.settings
    return TrialStart(
        variant=trial.variant,
        trial=trial.number,
        at_seconds=now_seconds(),
        requests=plan.requests,
        blocks=plan.blocks,
        concurrency=plan.concurrency,
        connection=plan.connection,
        probes=settings.probes,
        matters_bytes=settings.matters_bytes,
        container=container,
    )


async def wait_until_ready(trial: TrialContext, endpoint: Endpoint, probes: ProbeClient) -> None:
    waits, polls = trial.run.waits, 0
    began = time.monotonic()
    while not await asyncio.to_thread(is_ready, trial, probes):
        polls += 1
        limit_seconds = waits.ready_seconds * waits.busy_factor()
        is_late = time.monotonic() - began > limit_seconds
        if is_late or polls % POLLS_A_LOOK == 0:
            await trial.check_alive()
        if is_late:
            path = trial.health_path
            where = f"{path} on $PORT={endpoint.port}" if trial.user_app else path
            reason = f"it did not answer {where} within {limit_seconds:.0f} s"
            raise TrialEnded(EndKind.NEVER_READY, reason)
        await asyncio.sleep(waits.ready_poll_seconds)


def is_ready(trial: TrialContext, probes: ProbeClient) -> bool:
    if not probes.server_answers():
        return False
    return not trial.run.settings.probes or probes.all_answer()


def target_of(trial: TrialContext, endpoint: Endpoint) -> Target:
    """The target of the load, once the app has let its clients in.

    Raises:
        TrialEnded: its host is not known, or it let nobody in.
    """
    try:
        address = resolve(endpoint.host, endpoint.port)
    except OSError as error:
        reason = f"its host name {endpoint.host} cannot be resolved: {error}"
        raise TrialEnded(EndKind.NEVER_READY, reason) from error
    if trial.user_app is None:
        source = request_of(trial.variant.path, trial.plan.kind, trial.run.settings.seed)
        return Target(address, endpoint.port, endpoint.host, source)
    try:
        return user_target(trial.user_app, address, endpoint.port, endpoint.host)
    except LoginRefused as error:
        raise TrialEnded(EndKind.NO_REQUESTS_SERVED, str(error)) from error


async def describe(trial: TrialContext, probes: ProbeClient) -> Environment | None:
    """The variant's environment; writes it down with the calibration and the prediction that is
    made from them."""
    environment, calibration = await describe_inside(trial, probes)
    load = OfferedLoad(trial.plan.requests, trial.plan.concurrency)
    prediction = predict(trial.variant.axes, calibration, load)
    trial.writer.write(prediction)
    if prediction.growth_bytes is not None:
        trial.show(state=f"predicted +{in_mib(prediction.growth_bytes)}")
    return environment


async def describe_inside(
    trial: TrialContext, probes: ProbeClient
) -> tuple[Environment | None, Calibration | None]:
    """What the probes say of the environment, and their calibration; both are written down."""
    if not trial.run.settings.probes:
        return None, None
    environment = await asyncio.to_thread(probes.environment)
    calibration = await asyncio.to_thread(probes.calibration)
    for record in (environment, calibration):
        if record is not None:
            trial.writer.write(record)
    return environment, calibration
