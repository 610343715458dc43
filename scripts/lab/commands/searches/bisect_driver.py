"""Measures one point of a bisection: the same app, one thing changed, a short run of it."""

import asyncio
import contextlib
import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lab.app.environment import ENVIRONMENTS, ensured_environment
from lab.app.guess.failures import telling_line
from lab.app.installed_packages import Distribution, closure, with_point
from lab.app.interventions import NO_ALLOCATORS
from lab.app.requests import user_app_of
from lab.app.requirements import content, own_files
from lab.app.services import base_name
from lab.app.spec import AppSpec
from lab.app.workdir import COMPOSE_NAME, app_workdir, process_engine, write_services
from lab.bisect.measurement import measurement
from lab.commands.app_runs.prepare import prepare_data, with_servers
from lab.engines.process.environments import Installed, Preparation
from lab.engines.process.uv import Uv
from lab.errors import LabError, UsageError, VariantError
from lab.matrix.variants import read_matrix
from lab.measure.short_run import ShortLoad, ShortRunner
from lab.points.commits import write_commit
from lab.records.bisection import Point, PointKind, PointMeasurement
from lab.settings import Settings
from lab.store.point_cache import PointCache
from lab.text.packages import canonical

CACHE = "points"
METHOD = "3"
"""Part of each cached point's name: another way to measure gets another number."""
POINT_INSTALL_SECONDS = 240.0
"""A release that must be built gets no longer."""
PASSING = re.compile(
    r"time[d ]*out|connect|dns|network|fetch|not complete|no space|not answer|refused|reset"
    r"|do not say|do not end|did not answer|reports its memory",
    re.IGNORECASE,
)
"""Failures that may be gone the next time: tried once more at once, and not remembered."""

PointOutcome = tuple[PointMeasurement | None, str | None]
"""A measurement, or why there is none."""


@dataclass(frozen=True, slots=True)
class BisectBench:
    """What the points of one bisection share."""

    spec: AppSpec
    settings: Settings
    given: Mapping[str, str]
    root: Path
    kind: PointKind
    package: str
    clone: Path | None
    installed: Mapping[str, Distribution]
    """The app's own packages, by their canonical names."""

    @property
    def environments(self) -> Path:
        return (self.root / ENVIRONMENTS).absolute()


class PointPreparation(Preparation):
    """Makes environments that are used once: a start compiles only what it imports."""

    compiled = ()


class PointDriver:
    """Measures the points of one bisection, each in an environment that is gone afterwards."""

    def __init__(self, bench: BisectBench, say: Callable[[str], None]) -> None:
        self.bench, self.say = bench, say
        self.cache = PointCache(bench.environments / CACHE)
        self.uv = Uv(bench.environments)
        self.earlier_runs = 0
        """Runs that the cache had, a count."""

    def end(self) -> None:
        """End what is being installed."""
        self.uv.end()

    async def outcome(self, point: Point, run: int) -> PointOutcome:
        """The measurement of a run of a point, from the cache where it has been; or the reason.

        Args:
            run: 0 for the first run of the point.
        """
        needs = await asyncio.to_thread(self.needs, point)
        cached = self.cache.read(needs)
        if cached.fault is not None:
            return None, cached.fault
        if run < len(cached.runs):
            self.earlier_runs += 1
            return cached.runs[run], None
        measured, reason = await self.tried(point)
        if measured is None and reason is not None and PASSING.search(reason):
            measured, reason = await self.tried(point)
        if measured is not None:
            self.cache.write(replace(cached, runs=(*cached.runs, measured)))
        elif reason is not None and not PASSING.search(reason):
            self.cache.write(replace(cached, fault=reason))
        return measured, reason

    async def tried(self, point: Point) -> PointOutcome:
        """One run of a point, or why there is none."""
        try:
            return await self.measured(point), None
        except VariantError as error:
            return None, " ".join(str(error).split())

    def needs(self, point: Point) -> dict[str, str]:
        """What the measurement of a point depends on."""
        bench = self.bench
        spec = self.changed(point, f"{bench.package} at {point.label}", own_packages(bench))
        description = repr(replace(spec, file=Path(), requirements=()))
        return {
            "method": METHOD,
            "point": point.label,
            "python": spec.python,
            "app": hashlib.sha256(description.encode() + app_content(bench.spec)).hexdigest(),
            "requirements": "\n".join(spec.requirements),
            "probes": probes_content(bench.root / "apps"),
        }

    def changed(self, point: Point, line: str | None, moving: set[str]) -> AppSpec:
        """The app at a point."""
        bench = self.bench
        if bench.kind is PointKind.PYTHON:
            held = with_point(bench.spec, bench.installed, None, set())
            return replace(held, python=point.label)
        return with_point(bench.spec, bench.installed, line, moving)

    async def measured(self, point: Point) -> PointMeasurement:
        """One run of a point.

        Raises:
            VariantError: it cannot be installed or run; says why.
        """
        with self.sources(point) as line:
            spec, installed = await asyncio.to_thread(self.made, point, line)
            try:
                return await self.run(spec, installed)
            except LabError as error:
                raise VariantError(str(error)) from error
            finally:
                await asyncio.to_thread(remove, installed)

    @contextlib.contextmanager
    def sources(self, point: Point) -> Iterator[str | None]:
        """The requirement of a point; a commit's files are there for as long as the context."""
        bench = self.bench
        if bench.kind is PointKind.PYTHON:
            yield None
        elif bench.clone is None:
            yield f"{bench.package}=={point.label}"
        else:
            with tempfile.TemporaryDirectory(prefix="memlab-commit-") as folder:
                files = Path(folder) / "files"
                files.mkdir()
                package = write_commit(bench.clone, point.label, files)
                yield f"{bench.package} @ {package.as_uri()}"

    def made(self, point: Point, line: str | None) -> tuple[AppSpec, Installed]:
        """The app and its environment at a point; what it requires itself moves where it must.

        Raises:
            VariantError: it cannot be installed, with all others held or without.
        """
        bench = self.bench
        only = wheels_only(bench, point)
        first = self.changed(point, line, own_packages(bench))
        try:
            return first, self.environment(with_lines(first, only))
        except VariantError:
            looser = self.changed(point, line, closure(bench.package, bench.installed))
            if bench.kind is PointKind.PYTHON or looser == first:
                raise
            return looser, self.environment(with_lines(looser, only))

    def environment(self, spec: AppSpec) -> Installed:
        job = PointPreparation(self.uv, self.uv.root, silent, 1, POINT_INSTALL_SECONDS)
        self.uv.root.mkdir(parents=True, exist_ok=True)
        try:
            return ensured_environment(job, spec, job.interpreter(spec.python))
        except (OSError, UsageError) as error:
            raise VariantError(str(error)) from error

    async def run(self, spec: AppSpec, installed: Installed) -> PointMeasurement:
        bench = self.bench
        with app_workdir(spec) as work:
            where = (bench.root, silent)
            ready = await asyncio.to_thread(with_servers, spec, installed, work, *where)
            if failure := await asyncio.to_thread(prepare_data, spec, ready, work):
                raise VariantError(f"prepare failed: {telling_line(failure.said)}")
            file = work / COMPOSE_NAME
            write_services(spec, bench.settings.host_cpus, NO_ALLOCATORS, file)
            engine = process_engine(spec, ready, bench.settings, bench.given, bench.root, work)
            variants = {each.name: each for each in read_matrix(file, bench.given)}
            load = ShortLoad(spec.concurrency, spec.ready_seconds)
            runner = ShortRunner(engine, variants[base_name(spec)], user_app_of(spec), load)
            ran = await runner.run()
        return measurement(ran.live_bytes, ran.requests, ran.trace, ran.environment, ran.seconds)


def own_packages(bench: BisectBench) -> set[str]:
    """The packages that are not held: the one that is searched."""
    return {canonical(bench.package)}


def wheels_only(bench: BisectBench, point: Point) -> tuple[str, ...]:
    """The line that forbids a build where the index has a wheel."""
    if bench.kind is not PointKind.RELEASE or not point.has_wheel:
        return ()
    return (f"--only-binary {bench.package}",)


def with_lines(spec: AppSpec, lines: tuple[str, ...]) -> AppSpec:
    return replace(spec, requirements=(*lines, *spec.requirements))


def app_content(spec: AppSpec) -> bytes:
    """What an app's folder contributes to a measurement."""
    digest = hashlib.sha256(content(spec))
    for path in own_files(spec.folder.resolve()):
        digest.update(path.name.encode(errors="replace") + b"\0" + path.read_bytes())
    return digest.digest()


def probes_content(folder: Path) -> str:
    """A hash of the probes that are put into an app."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), *folder.glob("outside/*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def remove(installed: Installed) -> None:
    """Remove an environment, and its lock file."""
    folder = installed.python.parents[1]
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_name(f"{folder.name}.lock").unlink(missing_ok=True)


def silent(_: str) -> None:
    """Say nothing: each point has a line of its own."""
