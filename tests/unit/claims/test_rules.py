import pytest
from lab.claims.rules import Gap, RuleError, UnknownQuantity, Value, evaluate, parse

KNOWN: dict[str, Value] = {
    "a.size": 10,
    "b.size": 4,
    "a.word": "leak",
    "a.yes": True,
    "a.no": False,
}
UNREAD = UnknownQuantity("py37", "size", "it served no request")


def lookup(role: str, name: str) -> Value | Gap:
    return KNOWN.get(f"{role}.{name}", Gap((UNREAD,)))


def outcome(text: str) -> bool | None:
    found = evaluate(parse(text), lookup)
    return None if isinstance(found, Gap) else found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.size >= 2.5 * b.size", True),
        ("a.size - b.size > 6", False),
        ("a.size / b.size == 2.5", True),
        ("-a.size < 0", True),
        ("4 <= b.size <= a.size", True),
        ("4 < b.size <= a.size", False),
        ('a.word == "leak" and a.yes', True),
        ('a.word != "leak" or a.no', False),
        ("not a.no", True),
        ("c.size > 1", None),
        ("not c.size > 1", None),
        ("1 < c.size < 0", None),
        ("a.no and c.size > 1", False),
        ("c.size > 1 and a.no", False),
        ("a.yes and c.size > 1", None),
        ("a.yes or c.size > 1", True),
        ("a.no or c.size > 1", None),
        ("a.size > 1 + c.size", None),
        ("a.size < 1 MiB", True),
        ("a.size * 1 KiB == 10240", True),
        ("1.5 MB > 1 MiB", True),
    ],
)
def test_three_values(text: str, expected: bool | None) -> None:
    assert outcome(text) is expected


def test_a_gap_says_what_is_wanting_once() -> None:
    assert evaluate(parse("c.size > 1 and d.size > 2"), lookup) == Gap((UNREAD,))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.size.b > 1",
        "a.size if a.yes else 1",
        "[1] == [1]",
        "lambda: 1",
        "a.size ** 9 > 1",
        "a.size in (1, 2)",
        "a.size >",
        "size > 1",
        "f'{a.size}' == 'x'",
        "(b := 1) > 0",
        "a.size is None",
    ],
)
def test_what_may_not_stand_in_a_rule(text: str) -> None:
    with pytest.raises(RuleError):
        parse(text)


@pytest.mark.parametrize(
    "text", ["a.size", "a.word > 1", "a.size and a.yes", "a.size / 0 > 1", "a.yes > 1"]
)
def test_what_a_value_cannot_answer(text: str) -> None:
    with pytest.raises(RuleError):
        evaluate(parse(text), lookup)


def test_a_term_stands_for_its_rule() -> None:
    terms = {"large": parse("a.size > 5")}
    rule = parse("large and b.size < 5", terms)

    assert evaluate(rule, lookup) is True
    assert set(rule.reads) == {("a", "size"), ("b", "size")}
    assert rule.text == "a.size > 5 and b.size < 5"


def test_a_rule_is_spelled_out_with_its_terms_in_brackets_where_they_need_them() -> None:
    terms = {"few": parse("48 MiB"), "either": parse("a.yes or a.no")}
    rule = parse('not either and  b.size < few and a.word != "few"', terms)

    assert rule.text == 'not (a.yes or a.no) and b.size < 48 MiB and a.word != "few"'
