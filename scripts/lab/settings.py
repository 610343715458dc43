"""The settings: names, defaults, ranges. Standard library only, so any Python can check them."""

import math
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.errors import LabError, UsageError
from lab.paths import CLAIMS_FILE, DOTENV_FILE
from lab.records.judgement import MIN_LEAK_BYTES_PER_REQUEST, Outcome, Verdict
from lab.records.variant import Connection

DOTENV_FILE_READER = Path(__file__).resolve().parents[1] / "dotenv.awk"
HOST_CPUS_SHOWN = (1, 2, 4, 8, 12, 16, 24, 32, 40, 48, 64, 96, 128)
"""Numbers for which images/cpus holds the file that the variant is shown."""
MIN_BLOCKS = 8
WHOLE_NUMBER = re.compile(r"[0-9]{1,12}")
SIZE_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?", re.IGNORECASE)
FAIL_ON = (Verdict.LEAK.value, Outcome.REFUTED.value)
ENGINES = ("auto", "docker", "process")
CLAIM = re.compile(r"^- id: (T\d+)$(.*?)(?=^- id:|^topics:|\Z)", re.MULTILINE | re.DOTALL)
CLAIM_VARIANTS = re.compile(r"^  (?:variants|beside):\s*\{(.*?)\}", re.MULTILINE | re.DOTALL)
CLAIMS_SUITE = "thread"


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
    engine: str
    matters_bytes: int
    """Bytes a request below which a leak does not matter."""
    seed: int
    probes: bool
    fresh: bool
    """Whether a run that was interrupted is left as it is, and a new one begun."""
    fail_on: tuple[str, ...]
    """Verdicts and outcomes that end the run with 1."""
    claim: str | None
    """The one statement that the run is about; None: not just one."""


def parse_size(text: str) -> int:
    """Bytes of a size such as `512m`, `4g`, `4GiB` (1024-based, as Docker reads them).

    Raises:
        ValueError: it is not a size.
    """
    match = SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    size = float(match[1]) * SIZE_UNITS[match[2].lower()]
    if not math.isfinite(size):
        raise ValueError(text)
    return int(size)


@cache
def claim_variants() -> dict[str, tuple[str, ...]]:
    """The variants of each claim, from the text of claims.yaml: no YAML reader is needed."""
    found = CLAIM.findall(CLAIMS_FILE.read_text(encoding="utf-8"))
    return {
        name: tuple(re.findall(r": ([a-z0-9-]+)", " ".join(CLAIM_VARIANTS.findall(text))))
        for name, text in found
    }


def near(value: str) -> str:
    """The claim whose number is nearest to what was written."""
    digits = "".join(re.findall(r"[0-9]", value))[:6]
    return min(claim_variants(), key=lambda known: abs(int(known[1:]) - int(digits or 1)))


def refuse(name: str, value: str, allowed: str) -> UsageError:
    return UsageError(f"{name}={value!r} cannot be used: allowed is {allowed}")


class Reader:
    """Reads one setting after another, refusing the first that is out of range."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given

    def text(self, name: str, default: str) -> str:
        return self.given.get(name, "").strip() or default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if not WHOLE_NUMBER.fullmatch(value) or not low <= int(value) <= high:
            raise refuse(name, value, f"a whole number from {low} to {high}")
        return int(value)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, choices[0])
        if value not in choices:
            raise refuse(name, value, "one of " + ", ".join(choices))
        return value

    def lanes(self) -> int | None:
        value = self.text("LANES", "auto")
        if value == "auto":
            return None
        if not WHOLE_NUMBER.fullmatch(value) or not 1 <= int(value) <= 64:
            raise refuse("LANES", value, "auto or a whole number from 1 to 64")
        return int(value)

    def globs(self) -> tuple[str, ...]:
        words = re.split(r"[\s,]+", self.text("VARIANTS", "*"))
        return tuple(filter(None, words)) or ("*",)

    def fail_on(self) -> tuple[str, ...]:
        value = self.text("FAIL_ON", "")
        names = tuple(filter(None, re.split(r"[\s,]+", value)))
        if not set(names) <= set(FAIL_ON):
            raise refuse(
                "FAIL_ON", value, " and ".join(FAIL_ON) + ", separated by spaces or commas"
            )
        return names

    def host_cpus(self) -> int | None:
        value = self.text("HOST_CPUS", "16")
        if value == "host":
            return None
        if value not in map(str, HOST_CPUS_SHOWN):
            raise refuse(
                "HOST_CPUS", value, "host or one of " + ", ".join(map(str, HOST_CPUS_SHOWN))
            )
        return int(value)

    def size(self, name: str) -> int | None:
        value = self.text(name, "auto")
        if value == "auto":
            return None
        try:
            size_bytes = parse_size(value)
        except ValueError:
            size_bytes = 0
        if size_bytes < 64 << 20:
            raise refuse(name, value, "auto or a size of at least 64m, such as 8g")
        return size_bytes

    def claim(self) -> str | None:
        value = self.text("ID", "").upper()
        known = tuple(claim_variants())
        if value and value not in known:
            raise refuse("ID", value, f"{known[0]} to {known[-1]}; the nearest is {near(value)}")
        if value and self.globs() != ("*",):
            raise UsageError(f"ID={value} and VARIANTS cannot be used together: give one of them")
        return value or None

    def suite(self) -> str:
        value = self.text("SUITE", "core")
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", value):
            raise refuse("SUITE", value, "the name of a suite, such as core")
        return value


def parse_settings(given: Mapping[str, str]) -> Settings:
    """The settings from an environment.

    Raises:
        UsageError: one of them is out of range; says which, its value and what is allowed.
    """
    read = Reader(given)
    blocks = read.number("BLOCKS", MIN_BLOCKS, MIN_BLOCKS, 1000)
    claim = read.claim()
    settings = Settings(
        suite=CLAIMS_SUITE if claim else read.suite(),
        variants=claim_variants()[claim] if claim else read.globs(),
        host_cpus=read.host_cpus(),
        workers=read.number("WORKERS", 1, 1, 64),
        requests=read.number("REQUESTS", 1000, blocks, 10_000_000),
        concurrency=read.number("CONCURRENCY", 40, 1, 10_000),
        connection=Connection(read.choice("CONNECTION", tuple(item.value for item in Connection))),
        blocks=blocks,
        trials=read.number("TRIALS", 1, 1, 100),
        lanes=read.lanes(),
        memory_budget_bytes=read.size("MEMORY_BUDGET"),
        engine=read.choice("ENGINE", ENGINES),
        matters_bytes=read.number("MATTERS", MIN_LEAK_BYTES_PER_REQUEST, 1, 1 << 30),
        seed=read.number("SEED", 596, 0, 2**32 - 1),
        probes=read.choice("LAB_PROBES", ("1", "0")) == "1",
        fresh=read.choice("FRESH", ("0", "1")) == "1",
        fail_on=read.fail_on(),
        claim=claim,
    )
    read.choice("OFFLINE", ("0", "1"))
    return settings


def read_dotenv(path: Path) -> dict[str, str]:
    """The values of a .env file by name, read by the one reader that the shell uses, too.

    Raises:
        UsageError: a line cannot be read; says which and why.
        LabError: this machine has no awk.
    """
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            read = subprocess.run(
                ["awk", "-f", DOTENV_FILE_READER],
                stdin=file,
                capture_output=True,
                env={**os.environ, "LC_ALL": "C"},
                check=False,
            )
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}: {error.filename}") from error
    if read.returncode:
        raise UsageError(os.fsdecode(read.stderr).strip().removeprefix("lab: "))
    lines = os.fsdecode(read.stdout).split("\n")[:-1]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def given_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment over .env, as Compose reads them.

    Raises:
        LabError: .env cannot be read.
    """
    given = {name: value for name, value in environment.items() if value}
    return {**read_dotenv(DOTENV_FILE), **given}
