"""What the user chose, from the texts that were given."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lab.claims_file import claim_variants
from lab.errors import UsageError
from lab.records.suites import CLAIMS_SUITE
from lab.records.variant import Connection
from lab.settings import declared
from lab.settings.declared_app import CHECK
from lab.settings.declared_sharing import RESUME
from lab.settings.kinds import WholeNumber
from lab.stopping import Rule


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user chose; None means that the lab chooses."""

    suite: str
    variants: tuple[str, ...]
    host_cpus: int | None
    """CPUs shown to the variants; None: the host as it is."""
    workers: int
    requests: int
    concurrency: int
    connection: Connection
    blocks: int
    trials: int
    lanes: int | None
    memory_budget_bytes: int | None
    budget_seconds: int
    """Time in which a user app is judged."""
    engine: str
    matters_bytes: int
    """Bytes a request below which a leak does not matter."""
    seed: int
    probes: bool
    fresh: bool
    """Whether a run that was interrupted is left as it is, and a new one begun."""
    resume: str | None
    """The interrupted run that goes on; None: a new one, or the one that is found."""
    fail_on: tuple[str, ...]
    """Verdicts and outcomes that end the run with 1."""
    rule: Rule
    """When a load ends."""
    claim: str | None
    """The one statement that the run is about; None: not just one."""


def parse_settings(given: Mapping[str, str]) -> Settings:
    """The settings from texts by name.

    Raises:
        UsageError: one of them is out of range; says which, its value and what is allowed.
    """
    declared.OFFLINE.read(given)
    CHECK.read(given)
    blocks, claim = declared.BLOCKS.read(given), read_claim(given)
    return Settings(
        suite=CLAIMS_SUITE if claim else declared.SUITE.read(given),
        variants=claim_variants()[claim] if claim else declared.VARIANTS.read(given),
        host_cpus=declared.HOST_CPUS.read(given),
        workers=declared.WORKERS.read(given),
        requests=read_requests(given, blocks),
        concurrency=declared.CONCURRENCY.read(given),
        connection=Connection(declared.CONNECTION.read(given)),
        blocks=blocks,
        trials=declared.TRIALS.read(given),
        lanes=declared.LANES.read(given),
        memory_budget_bytes=declared.MEMORY_BUDGET.read(given),
        budget_seconds=declared.BUDGET.read(given),
        engine=declared.ENGINE.read(given),
        matters_bytes=declared.MATTERS.read(given),
        seed=declared.SEED.read(given),
        probes=declared.LAB_PROBES.read(given),
        fresh=declared.FRESH.read(given),
        resume=RESUME.read(given) or None,
        fail_on=declared.FAIL_ON.read(given),
        rule=Rule(declared.RULE.read(given)),
        claim=claim,
    )


def read_requests(given: Mapping[str, str], blocks: int) -> int:
    """The number of requests, at least one for each block."""
    kind = WholeNumber(blocks, declared.MOST_REQUESTS)
    return replace(declared.REQUESTS, kind=kind).read(given)


def read_claim(given: Mapping[str, str]) -> str | None:
    """The one claim that the run is about, which brings its own variants.

    Raises:
        UsageError: it is unknown, or VARIANTS are given, too.
    """
    claim = declared.ID.read(given)
    if claim and declared.VARIANTS.read(given) != ("*",):
        raise UsageError(f"ID={claim} and VARIANTS cannot be used together: give one of them")
    return claim
