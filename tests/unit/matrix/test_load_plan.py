import pytest
from builders import raw
from lab.errors import UsageError
from lab.matrix.load_plan import block_sizes, plan_load, plan_loads
from lab.records.variant import Connection, LoadShape, RequestKind, Scenario, Variant

SETTINGS = raw.settings(REQUESTS="800", CONCURRENCY="20", BLOCKS="10", CONNECTION="keep-alive")


def with_load(**own: object) -> Variant:
    return raw.variant("one", load=LoadShape(**own))  # type: ignore[arg-type]


def test_what_a_variant_leaves_open_the_settings_say() -> None:
    plan = plan_load(raw.variant(), SETTINGS)

    assert (plan.requests, plan.concurrency, plan.blocks) == (800, 20, 10)
    assert plan.connection is Connection.KEEP_ALIVE
    assert (plan.kind, plan.companion) == (RequestKind.GET, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requests", 80),
        ("concurrency", 1),
        ("connection", Connection.CLOSE),
        ("blocks", 4),
        ("kind", RequestKind.UPLOAD),
        ("companion", "/health"),
    ],
)
def test_what_a_variant_fixes_for_itself_counts(field: str, value: object) -> None:
    assert getattr(plan_load(with_load(**{field: value}), SETTINGS), field) == value


@pytest.mark.parametrize(
    ("variant", "may"),
    [
        (raw.variant(), True),
        (with_load(requests=800), True),
        (with_load(exact=True), False),
        (with_load(requests=80), True),
        (with_load(requests=20_000, exact=True), False),
        (raw.variant("one", scenario=Scenario.MASTER_KILLED), False),
        (raw.variant("one", scenario=Scenario.GIVE_BACK), False),
    ],
    ids=["open", "as-the-settings", "exact", "small", "soak", "master-killed", "give-back"],
)
def test_an_exact_load_never_goes_on_nor_one_after_a_scenario(variant: Variant, may: bool) -> None:
    assert plan_load(variant, SETTINGS).may_extend is may


def test_fewer_requests_than_blocks_are_refused_with_the_variants_name() -> None:
    variants = (raw.variant(), with_load(requests=8))

    with pytest.raises(UsageError, match="one sends 8 requests, which are fewer than its 10 bl"):
        plan_loads(variants, SETTINGS)


def test_as_many_requests_as_blocks_are_enough() -> None:
    assert plan_loads([with_load(requests=10)], SETTINGS)["one"].requests == 10


def test_the_first_blocks_take_what_does_not_divide() -> None:
    assert block_sizes(1003, 8) == [126, 126, 126, 125, 125, 125, 125, 125]


def test_more_trials_than_a_report_is_made_of_are_refused_before_they_are_measured() -> None:
    variants = [raw.variant(f"v{number}") for number in range(30)]

    assert len(plan_loads(variants, raw.settings(TRIALS="20"))) == 30
    with pytest.raises(UsageError, match="30 variants with TRIALS=21 are 630 trials, of 600"):
        plan_loads(variants, raw.settings(TRIALS="21"))


def test_more_variants_than_a_report_is_made_of_are_refused() -> None:
    variants = [raw.variant(f"v{number}") for number in range(301)]

    assert len(plan_loads(variants[:300], raw.settings())) == 300
    with pytest.raises(UsageError, match="301 variants are more than the 300 of one run"):
        plan_loads(variants, raw.settings())


@pytest.mark.parametrize(
    ("variants", "given", "workers"),
    [
        (75, {"BLOCKS": "1000", "REQUESTS": "1000"}, 1),
        (12, {"BLOCKS": "1000", "REQUESTS": "1000"}, 4),
        (12, {"TRIALS": "50"}, 64),
    ],
)
def test_more_blocks_and_workers_than_a_report_is_made_of_are_refused(
    variants: int, given: dict[str, str], workers: int
) -> None:
    many = [raw.variant(f"v{number}", workers=workers) for number in range(variants)]
    with pytest.raises(
        UsageError, match=r"would write .*; one report reads 28\.5 MiB of them at most"
    ):
        plan_loads(many, raw.settings(**given))


def test_what_the_documents_recommend_is_a_small_part_of_what_is_read() -> None:
    variants = [raw.variant(f"v{number}", workers=4) for number in range(75)]
    assert len(plan_loads(variants, raw.settings(TRIALS="3", BLOCKS="12"))) == 75
