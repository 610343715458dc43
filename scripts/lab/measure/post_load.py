"""The post-load action of a trial: its scenario, or the allocations that were traced."""

import asyncio
from functools import partial

from lab.measure.scenarios import ScenarioContext, run_scenario
from lab.measure.startup import ReadyServer
from lab.measure.trial_context import TrialContext
from lab.probes.client import ProbeClient
from lab.records.variant import Scenario


async def post_load_action(trial: TrialContext, server: ReadyServer, requests_done: int) -> str:
    """Why the variant's scenario did not run; empty where it did. What was seen is written down.

    A server that ends in its scenario is a result, and no failed trial.
    """
    scenario = trial.variant.scenario
    if scenario is None:
        return ""
    trial.show(state=scenario.value)
    if scenario is Scenario.TRACED:
        return await write_allocations(trial, server.probes, requests_done)
    state = partial(trial.run.engine.state, trial.variant)
    context = ScenarioContext(server.probes, trial.watch, server.target, trial.run.waits, state)
    observation = await run_scenario(scenario, context) if trial.run.settings.probes else None
    if observation is None:
        return f"its scenario {scenario.value} did not run: no probe answered"
    trial.writer.write(observation)
    return ""


async def write_allocations(trial: TrialContext, probes: ProbeClient, requests_done: int) -> str:
    """Why nothing was traced; empty where it was. The lines whose allocations are still live are
    written down."""
    trace = await asyncio.to_thread(probes.traced, requests_done)
    if trace is None:
        return "nothing was traced: no probe answered"
    trial.writer.write(trace)
    return ""
