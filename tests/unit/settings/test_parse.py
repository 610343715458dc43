import re
from pathlib import Path

import pytest
from lab.__main__ import main
from lab.errors import ExitCode, UsageError
from lab.records.variant import Connection
from lab.settings import given_settings, parse_settings, parse_size
from lab.settings.declared import HOST_CPUS_SHOWN
from support.paths import ROOT

CPUS = ROOT / "images" / "cpus"
WHOLE = "a whole number from {} to {}"
SHOWN = "host or one of 1, 2, 4, 8, 12, 16, 24, 32, 40, 48, 64, 96, 128"
SIZES = "auto or a size of at least 64m, such as 8g"
LANES = "auto or a whole number from 1 to 64"


@pytest.mark.parametrize(
    ("field", "default"),
    [
        ("suite", "core"),
        ("variants", ("*",)),
        ("host_cpus", 16),
        ("workers", 1),
        ("requests", 1000),
        ("concurrency", 40),
        ("connection", Connection.CLOSE),
        ("blocks", 8),
        ("trials", 1),
        ("lanes", None),
        ("memory_budget_bytes", None),
        ("engine", "auto"),
        ("seed", 596),
        ("probes", True),
        ("fresh", False),
        ("fail_on", ()),
        ("claim", None),
    ],
)
def test_default(field: str, default: object) -> None:
    assert getattr(parse_settings({}), field) == default


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("SUITE", "thread", "suite", "thread"),
        ("VARIANTS", "py37-* py38-flask", "variants", ("py37-*", "py38-flask")),
        ("VARIANTS", "a,b, c\nd", "variants", ("a", "b", "c", "d")),
        ("VARIANTS", "a,", "variants", ("a",)),
        ("VARIANTS", ",", "variants", ("*",)),
        ("HOST_CPUS", "40", "host_cpus", 40),
        ("HOST_CPUS", "host", "host_cpus", None),
        ("WORKERS", "12", "workers", 12),
        ("REQUESTS", "10000000", "requests", 10_000_000),
        ("CONCURRENCY", "1", "concurrency", 1),
        ("CONNECTION", "keep-alive", "connection", Connection.KEEP_ALIVE),
        ("BLOCKS", "20", "blocks", 20),
        ("TRIALS", "3", "trials", 3),
        ("LANES", "2", "lanes", 2),
        ("LANES", "auto", "lanes", None),
        ("MEMORY_BUDGET", "8g", "memory_budget_bytes", 8 << 30),
        ("MEMORY_BUDGET", "auto", "memory_budget_bytes", None),
        ("ENGINE", "docker", "engine", "docker"),
        ("SEED", "0", "seed", 0),
        ("LAB_PROBES", "0", "probes", False),
        ("FRESH", "1", "fresh", True),
        ("FAIL_ON", "leak", "fail_on", ("leak",)),
        ("FAIL_ON", "refuted, leak", "fail_on", ("refuted", "leak")),
        ("WORKERS", " 4 ", "workers", 4),
        ("WORKERS", "", "workers", 1),
    ],
)
def test_good(name: str, value: str, field: str, expected: object) -> None:
    assert getattr(parse_settings({name: value}), field) == expected


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("SUITE", "../etc", "the name of a suite, such as core"),
        ("HOST_CPUS", "3", SHOWN),
        ("HOST_CPUS", "Host", SHOWN),
        ("WORKERS", "0", WHOLE.format(1, 64)),
        ("WORKERS", "65", WHOLE.format(1, 64)),
        ("REQUESTS", "7", WHOLE.format(8, 10_000_000)),
        ("REQUESTS", "1e3", WHOLE.format(8, 10_000_000)),
        ("REQUESTS", "1_000", WHOLE.format(8, 10_000_000)),
        ("REQUESTS", "\u0661\u0660\u0660", WHOLE.format(8, 10_000_000)),
        ("REQUESTS", "9" * 5000, WHOLE.format(8, 10_000_000)),
        ("CONCURRENCY", "-1", WHOLE.format(1, 10_000)),
        ("CONNECTION", "keepalive", "one of close, keep-alive"),
        ("BLOCKS", "7", WHOLE.format(8, 1000)),
        ("TRIALS", "101", WHOLE.format(1, 100)),
        ("LANES", "0", LANES),
        ("LANES", "many", LANES),
        ("MEMORY_BUDGET", "63m", SIZES),
        ("MEMORY_BUDGET", "lots", SIZES),
        ("MEMORY_BUDGET", "9" * 400, SIZES),
        ("ENGINE", "podman", "one of auto, docker, process"),
        ("SEED", "4294967296", WHOLE.format(0, 2**32 - 1)),
        ("LAB_PROBES", "no", "one of 0, 1"),
        ("OFFLINE", "yes", "one of 0, 1"),
        ("FAIL_ON", "flat", "leak and refuted, separated by spaces or commas"),
        ("FAIL_ON", "leak;refuted", "leak and refuted, separated by spaces or commas"),
    ],
)
def test_refused_in_one_line_with_name_value_and_what_is_allowed(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(UsageError) as refused:
        parse_settings({name: value})

    assert str(refused.value) == f"{name}={value!r} cannot be used: allowed is {allowed}"


def test_a_refusal_stays_on_one_line() -> None:
    with pytest.raises(UsageError) as refused:
        parse_settings({"SUITE": "core\nlab.suite: other"})

    assert "\n" not in str(refused.value)


def test_each_block_needs_a_request() -> None:
    with pytest.raises(UsageError, match="a whole number from 20 to"):
        parse_settings({"BLOCKS": "20", "REQUESTS": "19"})


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("512m", 512 << 20),
        ("4g", 4 << 30),
        ("4GiB", 4 << 30),
        ("1.5g", 3 << 29),
        ("100", 100),
        ("64 k", 64 << 10),
        ("7b", 7),
    ],
)
def test_sizes_as_docker_reads_them(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", [" ", "g", "-1g", "1t", "1e3", "nan"])
def test_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        parse_size(text)


def test_the_environment_comes_before_dotenv(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("WORKERS=4\nBLOCKS=10\nTRIALS=2\n", encoding="utf-8")

    given = given_settings({"WORKERS": "2", "TRIALS": ""}, path)

    assert given == {"WORKERS": "2", "BLOCKS": "10", "TRIALS": "2"}


@pytest.mark.parametrize(("blocks", "code"), [("8", 0), ("7", ExitCode.USAGE)])
def test_the_check_before_anything_is_built(
    blocks: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BLOCKS", blocks)

    assert main(["check-settings"]) == code
    assert capsys.readouterr().err.count("\n") == (1 if code else 0)


def test_the_exit_code_of_a_refused_setting_is_64() -> None:
    assert ExitCode.USAGE == 64


def test_every_number_of_cpus_has_its_file() -> None:
    files = {path.name for path in CPUS.iterdir()}

    assert files == {"host", *map(str, HOST_CPUS_SHOWN)}


@pytest.mark.parametrize("cpus", HOST_CPUS_SHOWN)
def test_a_file_of_cpus_is_what_the_kernel_would_say(cpus: int) -> None:
    text = (CPUS / str(cpus)).read_text(encoding="ascii").strip()

    assert text == ("0" if cpus == 1 else f"0-{cpus - 1}")


def test_the_hosts_own_cpus_are_its_own_file() -> None:
    assert str((CPUS / "host").readlink()) == "/sys/devices/system/cpu/online"


def test_a_claim_names_its_suite_and_its_variants() -> None:
    settings = parse_settings({"ID": "t23", "SUITE": "core", "VARIANTS": "*"})

    assert (settings.claim, settings.suite) == ("T23", "thread")
    assert settings.variants == ("py37-uvicorn-uvloop", "py37-uvicorn-asyncio")


@pytest.mark.parametrize(
    ("value", "nearest"),
    [("T43", "T42"), ("T5", "T05"), ("99", "T42"), ("T00", "T01"), ("x", "T01")],
)
def test_an_unknown_claim_is_refused_with_the_nearest_one(value: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=f"ID=.* allowed is T01 to T42; the nearest is {nearest}"):
        parse_settings({"ID": value})


def test_a_claim_brings_its_own_variants() -> None:
    with pytest.raises(UsageError, match="ID=T23 and VARIANTS cannot be used together"):
        parse_settings({"ID": "T23", "VARIANTS": "py37-*"})
