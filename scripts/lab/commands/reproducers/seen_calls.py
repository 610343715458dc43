"""What the functions of an app are called with, seen while a copy of it is served."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lab.app.guess.failures import telling_line
from lab.app.interventions import NO_ALLOCATORS
from lab.app.requests import user_app_of
from lab.app.services import base_name
from lab.app.workdir import COMPOSE_NAME, COPY, app_workdir, process_engine, write_services
from lab.commands.app_runs.input import app_settings
from lab.commands.app_runs.prepare import prepare_data, with_servers
from lab.commands.reproducers.kept_app import KeptApp
from lab.errors import VariantError
from lab.files import read_bytes
from lab.matrix.variants import read_matrix
from lab.measure.short_run import ShortLoad, ShortRunner
from lab.paths import ROOT
from lab.reproducer.sites import SEEN_FILE, SeenSite, WatchedFile, seen_of
from lab.units import MIB

REQUESTS = 20
MOST_CALLS_BYTES = 16 * MIB
NAME = "seen.txt"


def seen_calls(
    app: KeptApp, file: str, watched: WatchedFile, given: Mapping[str, str]
) -> Mapping[int, SeenSite]:
    """What was seen of each site of a file of the app while some requests were served.

    Raises:
        LabError: the copy cannot be served.
    """
    with app_workdir(app.spec) as work:
        seen = work / NAME
        seen.write_text("", encoding="utf-8")
        (work / COPY / file).write_text(watched.text, encoding="utf-8")
        environment = {**app.spec.environment, SEEN_FILE: str(seen)}
        spec = replace(app.spec, environment=environment, workers=1)
        return asyncio.run(served(replace(app, spec=spec), work, seen, given))


async def served(
    app: KeptApp, work: Path, seen: Path, given: Mapping[str, str]
) -> Mapping[int, SeenSite]:
    """What was seen of each site while the copy was served, by the site's number.

    Raises:
        LabError: it does not come up, or serves nothing.
    """
    spec, settings = app.spec, app_settings(given)
    ready = await asyncio.to_thread(with_servers, spec, app.installed, work, ROOT, silent)
    if failure := await asyncio.to_thread(prepare_data, spec, ready, work):
        raise VariantError(f"prepare failed: {telling_line(failure.said)}")
    write_services(spec, settings.host_cpus, NO_ALLOCATORS, work / COMPOSE_NAME)
    engine = process_engine(spec, ready, settings, given, ROOT, work)
    variant = {v.name: v for v in read_matrix(work / COMPOSE_NAME, given)}[base_name(spec)]
    load = ShortLoad(1, spec.ready_seconds)
    runner = ShortRunner(engine, variant, user_app_of(spec), load)
    async with runner.served() as (_, target):
        await runner.send(target, 1)
        before = len(lines_of(seen))
        done = await runner.send(target, REQUESTS)
        return seen_of(lines_of(seen)[before:], done)


def lines_of(seen: Path) -> list[str]:
    """The lines that the served copy has written down so far.

    Raises:
        LabError: it is too large, or no file any more.
    """
    return read_bytes(seen, MOST_CALLS_BYTES).decode(errors="replace").splitlines()


def silent(_: str) -> None:
    """Say nothing: the run that is reproduced said all of it."""
