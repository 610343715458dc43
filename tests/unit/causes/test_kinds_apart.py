"""Which of several kinds of requests grows."""

from lab.causes.kinds_apart import KindGrowth, kind_sentences
from lab.records.interventions import KindApart
from lab.units import KIB


def kind(name: str, left: float | None, part: float = 0.5) -> KindGrowth:
    return KindGrowth(KindApart("own-shop-only-1", name, part), left)


def sentences(mix_bytes: float, *kinds: KindGrowth) -> list[str]:
    return list(kind_sentences(kinds, mix_bytes, 256))


def test_the_kind_that_grows_is_told_from_those_that_do_not() -> None:
    lines = sentences(
        2 * KIB,
        kind("POST /orders", 10 * KIB, 0.2),
        kind("GET /", 12.0, 0.4),
        kind("GET /a", -30.0, 0.4),
    )
    assert lines == [
        "sent alone, POST /orders (10.0 KiB a request) grows; GET / (12 B a request) and "
        "GET /a (0 B a request) do not",
        "this is 100% of the mix's growth of 2.0 KiB a request",
    ]


def test_several_that_grow_are_named() -> None:
    (first, _) = sentences(KIB, kind("GET /a", 900.0), kind("GET /b", 1100.0))
    assert first == "sent alone, GET /a (900 B a request) and GET /b (1.1 KiB a request) grow"


def test_what_grows_together_alone_is_said() -> None:
    assert sentences(8 * KIB, kind("GET /a", 5.0), kind("GET /b", 9.0)) == [
        "each sent alone, they make 0% of the mix's growth of 8.0 KiB a request: the rest needs "
        "several kinds together"
    ]


def test_a_kind_that_is_not_served_alone_is_told_apart() -> None:
    lines = sentences(8 * KIB, kind("GET /a", 16.0 * KIB), kind("GET /b", None))
    assert lines[0] == "sent alone, GET /a (16.0 KiB a request) grows"
    assert lines[-1] == "GET /b is not served alone, so this growth is not known"


def test_a_rare_kind_that_leaves_much_grows_and_one_that_leaves_less_than_matters_does_not() -> (
    None
):
    lines = sentences(KIB, kind("GET /a", 200.0, 0.9), kind("POST /b", 90 * KIB, 0.01))
    assert lines[0].startswith("sent alone, POST /b (90.0 KiB a request) grows; GET /a (200 B")
