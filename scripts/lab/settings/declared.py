"""Every setting, declared once.

The parser and `lab settings` read it here; docs/settings.md, compose.yaml and the shell scripts are
tested against it.
"""

from typing import Any

from lab.records.experiment import EngineKind
from lab.records.judgement import (
    LEAST_BLOCKS,
    MIN_LEAK_BYTES_PER_REQUEST,
    MOST_MATTERS_BYTES,
    Outcome,
    Verdict,
)
from lab.records.run_limits import MOST_ASKED_BLOCKS, MOST_WORKERS
from lab.records.variant import Connection
from lab.settings.bisect import BAD, GIT, GOOD, PACKAGE, PYTHON
from lab.settings.claim_ids import ClaimId
from lab.settings.declared_app import APP, CHECK, EXAMPLE, WATCH
from lab.settings.declared_sharing import BUNDLE, BUNDLE_LIMIT, RESUME, RUN, TRUST, WITH
from lab.settings.kinds import (
    Duration,
    Globs,
    OneOf,
    OneOfOrHost,
    SizeOrAuto,
    SomeOf,
    Switch,
    Text,
    WholeNumber,
    WholeNumberOrAuto,
)
from lab.settings.setting import Setting
from lab.units import MIB

HOST_CPUS_SHOWN = (1, 2, 4, 8, 12, 16, 24, 32, 40, 48, 64, 96, 128)
"""Numbers for which images/cpus holds the file that the variant is shown."""
MOST_REQUESTS = 10_000_000
SMALLEST_BUDGET_BYTES = 64 * MIB
LEAST_BUDGET_SECONDS = 30
FAIL_ON_WORDS = (Verdict.LEAK.value, Outcome.REFUTED.value)
SUITES_RUN = ("repro", "claims", "claim")
MEASURING = (*SUITES_RUN, "try")
TRIALS_RUN = (*MEASURING, "layers")

SUITE = Setting(
    "SUITE",
    Text("the name of a suite, such as core", r"[a-z0-9][a-z0-9-]*"),
    "core",
    "which variants: the suite's label in `compose.yaml`",
    "thread",
    ("repro", "images", "doctor"),
)
ID = Setting(
    "ID",
    ClaimId(),
    "",
    "one claim, whose suite and variants are chosen by it",
    "T23",
    ("claim",),
)
VARIANTS = Setting(
    "VARIANTS",
    Globs(),
    "*",
    "which variants, by name; a name that the suite does not have is looked for in the others",
    "'py37-* py38-flask'",
    ("repro", "claims", "images"),
)
HOST_CPUS = Setting(
    "HOST_CPUS",
    OneOfOrHost(HOST_CPUS_SHOWN),
    "16",
    "CPUs shown to the variants; `host`: the machine's own, which is `make try`'s default",
    "40",
    (*TRIALS_RUN, "bisect"),
)
WORKERS = Setting(
    "WORKERS", WholeNumber(1, MOST_WORKERS), "1", "worker processes of each server", "4", SUITES_RUN
)
REQUESTS = Setting(
    "REQUESTS",
    WholeNumber(LEAST_BLOCKS, MOST_REQUESTS),
    "1000",
    "exact number of requests a trial, at least `BLOCKS`; one that stays undecided gets more",
    "10000",
    SUITES_RUN,
)
MATTERS = Setting(
    "MATTERS",
    WholeNumber(1, MOST_MATTERS_BYTES),
    str(MIN_LEAK_BYTES_PER_REQUEST),
    "bytes a request: a trend that is surely smaller is not a leak to you. The default makes 1 MiB "
    "in 4,000 requests, about what the troughs of one worker can show",
    "1024",
    TRIALS_RUN,
)
CONCURRENCY = Setting(
    "CONCURRENCY",
    WholeNumber(1, 10_000),
    "40",
    "requests in flight, closed loop",
    "100",
    SUITES_RUN,
)
CONNECTION = Setting(
    "CONNECTION",
    OneOf(tuple(item.value for item in Connection)),
    Connection.CLOSE.value,
    "`close`: a connection a request, as the thread's client did",
    "keep-alive",
    SUITES_RUN,
)
BLOCKS = Setting(
    "BLOCKS",
    WholeNumber(LEAST_BLOCKS, MOST_ASKED_BLOCKS),
    str(LEAST_BLOCKS),
    "equal shares of the load, each followed by a cooldown",
    "12",
    SUITES_RUN,
)
TRIALS = Setting(
    "TRIALS",
    WholeNumber(1, 100),
    "1",
    "fresh containers a variant; the numbers are medians",
    "3",
    MEASURING,
)
LANES = Setting(
    "LANES",
    WholeNumberOrAuto(1, 64),
    "auto",
    "slots: variants that are up side by side; `auto`: as many as the memory budget holds",
    "2",
    (*TRIALS_RUN, "bisect"),
)
MEMORY_BUDGET = Setting(
    "MEMORY_BUDGET",
    SizeOrAuto(SMALLEST_BUDGET_BYTES),
    "auto",
    "for the sum of the variants' limits; `auto`: 80 % of what is free",
    "8g",
    (*TRIALS_RUN, "bisect"),
)
ENGINE = Setting(
    "ENGINE",
    OneOf(("auto", EngineKind.DOCKER.value, EngineKind.PROCESS.value)),
    "auto",
    "`docker` and `process` insist; `auto` takes Docker when it answers, else local processes",
    EngineKind.PROCESS.value,
    (*MEASURING, "layers", "bisect", "reproduce", "verify", "doctor"),
)
BUDGET = Setting(
    "BUDGET",
    Duration(LEAST_BUDGET_SECONDS),
    "3m",
    "time in which an app is judged: slow apps get fewer requests, and what stays open says what "
    "it would take",
    "10m",
    ("try", "verify"),
)
SEED = Setting(
    "SEED",
    WholeNumber(0, 2**32 - 1),
    "596",
    "seed of the bytes that an upload sends",
    "1",
    SUITES_RUN,
)
FRESH = Setting(
    "FRESH",
    Switch(),
    "0",
    "`1`: begin a new run where an interrupted run of the suite `thread` would be continued",
    "1",
    SUITES_RUN,
    is_recorded=False,
)
RULE = Setting(
    "RULE", OneOf(("fixed", "sequential")), "fixed", "how a load ends", "sequential", MEASURING
)
FAIL_ON = Setting(
    "FAIL_ON",
    SomeOf(FAIL_ON_WORDS),
    "",
    "answers that end a run with exit code 1, for CI",
    "leak",
    TRIALS_RUN,
)
OFFLINE = Setting(
    "OFFLINE",
    Switch(),
    "0",
    "`1`: do not try to pull official images",
    "1",
    (*MEASURING, "layers", "bisect", "images", "doctor"),
)
LAB_PROBES = Setting(
    "LAB_PROBES",
    Switch(),
    "1",
    "`0`: nothing of the lab inside the app; the verdict comes from the engine alone",
    "0",
    TRIALS_RUN,
)
RESULTS = Setting(
    "RESULTS",
    Text("a folder"),
    "./results",
    "where runs are kept",
    "/data/results",
    (*TRIALS_RUN, "report", "compare", "reproduce", "bundle", "verify", "bisect"),
    is_recorded=False,
)
COMPOSE = Setting(
    "COMPOSE",
    Text("the command"),
    "",
    "the Compose to use, if not the one that is found: `docker compose`, else `docker-compose` "
    "(2.40 with BuildKit and 1.29.2 are tested)",
    "docker-compose",
    (*MEASURING, "images", "doctor"),
    is_recorded=False,
)
COMPOSE_PROJECT_NAME = Setting(
    "COMPOSE_PROJECT_NAME",
    Text("a project's name"),
    "memlab",
    "names the lab's containers, networks and volumes; a clone adds its digits to that of `.env`",
    "memlab2",
    (*MEASURING, "images", "clean"),
    is_recorded=False,
)
DOCKER_SOCKET = Setting(
    "DOCKER_SOCKET",
    Text("a path"),
    "/var/run/docker.sock",
    "the engine's socket, which only the gate sees",
    "/run/user/1000/docker.sock",
    MEASURING,
    is_recorded=False,
)

SETTINGS: tuple[Setting[Any], ...] = (
    SUITE,
    ID,
    VARIANTS,
    HOST_CPUS,
    WORKERS,
    REQUESTS,
    MATTERS,
    CONCURRENCY,
    CONNECTION,
    BLOCKS,
    TRIALS,
    LANES,
    MEMORY_BUDGET,
    BUDGET,
    ENGINE,
    APP,
    EXAMPLE,
    CHECK,
    WATCH,
    PACKAGE,
    GOOD,
    BAD,
    GIT,
    PYTHON,
    RUN,
    WITH,
    BUNDLE,
    BUNDLE_LIMIT,
    TRUST,
    RESULTS,
    SEED,
    FRESH,
    RULE,
    RESUME,
    FAIL_ON,
    OFFLINE,
    LAB_PROBES,
    COMPOSE,
    COMPOSE_PROJECT_NAME,
    DOCKER_SOCKET,
)
"""In the order in which they are listed."""
