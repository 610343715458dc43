from builders import raw
from lab.matrix.load_plan import plan_loads
from lab.measure.order import expected_seconds, longest_first, starting_order, work_of
from lab.records.variant import LoadShape, Variant
from lab.units import MIB

SETTINGS = raw.settings()


def variant(name: str, limit_mib: int = 1024, requests: int | None = None) -> Variant:
    return raw.variant(name, limit_mib * MIB, load=LoadShape(requests=requests))


def names(*variants: Variant) -> list[str]:
    return [v.name for v in longest_first(variants, plan_loads(variants, SETTINGS))]


def test_what_needs_most_memory_comes_first() -> None:
    assert names(variant("a", 1024), variant("b", 4096), variant("c", 2048)) == ["b", "c", "a"]


def test_what_takes_longest_comes_first() -> None:
    assert names(variant("a"), variant("b", requests=20_000), variant("c", requests=8)) == [
        *("b", "a", "c")
    ]


def test_equals_keep_their_order() -> None:
    assert names(variant("b"), variant("a")) == ["b", "a"]


def test_those_of_each_cooldown_start_all_over_the_order() -> None:
    slow = [raw.variant(f"f{n}", server="uvicorn") for n in range(4)]
    fast = [raw.variant(f"s{n}", server="gunicorn-gthread", framework="flask") for n in range(2)]
    plans = plan_loads([*slow, *fast], SETTINGS)

    assert [v.name for v in starting_order([*fast, *slow], plans)] == [
        *("f0", "s0", "f1", "f2", "s1", "f3")
    ]


def test_cooldowns_count_as_the_load_does() -> None:
    one = variant("a", requests=80)
    few, many = (plan_loads([one], raw.settings(BLOCKS=str(n)))["a"] for n in (8, 80))

    assert expected_seconds(one, many) > 2 * expected_seconds(one, few)


def test_work_is_memory_times_time() -> None:
    small, large = variant("a", 100), variant("b", 300)
    work = work_of([small, large], plan_loads([small, large], SETTINGS))

    assert work["b"] == 3 * work["a"]
