"""Labels of a service are a variant's load and suites."""

from pathlib import Path

import pytest
from builders import raw
from lab.errors import UsageError
from lab.matrix.variants import read_matrix, select
from lab.records.variant import Connection, LoadShape, RequestKind, Scenario, Variant
from support.compose_files import SERVICE


def labelled(tmp_path: Path, extra: str, values: dict[str, str] | None = None) -> Variant:
    path = tmp_path / "compose.yaml"
    path.write_text(
        SERVICE.replace("      lab.stack: thread\n", f"      lab.stack: thread\n{extra}")
    )
    return read_matrix(path, values or {})[0]


def test_a_variant_without_labels_of_its_own_takes_the_settings(tmp_path: Path) -> None:
    variant = labelled(tmp_path, "")

    assert (variant.load, variant.scenario, variant.needs) == (LoadShape(), None, ())


def test_a_variants_own_load_is_read(tmp_path: Path) -> None:
    variant = labelled(
        tmp_path,
        "      lab.requests: ${REQUESTS:-80}\n      lab.concurrency: 10\n      lab.blocks: 9\n"
        "      lab.connection: keep-alive\n      lab.request: upload\n"
        "      lab.companion: /health\n      lab.scenario: give-back\n      lab.needs: postgres\n",
    )

    assert variant.load == LoadShape(
        80, 10, Connection.KEEP_ALIVE, 9, RequestKind.UPLOAD, "/health"
    )
    assert variant.scenario is Scenario.GIVE_BACK
    assert variant.needs == ("postgres",)


@pytest.mark.parametrize(("label", "exact"), [("yes", True), ("no", False)])
def test_an_exact_load_is_read(tmp_path: Path, label: str, exact: bool) -> None:
    assert labelled(tmp_path, f"      lab.exact: {label!r}\n").load.exact is exact


def test_makes_line_comes_before_a_variants_default(tmp_path: Path) -> None:
    extra = "      lab.requests: ${REQUESTS:-80}\n"

    assert labelled(tmp_path, extra, {"REQUESTS": "16"}).load.requests == 16


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("      lab.requests: 0\n", "has lab.requests=0, less than 1"),
        ("      lab.blocks: many\n", "has lab.blocks=many, not a number"),
        (
            "      lab.scenario: flood\n",
            "lab.scenario=flood: choose one of master-killed, give-back",
        ),
        ("      lab.request: put\n", "lab.request=put: choose one of get, upload"),
        ("      lab.exact: maybe\n", "lab.exact=maybe: choose one of yes, no"),
    ],
)
def test_a_label_that_cannot_be_used_is_refused(tmp_path: Path, extra: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        labelled(tmp_path, extra)


def test_a_variant_may_belong_to_several_suites(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text(SERVICE.replace("lab.suite: core", "lab.suite: core thread"))
    variants = read_matrix(path, {})

    for suite in ("core", "thread"):
        assert select(variants, raw.settings(SUITE=suite)) == variants
